import EmbeddedServers
import RESP
import Redis
import TestSupport
import Testing

@testable import SyncMiddleware

@Suite("Cache store")
struct CacheStoreTests {
    private static let document = VersionedDocument(
        version: 3,
        content: .present(body: Array("{\"a\":\"\n\u{e4}\"}".utf8), sensitivity: "internal")
    )

    private static func configuration() -> SyncConfiguration {
        var configuration = SyncConfiguration()
        configuration.redisDeadline = .seconds(2)
        configuration.connectDeadline = .seconds(10)
        // No lease of a test ends because the machine is busy.
        configuration.leaseTime = .seconds(60)
        return configuration
    }

    private func withStore<R>(
        _ server: ScratchRedis,
        _ configuration: SyncConfiguration = configuration(),
        _ body: (CacheStore, RedisClient) async throws -> R
    ) async throws -> R {
        try await RedisClient.withClient(RedisConfiguration(url: "redis://127.0.0.1:\(server.port)")) { client in
            try await body(CacheStore(client, configuration: configuration, counters: SyncCounters()), client)
        }
    }

    @Test("leases, fills, puts, invalidates and releases under the names of an epoch")
    func scripts() async throws {
        try await TestRedis.withServer { server in
            try await withStore(server) { store, client in
                let run = await store.link.identify()
                #expect(run != nil && run == store.link.run)
                let lease = ReadStateMachine.Lease(epoch: 7, token: "t1")
                let other = ReadStateMachine.Lease(epoch: 7, token: "t2")
                #expect(await store.get("tasks:a b", epoch: 7).found == .nothing)
                #expect(await store.lease("tasks:a b", lease) == .granted)
                #expect(await store.lease("tasks:a b", other) == .busy)
                #expect(await store.get("tasks:a b", epoch: 7).found == .nothing)
                #expect(await store.fill("tasks:a b", other, Self.document) == .refused)
                #expect(await store.fill("tasks:a b", lease, Self.document) == .filled)
                #expect(await store.get("tasks:a b", epoch: 7).found == .document(Self.document))
                #expect(await store.get("tasks:a b", epoch: 8).found == .nothing)
                let bytes = try await client.get("cortex:7:tasks:a b")
                #expect(bytes?.first == UInt8(ascii: "V"))
                let absent = VersionedDocument(version: 4, content: .absent)
                #expect(await store.put("tasks:a b", epoch: 7, token: nil, absent) == .stored)
                #expect(await store.get("tasks:a b", epoch: 7).found == .document(absent))
                #expect(await store.invalidate("tasks:a b", epoch: 7, version: 5) == .buried)
                #expect(await store.lease("tasks:a b", lease) == .granted)
                await store.release("tasks:a b", lease)
                #expect(await store.lease("tasks:a b", other) == .granted)
                #expect(await store.fill("tasks:a b", other, absent) == .refused)
                let counts = store.counters.snapshot
                #expect(counts.fills == 1 && counts.refusedFills == 2 && counts.repairedKeys == 0)
            }
        }
    }

    @Test("confirms thousands of invalidations in one call, and names the server that did")
    func pipelined() async throws {
        try await TestRedis.withServer { server in
            try await withStore(server) { store, _ in
                let keys = (0..<2_000).map { KeyVersion(key: "tasks:\($0)", version: $0 + 1) }
                #expect(await store.invalidate(keys, epoch: 1) == nil)
                let run = await store.link.identify()
                #expect(await store.invalidate(keys, epoch: 1) == run)
                #expect(await store.invalidate("tasks:1999", epoch: 1, version: 2_000) == .kept)
                #expect(await store.invalidate([], epoch: 1) == run)
            }
        }
    }

    @Test("takes garbage and keys of another type for a miss, repairs and counts them")
    func garbage() async throws {
        try await TestRedis.withServer { server in
            try await withStore(server) { store, client in
                _ = await store.link.identify()
                try await client.send("LPUSH", "cortex:1:tasks:list", "x")
                for (place, text) in CacheScriptsTests.oddities.enumerated() {
                    try await client.send("SET", .text("cortex:1:tasks:\(place)"), .text(text))
                }
                var keys = CacheScriptsTests.oddities.indices.map { "tasks:\($0)" }
                keys.append("tasks:list")
                for key in keys {
                    #expect(await store.get(key, epoch: 1).found == .nothing)
                    #expect(await store.lease(key, ReadStateMachine.Lease(epoch: 1, token: "t")) == .granted)
                }
                #expect(store.counters.snapshot.repairedKeys == keys.count)
                #expect(store.counters.snapshot.redisFailures == 0)
            }
        }
    }

    @Test("knows no server after a restart until it has asked again, and counts nothing that came from another")
    func restart() async throws {
        try await TestRedis.withServer { server in
            try await withStore(server) { store, _ in
                let first = await store.link.identify()
                try await server.kill()
                #expect(await store.invalidate("tasks:a", epoch: 1, version: 1) == nil)
                try await server.start()
                try await eventually("the link is back") { await store.link.identify() != nil }
                #expect(store.link.run != nil && store.link.run != first)
                #expect(await store.invalidate("tasks:a", epoch: 1, version: 1) == .buried)
                #expect(store.link.lastFailure != nil)
            }
        }
    }

    @Test("loads its scripts again when the server has forgotten them")
    func scriptFlush() async throws {
        try await TestRedis.withServer { server in
            try await withStore(server) { store, client in
                _ = await store.link.identify()
                #expect(await store.invalidate("tasks:a", epoch: 1, version: 1) == .buried)
                try await client.send("SCRIPT", "FLUSH")
                #expect(await store.invalidate("tasks:a", epoch: 1, version: 2) == .buried)
                try await client.send("SCRIPT", "FLUSH")
                let keys = (0..<600).map { KeyVersion(key: "tasks:\($0)", version: 1) }
                #expect(await store.invalidate(keys, epoch: 1) == store.link.run)
            }
        }
    }

    @Test("answers at the deadline while Redis hangs, and at once when the breaker is open")
    func hanging() async throws {
        try await TestRedis.withServer { server in
            var configuration = Self.configuration()
            configuration.redisDeadline = .milliseconds(50)
            configuration.redisBreaker.openTime = .seconds(600)
            try await withStore(server, configuration) { store, _ in
                try await eventually("the server is known") { await store.link.identify() != nil }
                server.suspend()
                for _ in 0..<configuration.redisBreaker.minimumCalls {
                    #expect(await store.get("tasks:a", epoch: 1).found == .failed)
                }
                let failures = store.counters.snapshot.redisFailures
                #expect(await store.get("tasks:a", epoch: 1).found == .failed)
                #expect(store.counters.snapshot.redisFailures == failures)
                server.resume()
            }
        }
    }

    @Test("sends what a read leaves to do without waiting for it")
    func followUp() async throws {
        try await TestRedis.withServer { server in
            var configuration = Self.configuration()
            configuration.redisDeadline = .seconds(60)
            try await withStore(server, configuration) { store, _ in
                try await eventually("the server is known") { await store.link.identify() != nil }
                let lease = ReadStateMachine.Lease(epoch: 1, token: "t")
                #expect(await store.lease("tasks:a", lease) == .granted)
                // The server knows the script from now on.
                #expect(await store.fill("tasks:b", lease, Self.document) == .refused)
                server.suspend()
                // Were it waited for, this would not come back.
                store.follow(.fill(lease, Self.document), "tasks:a")
                #expect(store.counters.snapshot.fills == 0)
                server.resume()
                // What is asked next comes after it.
                let found = await store.get("tasks:a", epoch: 1).found
                #expect(found == .document(Self.document), "\(found) \(String(describing: store.link.lastFailure))")
                try await eventually("it is counted") { store.counters.snapshot.fills == 1 }
            }
        }
    }
}
