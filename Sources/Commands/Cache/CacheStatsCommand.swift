import ArgumentParser
import Diagnostics
import SyncMiddleware

/// `cortex cache stats`: how the cache is, in numbers.
struct CacheStatsCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats",
        abstract: "Show epoch, Redis, published view and relay in numbers."
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var database: TargetOption

    func run(in context: CommandContext) async throws -> ExitStatus {
        let found = try await context.withCache(context.target(database.target)) { stores in
            try await stores.maintenance.statistics()
        }
        try context.output.result(found, text: Self.text(found))
        return .done
    }

    private static func text(_ found: CacheStatistics) -> String {
        let redis = found.redis
        let limit = redis.maximumBytes == 0 ? "no limit" : "of \(redis.maximumBytes)"
        let rows = found.view.rows.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        let server = found.serverMatches.map { $0 ? "this server" : "another server" } ?? "no server yet"
        let relay = found.relay.drainedSecondsAgo.map { "drained \($0) s ago" } ?? "never drained"
        return TextTable(
            ["what", "how"],
            [
                ["epoch", "\(found.epoch), of \(server)" + (found.suspended ? ", suspended" : "")],
                ["redis", "\(redis.version ?? "?"), \(redis.keys) keys, \(redis.usedBytes) bytes \(limit)"],
                ["redis reads", "\(redis.hits) found, \(redis.misses) not found"],
                ["redis keys gone", "\(redis.expired) expired, \(redis.evicted) evicted"],
                ["view", "\(found.view.state.rawValue): \(rows)"],
                ["relay", "number \(found.relay.fence), \(found.relay.holder ?? "nobody"), \(relay)"],
                ["change feed", "about \(found.relay.feedRows) rows"],
            ]
        ).description
    }
}
