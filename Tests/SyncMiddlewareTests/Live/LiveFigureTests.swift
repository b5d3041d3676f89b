import Diagnostics
import Domain
import Postgres
import RESP
import Redis
import TestSupport
import Testing

@testable import SyncMiddleware

@Suite("What an instance tells about itself")
struct LiveFigureTests {
    private func count(_ instance: SyncInstance, _ tier: CacheRequests.Tier, _ result: CacheRequests.Result) -> Int {
        instance.statistics.requests.first { $0.tier == tier && $0.result == result }?.count ?? -1
    }

    @Test("Reads are counted by tier and result, each once for the near-cache")
    func requests() async throws {
        try await SyncHarness.withServers { harness in
            // However busy the machine is, the caches stay in use.
            let harness = harness.with { $0.staleness = .seconds(60) }
            try await harness.task("t")
            try await harness.withTwo { first, second in
                #expect(first.near("tasks", "t") == nil)
                _ = try await first.read("tasks", "t")
                #expect(first.near("tasks", "t")?.source == .near)
                _ = try await first.read("tasks", "t")
                _ = try await first.read("tasks", "t", .strong)
                #expect(first.near("tasks", "t", .version(2)) == nil)
                _ = try await second.read("tasks", "t")
                #expect(count(first, .near, .hit) == 2 && count(first, .near, .miss) == 1)
                #expect(count(first, .near, .bypass) == 1 && count(first, .redis, .bypass) == 1)
                #expect(count(first, .redis, .miss) == 1 && count(first, .postgres, .hit) == 2)
                #expect(count(second, .redis, .hit) == 1 && count(second, .postgres, .hit) == 0)
                #expect(Set(first.statistics.requests.map { "\($0.tier) \($0.result)" }).count == 9)
            }
        }
    }

    @Test("Mode, breakers, the feed, its lag and the horizon are told; a change that nobody passes makes the lag grow")
    func standing() async throws {
        try await SyncHarness.withServers { harness in
            try await harness.withInstance { instance in
                try await instance.waitForCache()
                let statistics = instance.statistics
                #expect(statistics.mode == .postgres && statistics.modeEpoch == 2 && statistics.bypassReason == nil)
                #expect(statistics.redisBreaker == .closed && statistics.databaseBreaker == .closed)
                // Another test's transaction may be open on the same server for a moment.
                try await eventually("nothing holds the relay back") { instance.statistics.horizonAge == .zero }
                try await harness.database.withSession { session in
                    try await session.run(script: "BEGIN; SELECT pg_current_xact_id()")
                    // The position moves past it with the next change.
                    try await harness.task("t")
                    try await eventually("the horizon ages") { instance.statistics.horizonAge > .milliseconds(300) }
                    try await session.run(script: "ROLLBACK")
                }
                try await harness.task("u")
                try await eventually("the horizon is free") { instance.statistics.horizonAge == .zero }
                // A busy machine may take longer than a deadline.
                try await eventually("all is passed") { (try? await instance.feedFigures().lag) == .zero }
                let figures = try await instance.feedFigures()
                #expect(figures.rows == 2 && figures.drainedAgo.map { $0 < .seconds(10) } == true)
            }
            try await harness.withInstance(runsRelay: false) { instance in
                try await harness.task("v")
                try await eventually("the lag grows") {
                    (try? await instance.feedFigures().lag).map { $0 > .milliseconds(300) } ?? false
                }
                #expect(try await instance.feedFigures().rows == 3)
            }
        }
    }

    @Test("The checker runs beside an instance, as its role, and counts what it finds")
    func watch() async throws {
        try await SyncHarness.withServers { harness in
            try await harness.task("t")
            try await harness.withInstance { instance in
                try await instance.waitForCache()
                _ = try await instance.read("tasks", "t")
                var configuration = CacheWatch.Configuration()
                configuration.pause = .milliseconds(10)
                let watch = CacheWatch(instance.maintenance(), configuration: configuration)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { await watch.run() }
                    try await eventually("two rounds are clean: \(watch.totals)") {
                        watch.totals.rounds >= 2 && watch.totals.checked > 0
                    }
                    #expect(watch.totals.mismatches == 0 && watch.totals.failedRounds == 0)
                    let epoch = instance.statistics.epoch ?? 0
                    let planted: [UInt8] = Array("V 1 internal 0\n{\"version\":1}".utf8)
                    try await instance.redis.send(
                        "SET",
                        .text("cortex:\(epoch):tasks:t"),
                        .bytes(planted),
                        "PX",
                        60_000
                    )
                    try await eventually("it is found: \(watch.totals)") { watch.totals.mismatches > 0 }
                    group.cancelAll()
                }
            }
        }
    }

    @Test("A flush beside a transaction that does not end fails in time, says why, and has changed nothing")
    func flush() async throws {
        try await SyncHarness.withServers { harness in
            try await harness.withInstance { instance in
                try await instance.waitForCache()
                var sync = harness.configuration
                sync.epochWait = .milliseconds(200)
                let maintenance = CacheMaintenance(postgres: harness.database, redis: instance.redis, sync: sync)
                let epoch = instance.statistics.epoch
                try await harness.database.withTransaction { session in
                    try await session.query("SELECT pg_advisory_xact_lock_shared($1)", [.integer(SyncLock.epoch)])
                    let error = await #expect(throws: SyncError.self) { try await maintenance.flush() }
                    #expect(error?.code == .syncUnavailable && error?.hint != nil)
                }
                let flushed = try await maintenance.flush()
                #expect(flushed.before == epoch && flushed.epoch > flushed.before)
            }
        }
    }

    @Test("A hint with an epoch that nobody knows costs a poll or two, not the cache")
    func forgedHint() async throws {
        try await SyncHarness.withServers { harness in
            try await harness.withInstance { instance in
                try await instance.waitForCache()
                let hint = InvalidationHint(kind: "tasks", id: "t", version: 1, epoch: 1 << 52)
                instance.store.publish(hint.text, on: InvalidationHint.channel)
                try await eventually("it is heard") { instance.statistics.bypassReason == "newer-epoch" }
                try await eventually("it is contradicted") { instance.statistics.bypassReason == nil }
            }
        }
    }
}
