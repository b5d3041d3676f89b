import EmbeddedServers
import NIOCore
import NIOPosix
import Redis
import TestSupport
import Testing

@testable import SyncMiddleware

@Suite("Live reads on event loops", .serialized)
struct LoopReadTests {
    /// What Redis has, asked on the loop; the first nil: it could not be asked.
    private static func fetch(
        _ instance: SyncInstance,
        _ kind: String,
        _ id: String,
        on loop: any EventLoop
    ) async throws -> Answer?? {
        try await loop.flatSubmit {
            let promise = loop.makePromise(of: Optional<Answer?>.self)
            let isAsked = instance.fetchCached(kind, id, on: loop) { answer in
                loop.preconditionInEventLoop()
                promise.succeed(.some(answer))
            }
            if !isAsked { promise.succeed(nil) }
            return promise.futureResult
        }.get()
    }

    @Test("get what Redis holds on every loop of the process, keep it near, and count it once")
    func hits() async throws {
        try await SyncHarness.withServers { harness in
            // However busy the machine is, the caches stay in use.
            let harness = harness.with { $0.staleness = .seconds(60) }
            try await harness.task("t", title: "eins")
            try await harness.withTwo { first, second in
                let fresh = try await first.read("tasks", "t")
                try await eventually("the fill is confirmed") { first.statistics.fills == 1 }
                var asked = 0
                for loop in MultiThreadedEventLoopGroup.singleton.makeIterator() {
                    // The loop's own connection is used once it is known where it leads.
                    try await eventually("Redis can be asked on the loop") {
                        guard case .some(.some(let found)) = try await Self.fetch(second, "tasks", "t", on: loop) else {
                            return false
                        }
                        asked += 1
                        #expect(found.source == .redis && found.body == fresh.body && found.version == fresh.version)
                        return true
                    }
                }
                #expect(asked > 0)
                let counts = second.statistics
                #expect(counts.redisHits == asked && counts.nearMisses + counts.nearBypasses == asked)
                #expect(counts.databaseReads == 0)
                #expect(second.near("tasks", "t")?.body == fresh.body)
            }
        }
    }

    @Test("that come in one turn are asked for together, and each gets its own")
    func together() async throws {
        try await SyncHarness.withServers { harness in
            let harness = harness.with { $0.staleness = .seconds(60) }
            let ids = (0..<LoopReads.maximumKeys + 8).map { "t\($0)" }
            for id in ids where id != "t3" { try await harness.task(id, title: "of \(id)") }
            try await harness.withTwo { first, second in
                for id in ids { _ = try await first.read("tasks", id) }
                try await eventually("the fills are confirmed") { first.statistics.fills == ids.count }
                let loop = MultiThreadedEventLoopGroup.singleton.next()
                try await eventually("Redis can be asked on the loop") {
                    guard case .some(.some) = try await Self.fetch(second, "tasks", "t0", on: loop) else {
                        return false
                    }
                    return true
                }
                let wire = try #require(RedisWire(path: harness.redis.socket))
                try wire.command("CONFIG", "RESETSTAT")
                let found = try await loop.flatSubmit {
                    EventLoopFuture.whenAllSucceed(
                        ids.map { id in
                            let promise = loop.makePromise(of: Answer?.self)
                            let isAsked = second.fetchCached("tasks", id, on: loop) { promise.succeed($0) }
                            if !isAsked { promise.succeed(nil) }
                            return promise.futureResult
                        },
                        on: loop
                    )
                }.get()
                for (id, answer) in zip(ids, found) {
                    let text = answer?.body.map { String(decoding: $0, as: UTF8.self) }
                    #expect(id == "t3" ? text == nil : text?.contains("\"of \(id)\"") == true, "\(id)")
                }
                guard case .bytes(let statistics) = try wire.command("INFO", "commandstats") else {
                    throw RedisWire.Broken()
                }
                #expect(String(decoding: statistics, as: UTF8.self).contains("cmdstat_mget:calls=2,"))
            }
        }
    }

    @Test("have nothing of absent, buried and secret rows, and count nothing then")
    func misses() async throws {
        try await SyncHarness.withServers { harness in
            let harness = harness.with { $0.staleness = .seconds(60) }
            try await harness.task("t")
            try await harness.run("INSERT INTO assets (asset_id, sensitivity, owner) VALUES ('s', 'secret', 'word')")
            try await harness.withTwo { first, second in
                let loop = MultiThreadedEventLoopGroup.singleton.next()
                _ = try await first.read("tasks", "t")
                _ = try await first.read("assets", "s")
                _ = try await first.read("tasks", "nobody")
                try await eventually("the fills are confirmed") { first.statistics.fills == 3 }
                try await eventually("Redis can be asked on the loop") {
                    guard case .some(.some) = try await Self.fetch(second, "tasks", "t", on: loop) else { return false }
                    return true
                }
                let before = second.statistics.requests
                for (kind, id) in [("assets", "s"), ("tasks", "nobody"), ("tasks", "never\u{0}")] {
                    let found = try await Self.fetch(second, kind, id, on: loop)
                    #expect(found == .some(.none), "\(kind) \(id.debugDescription)")
                }
                #expect(second.statistics.requests == before)
                // A loop of another group has no connection of ours.
                let others = MultiThreadedEventLoopGroup(numberOfThreads: 1)
                #expect(try await Self.fetch(second, "tasks", "t", on: others.next()) == nil)
                try await others.shutdownGracefully()
            }
        }
    }
}
