import ArgumentParser
import Diagnostics
import SyncMiddleware

/// `cortex cache flush`: a new epoch.
struct CacheFlushCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flush",
        abstract: "Begin a new epoch: nobody reads what is cached now any more.",
        discussion: """
            Nothing is deleted: cached keys carry the epoch in their names and end by themselves. The relay makes the \
            published view anew. Costs reads of PostgreSQL until the cache is warm again.
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var database: TargetOption
    @Flag(help: "Do not ask.")
    var yes = false

    func run(in context: CommandContext) async throws -> ExitStatus {
        try context.confirm("Emptying the cache", yes: yes)
        let flushed = try await context.withCache(context.target(database.target)) { stores in
            try await stores.maintenance.flush()
        }
        try context.output.result(flushed, text: "The epoch is \(flushed.epoch), it was \(flushed.before).")
        return .done
    }
}
