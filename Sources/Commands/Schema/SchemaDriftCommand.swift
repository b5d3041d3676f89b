import ArgumentParser
import Diagnostics
import SchemaMigration

/// `cortex schema drift`: what was changed in the database past the migrations.
struct SchemaDriftCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drift",
        abstract: "What differs between the database and what the migrations made; exits with 2 when something does."
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var database: TargetOption

    func run(in context: CommandContext) async throws -> ExitStatus {
        let drift = try await context.withRunningDatabase(context.target(database.target)) { session in
            try await SchemaMigrator(session: session).drift()
        }
        let text = drift.isEmpty ? "no drift" : drift.map(Self.text).joined(separator: "\n")
        try context.output.result(Result(passed: drift.isEmpty, drift: drift), text: text)
        return drift.isEmpty ? .done : .differences
    }

    private static func text(_ drift: SchemaDrift) -> String {
        let expected = drift.expected.map { TerminalText.safe($0, keepingLines: true) } ?? "(nothing)"
        let actual = drift.actual.map { TerminalText.safe($0, keepingLines: true) } ?? "(gone)"
        return "\(TerminalText.safe(drift.object))\n  expected: \(expected)\n  actual:   \(actual)"
    }

    private struct Result: Encodable {
        let passed: Bool
        let drift: [SchemaDrift]
    }
}
