import Diagnostics
import EmbeddedServers
import Foundation
import Postgres
import RESP
import Redis
import TestSupport
import Testing

@testable import Commands

@Suite("cache warm, verify, explain, flush, rebuild, stats", .timeLimit(.minutes(15)))
struct CacheCommandTests {
    /// A database, a Redis that is not ours with the catalog of the plan, and a harness that knows both.
    private func withStage(
        _ body: (RedisClient, CommandHarness, [String]) async throws -> Void
    ) async throws {
        try await RedisSourceCommandTests.withStage { client, server, harness, url in
            try await RedisSourceCommandTests.fill(client)
            var harness = harness
            harness.environment["REDIS_URL"] = "redis://127.0.0.1:\(server.port)/0"
            harness.environment["DATABASE_URL"] = url
            let migrate = [
                "migrate", "--source", "redis://127.0.0.1:\(server.port)/0", "--target", url, "--yes", "--output",
                "json",
            ]
            try await body(client, harness, migrate)
        }
    }

    /// The keys that are not private, with their values.
    private func keys(_ client: RedisClient) async throws -> [String] {
        try await RedisSourceCommandTests.state(client).filter { !$0.hasPrefix("cmdstat") }
    }

    @Test("A catalog that is not ours is taken over once it was imported, not before, and not when it changed since")
    func foreignCatalog() async throws {
        try await withStage { client, harness, migrate in
            #expect(await harness.run("schema", "up").status == .done)
            let before = try await keys(client)
            func refused(_ reason: Comment) async throws {
                let ended = await harness.run("cache", "rebuild", "--output", "json")
                #expect(ended.status == .notPermitted, reason)
                #expect(ended.error?["code"] as? String == "view.foreign", reason)
                let hint = ended.error?["hint"] as? String ?? ""
                #expect(hint.contains("cortex migrate --source"), reason)
            }
            try await refused("nothing was imported")
            #expect(try await keys(client) == before)

            #expect(await harness.run(migrate).status == .done)
            try await client.send("HSET", "catalog:assets", "asset-7", "{\"id\":\"asset-7\",\"name\":\"Changed\"}")
            try await refused("a document was changed after the import")
            #expect(await harness.run(migrate).status == .done)

            let rebuilt = await harness.run("cache", "rebuild", "--output", "json")
            #expect(rebuilt.status == .done, "\(rebuilt.output) \(rebuilt.talk)")
            #expect(rebuilt.document?["rebuilt"] as? Bool == true)
            #expect(try await client.send("HLEN", "catalog:assets").int == 42)
            #expect(try await client.send("SMEMBERS", "catalog:lineage:upstream:asset-2").elements?.count == 1)
            #expect(try await client.send("EXISTS", "odd", "events").int == 2)
            #expect(await harness.run("cache", "verify").status == .done)
        }
    }

    @Test("--adopt takes a catalog over that was not imported")
    func adoption() async throws {
        try await withStage { client, harness, _ in
            #expect(await harness.run("schema", "up").status == .done)
            #expect(await harness.run("cache", "rebuild", "--adopt").status == .done)
            let published = try await client.send("EXISTS", "catalog:assets", "task:task-1", "tasks:all").int
            #expect(published == 0)
            let others = try await client.send("EXISTS", "odd", "events").int
            #expect(others == 2)
            #expect(await harness.run("cache", "verify").status == .done)
        }
    }

    @Test("warm fills, verify finds what was planted and exits with 2, --repair makes it good, flush asks first")
    func wholeStory() async throws {
        try await withStage { client, harness, migrate in
            #expect(await harness.run(migrate).status == .done)
            #expect(await harness.run("cache", "rebuild").status == .done)
            let warmed = await harness.run("cache", "warm", "assets", "tasks", "--output", "json")
            #expect(warmed.status == .done, "\(warmed.output)")
            #expect(warmed.document?["filled"] as? Int == 44)
            let clean = await harness.run("cache", "verify", "--output", "json")
            #expect(clean.status == .done)
            #expect(clean.document?["mismatches"] as? Int == 0)
            #expect(clean.document?["nines"] as? Double ?? 0 > 2)
            #expect(clean.document?["view"] as? String == "current")

            let cached = try await client.send("KEYS", "cortex:*:assets:asset-1").elements?.first?.text ?? ""
            try await client.send("SET", .text(cached), "garbage")
            try await client.send("SADD", "tasks:all", "nobody")
            let found = await harness.run("cache", "verify", "--output", "json")
            #expect(found.status == .differences)
            #expect(found.document?["mismatches"] as? Int == 2)
            let keys = found.document?["keys"] as? [[String: Any]] ?? []
            #expect(keys.map { $0["reason"] as? String } == ["garbage", "unexpected"])
            #expect(keys.map { $0["key"] as? String } == [cached, "tasks:all"])
            #expect(keys.allSatisfy { ($0["history"] as? [String])?.isEmpty == false })
            #expect(await harness.run("cache", "verify", "--sample", "200", "--limit", "0").status == .differences)
            let text = await harness.run("cache", "verify")
            #expect(text.output.contains("garbage  \(cached)"))

            let explained = await harness.run("cache", "explain", "assets/asset-2", "--output", "json")
            #expect(explained.status == .done)
            #expect((explained.document?["redis"] as? [String: Any])?["holds"] as? String == "document")
            #expect(await harness.run("cache", "explain", "tasks:all").output.contains("unexpected: nobody"))

            #expect(await harness.run("cache", "verify", "--repair").status == .done)
            #expect(try await client.send("EXISTS", .text(cached)).int == 0)
            #expect(try await client.send("SISMEMBER", "tasks:all", "nobody").int == 0)

            #expect(await harness.run("cache", "flush").status == .usage)
            let flushed = await harness.run("cache", "flush", "--yes", "--output", "json")
            #expect(flushed.status == .done)
            let epoch = flushed.document?["epoch"] as? Int ?? 0
            #expect(epoch > flushed.document?["before"] as? Int ?? .max)
            let stats = await harness.run("cache", "stats", "--output", "json")
            #expect(stats.document?["epoch"] as? Int == epoch)
            #expect((stats.document?["view"] as? [String: Any])?["state"] as? String == "behind")
            #expect(await harness.run("cache", "stats").output.contains("42 assets"))
        }
    }

    @Test("without a Redis, with one that is away, and with unknown kinds there is a clear reason")
    func reasons() async throws {
        try await TestDatabase.withDatabase { url in
            var harness = CommandHarness()
            harness.environment["DATABASE_URL"] = url
            #expect(await harness.run("cache", "stats", "--output", "json").error?["code"] as? String == "usage")
            let away = "redis://127.0.0.1:1/0"
            harness.environment["REDIS_URL"] = away
            #expect(
                await harness.run("cache", "stats", "--output", "json").error?["code"] as? String == "schema.outdated"
            )
            harness.environment["REDIS_URL"] = nil
            #expect(await harness.run("schema", "up").status == .done)
            harness.environment["REDIS_URL"] = away
            let failed = await harness.run("cache", "stats", "--output", "json")
            #expect(failed.error?["code"] as? String == "redis.unavailable")
            #expect(failed.status == .unavailable)
            #expect(await harness.run("cache", "warm", "users").status == .usage)
            harness.environment["CORTEX_PUBLISH"] = "tasks,users"
            let wrong = await harness.run("cache", "stats", "--output", "json")
            #expect(wrong.error?["code"] as? String == "setting.invalid")
        }
    }
}
