import ArgumentParser
import Diagnostics
import SyncMiddleware

/// `cortex cache warm`: reads documents into Redis before anybody asks.
struct CacheWarmCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "warm",
        abstract: "Read documents into Redis before anybody asks for them.",
        discussion: """
            Each document goes the way of every read: a lease, a read of PostgreSQL after it, a fill. So a change that \
            comes in between wins. What is cached already stays as it is.
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var database: TargetOption
    @Argument(help: "The kinds of documents (default: agents, tasks, assets).")
    var kinds: [String] = ["agents", "tasks", "assets"]
    @Option(help: "How many documents of each kind at most (default: all).")
    var limit: Int?

    func validate() throws {
        for kind in kinds where !CacheMaintenance.warmKinds.contains(kind) {
            throw ValidationError(
                "\(kind) is no kind of documents; there are \(CacheMaintenance.warmKinds.joined(separator: ", "))"
            )
        }
        if let limit, limit < 1 { throw ValidationError("--limit must be at least 1") }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        let report = try await context.withCache(context.target(database.target)) { stores in
            try await stores.maintenance.warm(kinds: kinds, limit: limit)
        }
        try context.output.result(
            report,
            text: "\(report.filled) documents stored, \(report.held) were there already, \(report.skipped) skipped."
        )
        return .done
    }
}
