import ArgumentParser
import DataMigration
import Diagnostics

/// `cortex explain`: all records of an id, which one won and why.
struct ExplainCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Show all records of an id, which one won and why."
    )

    @OptionGroup var global: GlobalOptions
    @Option(help: "The database: local, or a URL.")
    var target: String?
    @Argument(help: "The id of a task, agent, asset, or of any other record.")
    var id: String

    func run(in context: CommandContext) async throws -> ExitStatus {
        let explanation = try await context.withCurrentDatabase(try context.target(target)) { session in
            try await Explanation.of(id, session: session)
        }
        try context.output.result(explanation, text: Self.text(explanation))
        return .done
    }

    private static func text(_ explanation: Explanation) -> String {
        let records = TextTable(
            ["outcome", "kind", "file", "pointer", "bytes", "reason", "differs in"],
            explanation.records.map {
                [
                    $0.outcome ?? "", $0.kind, $0.path + ($0.isCurrent ? "" : " (no longer in the tree)"),
                    $0.jsonPointer, "\($0.byteStart)..<\($0.byteEnd)", $0.reason ?? "",
                    $0.differsIn.joined(separator: ", "),
                ]
            }
        ).description
        let rows = explanation.resolved.map { "public.\($0.table): \($0.document)" }
        return ([explanation.id, records] + rows).joined(separator: "\n")
    }
}
