import ArgumentParser
import Settings

/// The form of a command's data on standard output.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
    /// For people.
    case text
    /// Exactly one JSON document, on failure too.
    case json
    /// A JSON document a line: events and items as they come, the result last.
    case ndjson
}

/// When standard error is coloured, as `--color` takes it.
enum ColorMode: String, ExpressibleByArgument, CaseIterable, Sendable {
    case auto, always, never
}

/// The options that every command has.
struct GlobalOptions: ParsableArguments {
    @Option(help: "Form of the data on standard output: text, json (one document, on failure too) or ndjson.")
    var output: OutputFormat = .text

    @Flag(help: "Say nothing on standard error but errors.")
    var quiet = false

    @Flag(help: "Say everything on standard error.")
    var verbose = false

    @Option(help: ArgumentHelp("Colour on standard error: auto, always or never.", valueName: "when"))
    var color: ColorMode?

    @Option(
        help: ArgumentHelp("The folder for all that Cortex keeps (default: CORTEX_HOME or .cortex).", valueName: "dir")
    )
    var home: String?

    @Option(help: ArgumentHelp("A settings file instead of cortex.yaml in the working directory.", valueName: "file"))
    var config: String?

    func validate() throws {
        if quiet && verbose { throw ValidationError("--quiet and --verbose exclude each other.") }
    }

    /// Those of the options that are settings.
    var settingFlags: [SettingFlag] {
        let level: SettingFlag =
            quiet
            ? SettingFlag(.logLevel, "error", flag: "--quiet")
            : SettingFlag(.logLevel, verbose ? "debug" : nil, flag: "--verbose")
        return [SettingFlag(.home, home), SettingFlag(.color, color?.rawValue), level]
    }

    /// The arguments with global options that stand before the command moved behind it, where the parser looks for them:
    /// `cortex --output json status` is `cortex status --output json`.
    static func movedBehindCommand(_ arguments: [String]) -> [String] {
        var count = 0
        while count < arguments.count {
            if ["--output", "--color", "--home", "--config"].contains(arguments[count]) {
                count += 2
            } else if ["--quiet", "--verbose"].contains(arguments[count]) || isJoinedGlobal(arguments[count]) {
                count += 1
            } else {
                break
            }
        }
        guard count > 0, count < arguments.count else { return arguments }
        let rest = arguments[count...]
        let end = rest.firstIndex(of: "--") ?? rest.endIndex
        return Array(rest[..<end]) + arguments[..<count] + rest[end...]
    }

    private static func isJoinedGlobal(_ argument: String) -> Bool {
        ["--output=", "--color=", "--home=", "--config="].contains { argument.hasPrefix($0) }
    }

    /// The format that the arguments ask for, read without parsing them: for errors of the command line itself.
    static func format(in arguments: [String]) -> OutputFormat {
        var format = OutputFormat.text
        for (index, argument) in arguments.enumerated() {
            if argument == "--" { break }
            if argument == "--output", index + 1 < arguments.count {
                format = OutputFormat(rawValue: arguments[index + 1]) ?? format
            } else if argument.hasPrefix("--output=") {
                format = OutputFormat(rawValue: String(argument.dropFirst("--output=".count))) ?? format
            }
        }
        return format
    }
}
