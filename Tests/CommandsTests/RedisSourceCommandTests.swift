import Diagnostics
import EmbeddedServers
import Foundation
import Postgres
import RESP
import Redis
import TestSupport
import Testing

@testable import Commands

@Suite("migrate and verify --source redis://…", .timeLimit(.minutes(15)))
struct RedisSourceCommandTests {
    static let canary = "canary4711"

    /// A Redis with the catalog of the plan: 42 assets, their lineage told from both ends, indexes, tasks, agents, and
    /// keys that nobody expects.
    static func fill(_ client: RedisClient) async throws {
        for number in 1...42 {
            let document = """
                {"id":"asset-\(number)","name":"Asset \(number)","type":"library","sensitivity":"internal",\
                "last_modified":"2025-11-16T10:36:48Z","lines":\(number)}
                """
            try await client.send("HSET", "catalog:assets", .text("asset-\(number)"), .text(document))
            try await client.send("HSET", "catalog:checksums", .text("asset-\(number)"), "00ff")
            try await client.send("SADD", "catalog:index:by_type:library", .text("asset-\(number)"))
            try await client.send("ZADD", "catalog:index:by_modified", 1_763_289_408_000, .text("asset-\(number)"))
        }
        for number in 2...11 {
            try await client.send("SADD", .text("catalog:lineage:upstream:asset-\(number)"), "asset-1")
            try await client.send("SADD", "catalog:lineage:downstream:asset-1", .text("asset-\(number)"))
        }
        // Told from one end alone, and with colons in the id.
        try await client.send("SADD", "catalog:lineage:downstream:a:b:c", "asset-3")
        try await client.send("SET", "catalog:metadata", "{\"total_assets\":42}")
        try await client.send("SET", "task:task-1", "{\"id\":\"task-1\",\"title\":\"One\",\"status\":\"queued\"}")
        try await client.send(
            "SET",
            "task:task-2",
            "{\"version\":3,\"task_id\":\"task-2\",\"task_status\":\"completed\"}",
            "PXAT",
            4_102_444_800_000
        )
        try await client.send("SET", "agent:agent-1", "{\"name\":\"Agent One\",\"type\":\"worker\"}")
        try await client.send("SADD", "tasks:all", "task-1", "task-2")
        try await client.send("SADD", "agents:type:worker", "agent-1")
        let odd: [[UInt8]] = [
            [], [0, 1, 0xFF], Array("line\nbreak".utf8), Array("a/b".utf8), Array("..".utf8),
            [UInt8](repeating: 0x6B, count: 700),
        ]
        for name in odd {
            try await client.send("SET", .bytes(name), .bytes(name))
            try await client.send("HSET", "odd", .bytes(name), .bytes(name))
        }
        try await client.send("XADD", "events", "1-1", "field", "value")
    }

    /// Every key with its type, its end and its serialised value, and how often writing commands were called.
    static func state(_ client: RedisClient) async throws -> [String] {
        var lines: [String] = []
        for key in try await client.send("KEYS", "*").elements ?? [] {
            guard let name = key.bytes else { continue }
            let dump = try await client.send("DUMP", .bytes(name))
            let end = try await client.send("PEXPIRETIME", .bytes(name))
            lines.append("\(name) \(dump.bytes ?? []) \(end)")
        }
        lines.sort()
        let statistics = try await client.send("INFO", "commandstats").text ?? ""
        let names = statistics.split(whereSeparator: \.isNewline).compactMap { line in
            line.hasPrefix("cmdstat_") ? line.dropFirst(8).prefix { $0 != ":" } : nil
        }
        for name in names.sorted() {
            let facts = try await client.send("COMMAND", "INFO", .text(String(name)))
            let flags = facts.elements?.first?.elements?.dropFirst(2).first?.elements?.compactMap(\.text) ?? []
            guard flags.contains("write") || ["config|set", "eval"].contains(name) else { continue }
            let line = statistics.split(whereSeparator: \.isNewline).first { $0.hasPrefix("cmdstat_\(name):") } ?? ""
            lines.append(String(line.prefix { $0 != "," }))
        }
        return lines
    }

    /// A harness with a home of its own and a database to move into.
    static func withStage(
        _ lines: [String] = [],
        _ body: (RedisClient, ScratchRedis, CommandHarness, String) async throws -> Void
    ) async throws {
        var configuration = ScratchRedisConfiguration()
        configuration.lines = lines
        try await TestRedis.withServer(configuration) { server in
            try await withTemporaryDirectory { directory in
                var harness = CommandHarness(workingDirectory: directory)
                harness.environment["CORTEX_HOME"] = directory + "/state"
                var client = try RedisConfiguration(url: "unix://\(server.socket)")
                client.commandTimeout = .seconds(60)
                if !lines.isEmpty { client.url.password = Secret(canary) }
                try await RedisClient.withClient(client) { client in
                    try await TestDatabase.withDatabase { url in
                        try await body(client, server, harness, url)
                    }
                }
                let left = try? FileManager.default.contentsOfDirectory(atPath: directory + "/state/run")
                #expect(left?.contains { $0.hasPrefix("redis-snapshot") } != true)
            }
        }
    }

    static func number(_ url: String, _ sql: String) async throws -> Int64? {
        try await PostgresClient.withClient(try PostgresConfiguration(url: url)) { client in
            try await client.query(sql).first?[0].integer
        }
    }

    @Test("42 assets and everything around them arrive, a second run changes nothing, and the Redis is as it was")
    func wholeStory() async throws {
        try await Self.withStage(["requirepass \(Self.canary)"]) { client, server, harness, url in
            try await Self.fill(client)
            let before = try await Self.state(client)
            let source = "redis://:\(Self.canary)@127.0.0.1:\(server.port)/0"
            let label = "redis://127.0.0.1:\(server.port)/0"
            let migrate = ["migrate", "--source", source, "--target", url, "--yes", "--output", "json"]
            let first = await harness.run(migrate)
            #expect(first.status == .done, "\(first.output) \(first.talk)")
            #expect(first.document?["status"] as? String == "completed")
            #expect(!(first.output + first.talk).contains(Self.canary))

            let facts: [(String, Int64)] = [
                ("SELECT count(*) FROM public.assets", 42),
                ("SELECT count(*) FROM public.assets WHERE sensitivity = 'internal' AND asset_type = 'library'", 42),
                ("SELECT count(*) FROM public.asset_lineage", 11),
                ("SELECT count(*) FROM public.asset_lineage WHERE upstream_asset_id = 'asset-1'", 10),
                ("SELECT count(*) FROM public.asset_lineage WHERE upstream_raw = 'a:b:c'", 1),
                ("SELECT count(*) FROM public.tasks WHERE task_status IN ('pending', 'completed')", 2),
                ("SELECT count(*) FROM public.agents WHERE agent_id = 'agent-1' AND agent_type = 'worker'", 1),
                ("SELECT count(*) FROM source.findings WHERE rule = 'not_importable'", 1),
                ("SELECT count(*) FROM source.imports WHERE root = '\(label)'", 1),
                (
                    "SELECT count(*) FROM source.files WHERE path_text = 'redis/strings/%25-' OR path_text = 'redis/strings/%-'",
                    1
                ),
                ("SELECT count(*) FROM source.files WHERE path_text = 'redis/expiry/task:task-2'", 1),
                ("SELECT count(*) FROM source.files WHERE path_text LIKE 'redis/names/%'", 1),
            ]
            for (sql, expected) in facts { #expect(try await Self.number(url, sql) == expected, "\(sql)") }

            let verified = await harness.run(
                "verify",
                "--source",
                source,
                "--target",
                url,
                "--output",
                "json"
            )
            #expect(verified.status == .done, "\(verified.output)")
            #expect(verified.document?["passed"] as? Bool == true)

            let second = await harness.run(migrate)
            #expect(second.status == .done)
            #expect(second.document?["rows_changed"] as? Int == 0, "\(second.output)")
            #expect(try await Self.state(client) == before)

            try await client.send("HSET", "catalog:assets", "asset-7", "{\"id\":\"asset-7\",\"name\":\"Changed\"}")
            let differs = await harness.run("verify", "--source", source, "--target", url)
            #expect(differs.status == .differences)
            #expect(!(differs.output + differs.talk).contains(Self.canary))
        }
    }

    @Test("A dry run reports the same and keeps nothing")
    func dryRun() async throws {
        try await Self.withStage { client, server, harness, url in
            try await Self.fill(client)
            let before = try await Self.state(client)
            let ended = await harness.run(
                "migrate",
                "--source",
                "redis://127.0.0.1:\(server.port)",
                "--target",
                url,
                "--dry-run",
                "--output",
                "json"
            )
            #expect(ended.status == .done, "\(ended.output) \(ended.talk)")
            #expect(ended.document?["status"] as? String == "dry_run")
            #expect(try await Self.number(url, "SELECT count(*) FROM pg_namespace WHERE nspname = 'source'") == 0)
            #expect(try await Self.state(client) == before)
        }
    }

    @Test("The derived indexes are known, so only what nobody expects is unmapped")
    func mappingCheck() async throws {
        try await Self.withStage { client, server, harness, _ in
            try await Self.fill(client)
            let ended = await harness.run(
                "mapping",
                "check",
                "--source",
                "redis://127.0.0.1:\(server.port)",
                "--files",
                "--output",
                "json"
            )
            #expect(ended.status == .done, "\(ended.output) \(ended.talk)")
            let files = ended.document?["files"] as? [[String: Any]] ?? []
            let taken = files.filter { $0["rule"] is String }.compactMap { $0["path"] as? String }
            let left = Set(files.compactMap { $0["path"] as? String }).subtracting(taken)
            // 42 assets, 12 lineage sets, 42 checksums, 2 indexes, metadata, 2 tasks, an agent, 2 sets of ids, an expiry,
            // a long name, a stream.
            #expect(taken.count == 107, "\(taken)")
            #expect(left.count == 12, "\(left)")
            #expect(left.allSatisfy { $0.hasPrefix("redis/hashes/odd/") || $0.hasPrefix("redis/strings/") }, "\(left)")
        }
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let name: String
        let url: String
        let code: ErrorCode
        let status: Diagnostics.ExitStatus
        var testDescription: String { name }
    }

    @Test("A Redis that is down, wants a password or is none ends with the documented status and a hint")
    func refusals() async throws {
        try await Self.withStage(["requirepass \(Self.canary)"]) { client, server, harness, url in
            try await client.send("SET", "k", "v")
            let postgres = try await TestDatabase.sharedServer()
            let cases = [
                Refusal(name: "down", url: "redis://127.0.0.1:1", code: .redisUnavailable, status: .unavailable),
                Refusal(
                    name: "no socket",
                    url: "unix://\(server.path)/none",
                    code: .redisUnavailable,
                    status: .unavailable
                ),
                Refusal(
                    name: "no password",
                    url: "redis://127.0.0.1:\(server.port)",
                    code: .redisAuthentication,
                    status: .notPermitted
                ),
                Refusal(
                    name: "wrong password",
                    url: "redis://:\(Self.canary)x@127.0.0.1:\(server.port)",
                    code: .redisAuthentication,
                    status: .notPermitted
                ),
                Refusal(
                    name: "a PostgreSQL",
                    url: Self.socketURL(of: postgres),
                    code: .redisUnavailable,
                    status: .unavailable
                ),
                Refusal(name: "no URL", url: "redis://", code: .settingInvalid, status: .usage),
                Refusal(
                    name: "empty database",
                    url: "redis://:\(Self.canary)@127.0.0.1:\(server.port)/3",
                    code: .sourceEmpty,
                    status: .badData
                ),
            ]
            for row in cases {
                for command in [["migrate", "--yes"], ["migrate", "--dry-run"], ["verify"]] {
                    let ended = await harness.run(
                        command + ["--source", row.url, "--target", url, "--output", "json"]
                    )
                    #expect(ended.status == row.status, "\(row.name): \(ended.output)")
                    #expect(ended.error?["code"] as? String == row.code.rawValue, "\(row.name): \(ended.output)")
                    #expect((ended.error?["hint"] as? String)?.isEmpty == false, "\(row.name): \(ended.output)")
                    #expect(!(ended.output + ended.talk).contains(Self.canary), "\(row.name)")
                }
            }
        }
    }

    private static func socketURL(of server: ScratchPostgres) -> String {
        let folder = server.dataDirectory.split(separator: "/").dropLast().joined(separator: "/")
        return "unix:///\(folder)/.s.PGSQL.\(server.port)"
    }

    @Test("config show has no password of a source")
    func configShow() async {
        var harness = CommandHarness()
        harness.environment["CORTEX_SOURCE"] = "redis://user:\(Self.canary)@example/0"
        let ended = await harness.run("config", "show")
        #expect(ended.output.contains("redis://user:***@example/0"))
        #expect(!(ended.output + ended.talk).contains(Self.canary))
    }
}
