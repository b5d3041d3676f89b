import ArgumentParser
import Diagnostics
import Settings

/// `cortex config`: the settings.
struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "The settings and where each came from.",
        subcommands: [ConfigShowCommand.self]
    )
}

/// `cortex config show`: every setting with its value and origin, secrets redacted.
struct ConfigShowCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show every setting with its value and where it came from.",
        discussion:
            "Flags win over the environment, that over cortex.yaml, that over the defaults. Passwords are redacted."
    )

    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let lines = context.settings.entries.map { entry in
            Line(name: entry.definition.name, value: entry.shownText, source: "\(entry.origin)")
        }
        let table = TextTable(
            ["setting", "value", "source"],
            lines.map { [$0.name, $0.value ?? "(not set)", $0.source] }
        )
        try context.output.result(Result(settings: lines), text: table.description)
        return .done
    }

    private struct Result: Encodable {
        let settings: [Line]
    }

    private struct Line: Encodable {
        let name: String
        let value: String?
        let source: String

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(name, forKey: .name)
            try container.encode(value, forKey: .value)
            try container.encode(source, forKey: .source)
        }

        private enum CodingKeys: String, CodingKey {
            case name, value, source
        }
    }
}
