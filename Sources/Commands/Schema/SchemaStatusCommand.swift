import ArgumentParser
import Diagnostics
import SchemaMigration

/// `cortex schema status`: what is applied and what is missing.
struct SchemaStatusCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "What is applied and what is missing."
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var database: TargetOption

    func run(in context: CommandContext) async throws -> ExitStatus {
        let status = try await context.withRunningDatabase(context.target(database.target)) { session in
            try await SchemaMigrator(session: session).status()
        }
        let rows =
            status.applied.map { ["\($0.number)", $0.name, "applied \($0.appliedAt)"] }
            + status.pending.map { ["\($0.number)", $0.name, "missing"] }
        let summary = "\(status.state.rawValue): version \(status.current) of \(status.latest)\n"
        let problem = status.problem.map { "problem: \(TerminalText.safe($0.message))\n" } ?? ""
        try context.output.result(
            status,
            text: summary + problem + TextTable(["number", "name", "state"], rows).description
        )
        return .done
    }
}
