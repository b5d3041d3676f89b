import ArgumentParser
import Diagnostics
import SyncMiddleware

/// `cortex cache explain`: why a read of a key is a hit, a miss or stale.
struct CacheExplainCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say why a read of a key is a hit, a miss or stale.",
        discussion: "The key is that of a row, such as tasks/task-012, or one as Redis has it, such as task:task-012."
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var database: TargetOption
    @Argument(help: "The key: KIND/ID, or as Redis has it.")
    var key: String

    func run(in context: CommandContext) async throws -> ExitStatus {
        let explanation = try await context.withCache(context.target(database.target)) { stores in
            try await stores.maintenance.explain(key)
        }
        try context.output.result(explanation, text: Self.text(explanation))
        return .done
    }

    private static func text(_ explanation: CacheExplanation) -> String {
        let stored = explanation.redis
        var lines = ["\(explanation.key): \(explanation.verdict.rawValue)"] + explanation.reasons.map { "  \($0)" }
        lines.append(
            "redis     " + stored.holds + (stored.version.map { ", version \($0)" } ?? "")
                + (stored.bytes.map { ", \($0) bytes" } ?? "")
                + (stored.expiresInMilliseconds.map { ", expires in \($0) ms" } ?? "")
        )
        if let row = explanation.postgres {
            lines.append(
                "postgres  " + (row.exists ? "a row" : "no row") + ", version \(row.version), \(row.bytes) bytes"
            )
        }
        return (lines + explanation.history.map { "  \($0)" }).map { TerminalText.safe($0) }.joined(separator: "\n")
    }
}
