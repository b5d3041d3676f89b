import Diagnostics
import EmbeddedServers
import Foundation
import Postgres
import Processes
import TestSupport
import Testing

@testable import SyncMiddleware

/// P16, with readers and writers at two instances all the time.
@Suite("Outages under load", .serialized)
struct OutageLoadTests {
    enum Outage: String, CaseIterable {
        case redisKilled, redisHung, postgresKilled, postgresHung

        var isOfRedis: Bool { self == .redisKilled || self == .redisHung }
    }

    /// An outage and when it was.
    private struct Window {
        let outage: Outage
        let begin: ContinuousClock.Instant
        let end: ContinuousClock.Instant
        /// Epochs that began meanwhile.
        let epochMoves: Int
    }

    private static func length(_ outage: Outage) -> Duration {
        // A write that hangs takes two deadlines before the next one begins.
        .milliseconds(TestEffort.count(slice: outage == .postgresHung ? 5_000 : 2_500, long: 15_000))
    }

    @Test(
        "Redis away costs no read and no write; PostgreSQL away gives stale answers and honest refusals",
        .timeLimit(.minutes(5))
    )
    func outages() async throws {
        let seed = FaultRun.seed
        try await SyncHarness.withOwnServer(survivesKills: true) { harness, server in
            let harness = harness.with { if TestEffort.current == .slice { $0.databaseDeadline = .seconds(1) } }
            try await prepare(harness)
            try await harness.withTwo { first, second in
                let load = OutageLoad([first, second])
                var windows: [Window] = []
                try await load.run(seed: seed) {
                    for outage in Outage.allCases {
                        for instance in [first, second] { try await warm(instance) }
                        windows.append(try await perform(outage, harness, server, [first, second]))
                    }
                    for instance in [first, second] { try await instance.waitForCache() }
                    try await Task.sleep(for: .milliseconds(300))
                }
                for window in windows { check(window, load.told, harness.configuration, seed: seed) }
                try await checkWrites(load.told, harness, seed: seed)
                let found = try await first.maintenance().verify(sample: nil, limit: 10)
                #expect(found.report.mismatches == 0 && found.report.checked > 0, "seed \(seed): \(found.report.keys)")
            }
        }
    }

    /// The rows, and a ledger of their versions.
    private func prepare(_ harness: SyncHarness) async throws {
        for key in OutageLoad.keys { try await harness.task(key) }
        try await harness.run("CREATE TABLE public.ledger (key text, version bigint, title text)")
        try await harness.run(
            """
            CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
            BEGIN INSERT INTO public.ledger VALUES (NEW.task_id, NEW.version, NEW.title); RETURN NULL; END $$
            """
        )
        try await harness.run(
            "CREATE TRIGGER ledger AFTER UPDATE ON public.tasks FOR EACH ROW EXECUTE FUNCTION public.note()"
        )
    }

    /// Waits until the instance uses its caches, and Redis has every row that is only read.
    ///
    /// On a busy machine a read may go round Redis now and then, and leaves nothing there.
    private func warm(_ instance: SyncInstance) async throws {
        try await instance.waitForCache()
        for key in OutageLoad.keys.prefix(OutageLoad.quietKeys) {
            try await eventually("\(key) is cached") {
                _ = try await instance.read("tasks", key)
                guard let epoch = instance.statistics.epoch else { return false }
                if case .document = await instance.store.get("tasks:\(key)", epoch: epoch).found { return true }
                return false
            }
        }
    }

    /// Takes a store away for a while.
    private func perform(
        _ outage: Outage,
        _ harness: SyncHarness,
        _ server: ScratchPostgres,
        _ instances: [SyncInstance]
    ) async throws -> Window {
        func epochMoves() -> Int { instances.map(\.statistics.epochMoves).reduce(0, +) }
        let moves = epochMoves()
        let processes = try server.processes()
        switch outage {
        case .redisKilled: try await harness.redis.kill()
        case .redisHung: harness.redis.suspend()
        case .postgresKilled: try await server.kill()
        case .postgresHung: for process in processes { ProcessTable.signal(process, SIGSTOP) }
        }
        let begin = ContinuousClock.now
        try await Task.sleep(for: Self.length(outage))
        // Who began to wait goes on when help comes: the end is before that.
        let end = ContinuousClock.now
        let moved = epochMoves() - moves
        switch outage {
        case .redisKilled: try await harness.redis.start()
        case .redisHung: harness.redis.resume()
        case .postgresKilled: try await server.start()
        case .postgresHung: for process in processes { ProcessTable.signal(process, SIGCONT) }
        }
        return Window(outage: outage, begin: begin, end: end, epochMoves: moved)
    }

    // MARK: What was told

    private func check(_ window: Window, _ told: [OutageLoad.Told], _ configuration: SyncConfiguration, seed: UInt64) {
        let name = "seed \(seed), \(window.outage.rawValue)"
        let inside = told.filter { $0.begunAt >= window.begin && $0.endedAt < window.end }
        let reads = inside.filter { !$0.isWrite && $0.begunAt >= window.begin + .seconds(1) }
        let writes = inside.filter(\.isWrite)
        var sources: [Answer.Source: Int] = [:]
        var refusals: [ErrorCode: Int] = [:]
        for event in reads { if case .answered(let source) = event.what { sources[source, default: 0] += 1 } }
        for event in writes { if case .refused(let code) = event.what { refusals[code, default: 0] += 1 } }
        let refusedReads = reads.count - sources.values.reduce(0, +)
        let story =
            "\(name): \(reads.count) reads \(sources), \(refusedReads) refused; \(writes.count) writes \(refusals), \(window.epochMoves) epochs"
        print(story)
        #expect(refusedReads == 0, "\(story)")
        #expect(reads.count > 20, "\(story)")
        if window.outage.isOfRedis {
            #expect(sources[.stale] == nil && refusals.isEmpty && writes.count > 2, "\(story)")
            // It stays suspended until it is back.
            #expect(window.epochMoves == 0, "\(story)")
        } else {
            // What was drained less than S before is no older than promised.
            let late = reads.filter { $0.begunAt >= window.begin + configuration.staleness + .milliseconds(500) }
            #expect(late.allSatisfy { if case .answered(.stale) = $0.what { true } else { false } }, "\(story)")
            #expect(refusals.values.reduce(0, +) == writes.count && !writes.isEmpty, "\(story)")
            #expect(Set(refusals.keys).isSubset(of: [.syncUnavailable, .syncOutcomeUnknown]), "\(story)")
        }
        // A connection, the statements and COMMIT have a deadline each, and the acknowledgement takes S at most.
        let longest = told.map { $0.endedAt - $0.begunAt }.max() ?? .zero
        #expect(longest < configuration.databaseDeadline * 3 + configuration.staleness + .seconds(1), "\(story)")
    }

    private func checkWrites(_ told: [OutageLoad.Told], _ harness: SyncHarness, seed: UInt64) async throws {
        let rows = try await harness.database.query("SELECT key, version, title FROM public.ledger").rows
        let ledger = Set(rows.map { "\($0[0].string ?? "") \($0[1].integer ?? 0) \($0[2].string ?? "")" })
        var count = 0
        for event in told {
            guard case .written(let key, let version, let title) = event.what else { continue }
            count += 1
            #expect(ledger.contains("\(key) \(version) \(title)"), "seed \(seed): \(key) v\(version) \(title) is lost")
        }
        #expect(count > 50, "seed \(seed)")
    }
}
