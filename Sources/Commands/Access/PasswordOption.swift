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
            return Secret(text.hasSuffix("\n") ? String(text.dropLast()) : text)
        } catch {
            throw CommandError(
                .cannotRead,
                "cannot read the password file",
                hint: "It must be UTF-8 text.",
                cause: error
            )
        }
    }
}
