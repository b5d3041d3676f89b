import ArgumentParser
import Diagnostics
import SchemaMigration

/// `cortex schema verify`: runs the verification of every applied migration.
struct SchemaVerifyCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Run the verification of every applied migration; exits with 2 when one does not hold.",
        discussion: "What a verification writes is rolled back."
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var database: TargetOption

    func run(in context: CommandContext) async throws -> ExitStatus {
        let steps = try await context.withRunningDatabase(context.target(database.target)) { session in
            try await SchemaMigrator(session: session).verify()
        }
        let passed = steps.allSatisfy(\.passed)
        let text = steps.map { step in
            step.failure.map { "FAILED  \(step.number) \(step.name): \(TerminalText.safe($0.description))" }
                ?? "passed  \(step.number) \(step.name)"
        }.joined(separator: "\n")
        try context.output.result(Result(passed: passed, migrations: steps), text: text)
        return passed ? .done : .differences
    }

    private struct Result: Encodable {
        let passed: Bool
        let migrations: [SchemaVerification]
    }
}
