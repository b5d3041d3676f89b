import EmbeddedServers
import Postgres
import RESP
import Redis
import SchemaMigration
import SyncMiddleware
import Synchronization

/// Writes by a program that knows nothing of the caches, at a steady rate, and what a subscriber hears of them.
struct RelayLoad {
    let seconds: Int
    let rate: Int

    /// Each row is written about once a second, so that the relay has nothing to leave out.
    private var rows: Int { rate }
    private static let callers = 16

    /// Writes that the subscriber heard nothing of.
    struct Missed: Error, CustomStringConvertible {
        let writes: Int
        var description: String { "\(writes) writes were not told of on \(InvalidationHint.channel) within 2 s" }
    }

    /// The lags from a COMMIT's reply to the hint at the subscriber, in milliseconds, sorted.
    func run() async throws -> [Double] {
        var configuration = ScratchPostgresConfiguration()
        configuration.isDurable = true
        configuration.listensOnLoopback = true
        return try await ScratchPostgres.withServer(configuration) { server in
            try await ScratchRedis.withServer { redis in
                guard let url = server.loopbackURL() else { return [] }
                let postgres = try PostgresConfiguration(url: url, applicationName: "relay")
                let cache = try RedisConfiguration(url: "redis://127.0.0.1:\(redis.port)", clientName: "relay")
                try await PostgresClient.withClient(postgres, maximumSessions: 1) { client in
                    _ = try await client.withSession { try await SchemaMigrator.ensureCurrent($0) }
                    try await client.query(
                        "INSERT INTO public.tasks (task_id, title) SELECT 'task-' || n, 'first' FROM generate_series(0, $1) n",
                        [.integer(Int64(rows - 1))]
                    )
                }
                return try await SyncInstance.withInstance("bench", SyncServers(postgres: postgres, redis: cache)) {
                    try await measure($0, postgres, cache)
                }
            }
        }
    }

    private func measure(
        _ instance: SyncInstance,
        _ postgres: PostgresConfiguration,
        _ cache: RedisConfiguration
    ) async throws -> [Double] {
        let times = Times()
        return try await RedisClient.withClient(cache) { redis in
            try await redis.withSubscription(channels: [.text(InvalidationHint.channel)]) { subscription in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        for await event in subscription {
                            if case .message(let message) = event { times.heard(message.payload) }
                        }
                    }
                    while !instance.statistics.isRelay || instance.statistics.relayLag.map({ $0 > .seconds(1) }) ?? true
                    {
                        try await Task.sleep(for: .milliseconds(50))
                    }
                    try await write(postgres, times)
                    // What is under way arrives within a drain or is missed.
                    try await Task.sleep(for: .seconds(2))
                    group.cancelAll()
                }
                let (lags, missed) = times.lags
                guard missed == 0 else { throw Missed(writes: missed) }
                return lags
            }
        }
    }

    private func write(_ postgres: PostgresConfiguration, _ times: Times) async throws {
        try await PostgresLanes.withLanes(postgres) { lanes in
            try await withThrowingTaskGroup(of: Void.self) { group in
                let start = ContinuousClock.now
                for caller in 0..<Self.callers {
                    group.addTask {
                        for number in stride(from: caller, to: seconds * rate, by: Self.callers) {
                            try await Task.sleep(until: start + .seconds(1) * number / rate)
                            let id = "task-\(number % rows)"
                            let result = try await lanes.write(
                                "UPDATE public.tasks SET title = $2 WHERE task_id = $1 RETURNING version",
                                [.text(id), .text("write \(number)")]
                            )
                            times.committed(id, version: Int(result.first?["version"].integer ?? 0))
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}

/// When each version of a row was committed for its writer, and when a subscriber heard of it.
private final class Times: Sendable {
    private struct Pair {
        var committed: ContinuousClock.Instant?
        var heard: ContinuousClock.Instant?
    }

    private let pairs = Mutex<[String: Pair]>([:])

    func committed(_ id: String, version: Int) {
        let now = ContinuousClock.now
        pairs.withLock { $0["\(id) \(version)", default: Pair()].committed = now }
    }

    func heard(_ message: [UInt8]) {
        let now = ContinuousClock.now
        guard let hint = InvalidationHint(message), hint.kind == "tasks" else { return }
        pairs.withLock { $0["\(hint.id) \(hint.version)", default: Pair()].heard = now }
    }

    /// The lags in milliseconds, sorted, none below 0: the relay may be faster than the writer's reply; and how many
    /// writes nobody heard of.
    var lags: (lags: [Double], missed: Int) {
        pairs.withLock { pairs in
            let written = pairs.values.filter { $0.committed != nil }
            let lags = written.compactMap { pair -> Double? in
                guard let committed = pair.committed, let heard = pair.heard else { return nil }
                return max(0, committed.duration(to: heard) / .milliseconds(1))
            }
            return (lags.sorted(), written.count - lags.count)
        }
    }
}
