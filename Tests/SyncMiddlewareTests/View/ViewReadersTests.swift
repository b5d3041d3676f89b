import Diagnostics
import Foundation
import Postgres
import RESP
import Redis
import TestSupport
import Testing

@testable import EmbeddedServers
@testable import SyncMiddleware

@Suite("Readers of the published view", .timeLimit(.minutes(5)))
struct ViewReadersTests {
    /// A Redis with the users of the embedded stack.
    private func withUsers(_ body: (ViewHarness, RedisClient) async throws -> Void) async throws {
        var configuration = ScratchRedisConfiguration()
        configuration.files = ["users.acl": RedisFiles.users(cortex: Secret("writer"), view: Secret("reader"))]
        configuration.lines = ["aclfile {directory}/users.acl"]
        func url(_ server: ScratchRedis, _ user: String, _ password: String) -> RedisConfiguration {
            RedisConfiguration(RedisURL(place: .socket(path: server.socket), user: user, password: Secret(password)))
        }
        try await TestRedis.withServer(configuration) { server in
            try await ViewHarness.withDatabase { postgres, database in
                try await RedisClient.withClient(url(server, "cortex", "writer")) { writer in
                    try await RedisClient.withClient(url(server, "cortex_view", "reader")) { reader in
                        try await body(
                            ViewHarness(postgres: postgres, redis: writer, server: server, url: database),
                            reader
                        )
                    }
                }
            }
        }
    }

    @Test("cortex, without administration, writes all of it; cortex_view reads all of it and nothing else")
    func access() async throws {
        try await withUsers { harness, reader in
            try await harness.run(
                "INSERT INTO assets (asset_id, asset_type, owner, namespace, sensitivity, checksum, last_modified_at) "
                    + "VALUES ('a', 't', 'o', 'n', 'public', '00', '2026-01-01Z')",
                "INSERT INTO agents (agent_id, agent_type) VALUES ('g', 'worker')",
                "INSERT INTO tasks (task_id, task_status, assigned_to) VALUES ('t', 'pending', 'g')",
                "INSERT INTO asset_lineage (upstream_raw, downstream_raw) VALUES ('a', 'b')"
            )
            let office = try await harness.office()
            try await harness.view.advance(office)
            let maintenance = CacheMaintenance(postgres: harness.postgres, redis: harness.redis)
            #expect(try await maintenance.warm(kinds: ["assets"], limit: nil).filled == 1)
            #expect(try await maintenance.verify(sample: 50, limit: 10).report.mismatches == 0)
            _ = try await maintenance.statistics()

            let expected = try await harness.expected()
            #expect(expected.count == 21, "every family is among them: \(expected.keys.sorted())")
            for key in expected.keys {
                let command =
                    switch ViewFamily(Array(key.utf8))?.type {
                    case "hash": RESPCommand("HGETALL", .text(key))
                    case "set": RESPCommand("SMEMBERS", .text(key))
                    case "zset": RESPCommand("ZRANGE", .text(key), 0, -1)
                    default: RESPCommand("GET", .text(key))
                    }
                let reply = try await reader.send(command)
                #expect(
                    reply.bytes != nil || reply.elements?.isEmpty == false || reply.pairs?.isEmpty == false,
                    "\(key)"
                )
            }
            let refused: [RESPCommand] = [
                RESPCommand("GET", .text("cortex:\(office.epoch):assets:a")), RESPCommand("HGETALL", "cortex:view"),
                RESPCommand("HGETALL", "cortex:view:assets"), RESPCommand("SET", "task:t", "x"),
                RESPCommand("DEL", "task:t"), RESPCommand("SADD", "tasks:all", "x"), RESPCommand("KEYS", "*"),
                RESPCommand("SCAN", 0), RESPCommand("EVAL", "return 1", 0), RESPCommand("CONFIG", "GET", "*"),
                RESPCommand("PUBLISH", "cortex:sync:update", "x"), RESPCommand("GET", "other"),
                RESPCommand("FLUSHALL", []), RESPCommand("ACL", "LIST"), RESPCommand("INFO", []),
            ]
            // What instances tell each other names hidden rows.
            let wire = try #require(RedisWire(path: harness.server.socket))
            #expect(try wire.command("AUTH", "cortex_view", "reader") == .text("OK"))
            for channel in [InvalidationHint.channel, "*"] {
                guard case .error(let text) = try wire.command(channel == "*" ? "PSUBSCRIBE" : "SUBSCRIBE", channel)
                else {
                    Issue.record("cortex_view hears \(channel)")
                    continue
                }
                #expect(text.hasPrefix("NOPERM"))
            }
            for command in refused {
                let error = await #expect(throws: RedisError.self, "\(command)") { try await reader.send(command) }
                #expect(error?.code == .redisAuthentication)
            }
        }
    }

    @Test("Channels tell each change in the order of versions, and of hidden rows nothing but that they are gone")
    func messages() async throws {
        try await withUsers { harness, reader in
            let office = try await harness.office()
            try await harness.view.advance(office)
            let channels: [RESPArgument] = [
                "cortex:sync:update", "cortex:sync:invalidate", "catalog:updates", "catalog:lineage:updates",
            ]
            let heard = try await reader.withSubscription(channels: channels) { subscription in
                var heard: [String] = []
                for try await event in subscription {
                    switch event {
                    case .subscribed:
                        for sql in Self.writes {
                            try await harness.run(sql)
                            try await harness.view.advance(office)
                        }
                        try await harness.redis.send("PUBLISH", "catalog:updates", "end")
                    case .message(let message):
                        let text = String(decoding: message.payload, as: UTF8.self)
                        if text == "end" { return heard }
                        heard.append("\(String(decoding: message.channel, as: UTF8.self)) \(try Self.short(text))")
                    default: return heard + ["\(event)"]
                    }
                }
                return heard
            }
            for channel in ["cortex:sync:update ", "cortex:sync:invalidate "] {
                #expect(
                    heard.filter { $0.hasPrefix(channel) }.map { String($0.dropFirst(channel.count)) } == Self.wanted
                )
            }
            #expect(
                heard.filter { !$0.hasPrefix("cortex:sync:") } == [
                    "catalog:updates insert asset a 1", "catalog:updates update asset a 2",
                    "catalog:lineage:updates insert asset_lineage l 1",
                    "catalog:updates delete asset a 3", "catalog:lineage:updates delete asset_lineage l 1",
                    "catalog:lineage:updates update asset_lineage l 2",
                ]
            )
        }
    }

    private static let writes = [
        "INSERT INTO assets (asset_id, sensitivity) VALUES ('a', 'public'), ('s', 'secret')",
        "UPDATE assets SET owner = 'o'",
        "INSERT INTO asset_lineage (upstream_raw, upstream_asset_id, downstream_raw) VALUES ('a', 'a', 'b')",
        "UPDATE assets SET sensitivity = 'secret'",
        "DELETE FROM assets",
        "INSERT INTO tasks (task_id) VALUES ('t')",
        "DELETE FROM tasks",
    ]

    private static let wanted = [
        "insert asset a 1", "update asset a 2", "insert asset_lineage l 1", "delete asset a 3",
        "delete asset_lineage l 1", "update asset_lineage l 2", "insert task t 1", "delete task t 2",
    ]

    /// `action type id version`, with `l` for the id of a lineage row.
    private static func short(_ text: String) throws -> String {
        struct Message: Decodable {
            let type, action, id, at: String
            let version: Int
        }
        let message = try JSONDecoder().decode(Message.self, from: Data(text.utf8))
        #expect(message.at.hasSuffix("Z"))
        let id = message.type == "asset_lineage" ? "l" : message.id
        return "\(message.action) \(message.type) \(id) \(message.version)"
    }
}
