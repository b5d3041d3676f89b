import ArgumentParser
import Diagnostics
import RuntimeTargets
import SchemaMigration

/// `cortex schema up`: applies what is missing.
struct SchemaUpCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Apply what is missing; starts the embedded stack where that is the target.",
        discussion: "Each migration is one transaction with its verification: a failure leaves nothing of it."
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var database: TargetOption

    @Option(help: ArgumentHelp("The version to stop at (default: the latest).", valueName: "n"))
    var to: Int?

    func run(in context: CommandContext) async throws -> ExitStatus {
        let selection = try context.target(database.target)
        for note in try await selection.target.up().notes { context.output.note(note) }
        let report = try await context.withRunningDatabase(selection) { session in
            try await context.bringSchemaUp(selection, session: session, to: to)
        }
        try context.output.result(report, text: SchemaChangeText.text(report, verb: "applied"))
        return .done
    }
}

/// What a run of the migrator did, for people.
enum SchemaChangeText {
    static func text(_ report: SchemaChangeReport, verb: String) -> String {
        guard !report.steps.isEmpty else { return "nothing to do: version \(report.to)" }
        let lines = report.steps.map { "\(verb) \($0.number) \($0.name) (\($0.milliseconds) ms)" }
        return (lines + ["version \(report.from) → \(report.to)"]).joined(separator: "\n")
    }
}
