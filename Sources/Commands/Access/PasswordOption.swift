import ArgumentParser
import Diagnostics
import Settings

/// Where a password comes from; never from an argument.
struct PasswordOption: ParsableArguments {
    @Option(
        help: ArgumentHelp("The file that holds the password; a line end behind it does not count.", valueName: "file")
    )
    var passwordFile: String?
    @Flag(help: "Read the password as one line from standard input.")
    var passwordStdin = false

    func validate() throws {
        if passwordFile != nil, passwordStdin {
            throw ValidationError("--password-file and --password-stdin exclude each other.")
        }
    }

    /// The password; nil where none is given.
    func password(in context: CommandContext) throws -> Secret? {
        if passwordStdin {
            guard let line = context.readAnswer() else {
                throw CommandError(.usage, "there is no password on standard input", hint: "Write it as one line.")
            }
            return Secret(line)
        }
        guard let file = passwordFile ?? context.environment["CORTEX_PASSWORD_FILE"] else { return nil }
        do {
            let text = try readSettingFile(context.path(file))
            return Secret(Self.line(of: text))
        } catch {
            throw CommandError(
                .cannotRead,
                "cannot read the password file",
                hint: "It must be UTF-8 text.",
                cause: error
            )
        }
    }

    /// A file's text without the line end behind it, LF or CR LF, which is no part of the password.
    static func line(of text: String) -> String {
        // CR LF is one character of a Swift string.
        text.last == "\n" || text.last == "\r\n" ? String(text.dropLast()) : text
    }
}
