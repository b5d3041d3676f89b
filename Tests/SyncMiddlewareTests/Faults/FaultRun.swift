import EmbeddedServers
import Foundation
import TestSupport

/// A run of a cluster under faults, and what it showed.
struct FaultRun {
    /// The seed that decided everything.
    let seed: UInt64
    let breaches: [Breach]
    let events: [HistoryEvent]
    let schedule: FaultSchedule
    /// How many documents Redis held in the end.
    let cached: Int
    /// How many rows were removed, by whomever.
    let removals: Int
    /// The state of the cache in the end, as PostgreSQL has it.
    let state: String
    /// What the processes printed.
    let talk: String

    /// The seed of `CORTEX_TEST_SEED`, for a run that failed; else one by chance.
    static let seed: UInt64 =
        ProcessInfo.processInfo.environment["CORTEX_TEST_SEED"].flatMap { UInt64($0) } ?? .random(in: 0...UInt64.max)

    /// Two processes under faults for so long, then one more change by another program, five seconds to recover, and a
    /// comparison.
    ///
    /// That change meets caches that are full and writers that are done: who is not told of it answers with what was.
    static func of(
        _ store: WorkerSettings.Store,
        seed: UInt64 = seed,
        duration: Duration,
        faults: Set<FaultSchedule.Fault> = Set(FaultSchedule.Fault.allCases)
    ) async throws -> FaultRun {
        let schedule = FaultSchedule(seed: seed, duration: duration, instances: 2, faults: faults)
        return try await FaultCluster.with(instances: 2, of: .worker(store), seed: seed) { cluster in
            try await cluster.waitUntilAllWork()
            let nemesis = Nemesis(cluster: cluster, schedule: schedule)
            try await nemesis.run()
            await cluster.endLoad()
            try await cluster.waitUntilAllIsReadAgain()
            try await nemesis.writeFromOutside(schedule.steps.count)
            try await Task.sleep(for: .seconds(5))
            var committed = try await CommittedHistory(of: cluster)
            if store == .middleware {
                // A busy machine may need longer to use its caches again; what is cached was right after five seconds.
                try await eventually("half of the keys are cached") {
                    try await committed.addMiddleware(of: cluster)
                    return committed.cached.count > MixedLoadConfiguration().keys / 2
                }
                // Both processes miss every key at once, and nothing disturbs them.
                try await cluster.dropCachedKeys()
                try cluster.journal.record(.quiet)
                try await Task.sleep(for: .milliseconds(2_500))
                // Not at first: to read a history takes a processor a while.
                try await eventually("half of the keys are read anew") {
                    Self.quietFetches(try await cluster.events()) > MixedLoadConfiguration().keys / 2
                }
            }
            let state = try await cluster.rows("SELECT 'state', s.* FROM cortex.cache_state s;").first ?? []
            let events = try await cluster.events()
            return FaultRun(
                seed: seed,
                breaches: HistoryChecker(events, committed).breaches(),
                events: events,
                schedule: schedule,
                cached: committed.cached.count,
                removals: committed.changes.count(where: \.isDeletion),
                state: state.joined(separator: " "),
                talk: await cluster.talk()
            )
        }
    }

    /// Two processes of `cortex serve` under faults for so long, with clients over HTTP; then the same.
    ///
    /// Which reads PostgreSQL got is out of sight here: P15 is judged in the other runs.
    static func ofService(seed: UInt64 = seed, duration: Duration) async throws -> FaultRun {
        let schedule = FaultSchedule(seed: seed, duration: duration, instances: 2)
        let configuration = MixedLoadConfiguration()
        return try await FaultCluster.with(instances: 2, of: .service, seed: seed) { cluster in
            try await cluster.waitUntilReady()
            let load = try await ServiceLoad(on: cluster, seed: seed, configuration: configuration)
            try await load.run {
                try await Nemesis(cluster: cluster, schedule: schedule).run()
            }
            try await Task.sleep(for: .seconds(5))
            var committed = try await CommittedHistory(of: cluster)
            try await eventually("half of the keys are cached") {
                try await load.readAll()
                try await committed.addMiddleware(of: cluster)
                return committed.cached.count > configuration.keys / 2
            }
            let state = try await cluster.rows("SELECT 'state', s.* FROM cortex.cache_state s;").first ?? []
            let events = HistoryEvent.resolvingAbsences(try await cluster.events(), by: committed)
            return FaultRun(
                seed: seed,
                breaches: HistoryChecker(events, committed).breaches(),
                events: events,
                schedule: schedule,
                cached: committed.cached.count,
                removals: committed.changes.count(where: \.isDeletion),
                state: state.joined(separator: " "),
                talk: await cluster.talk()
            )
        }
    }

    /// How many reads were answered.
    var answers: Int {
        events.count { if case .answered = $0.what { true } else { false } }
    }

    /// How many writes were acknowledged.
    var acknowledgements: Int {
        events.count { if case .acknowledged = $0.what { true } else { false } }
    }

    /// How many reads of PostgreSQL under a lease there were once nothing was cached and all was quiet.
    var quietFetches: Int { Self.quietFetches(events) }

    private static func quietFetches(_ events: [HistoryEvent]) -> Int {
        guard let begin = events.firstIndex(where: { $0.what == .quiet }) else { return 0 }
        return events[begin...].count { if case .fetched = $0.what { true } else { false } }
    }

    /// The seed, what happened how often, and the first breaches.
    var summary: String {
        var counts: [String: Int] = [:]
        for event in events {
            let name =
                switch event.what {
                case .answered(let read): read.isStale ? "stale" : read.source
                case .acknowledged: "acknowledged"
                case .unacknowledged: "unacknowledged"
                case .refused: "refused"
                case .attempted, .fetched, .noted, .quiet: ""
                }
            if !name.isEmpty { counts[name, default: 0] += 1 }
        }
        let texts = counts.keys.sorted().map { "\($0) \(counts[$0] ?? 0)" }
        let faults = schedule.steps.map(\.fault.rawValue).joined(separator: " ")
        let found = breaches.prefix(10).map { "\n\($0)" }.joined()
        return "CORTEX_TEST_SEED=\(seed): \(texts.joined(separator: ", ")); \(faults); cached \(cached) (\(state)), "
            + "\(removals) removals, \(quietFetches) reads in quiet; "
            + "\(breaches.count) breaches\(found)"
    }
}
