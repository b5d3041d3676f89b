import EmbeddedServers
import Postgres
import RESP
import Redis
import TestSupport
import Testing

@testable import SyncMiddleware

@Suite("The checker", .timeLimit(.minutes(10)))
struct CacheCheckTests {
    /// Rows of every kind, published and warmed; the settle time is short, because nothing is on its way.
    private func withFilled(_ body: (ViewHarness, CacheMaintenance) async throws -> Void) async throws {
        try await ViewHarness.with { plain in
            let harness = plain.with { $0.settleTime = .milliseconds(20) }
            try await harness.run(
                "INSERT INTO assets (asset_id, asset_type, owner, sensitivity, checksum, last_modified_at) VALUES "
                    + "('a', 't', 'o', 'public', '00', '2026-01-01Z'), ('b', 't', 'o', NULL, NULL, NULL), "
                    + "('s', 't', 'hidden', 'secret', NULL, NULL)",
                "INSERT INTO agents (agent_id, agent_type) VALUES ('g', 'worker')",
                "INSERT INTO tasks (task_id, task_status, assigned_to) VALUES ('t', 'pending', 'g')",
                "INSERT INTO asset_lineage (upstream_raw, upstream_asset_id, downstream_raw) VALUES ('a', 'a', 'b')"
            )
            try await harness.view.advance(try await harness.view.office())
            let maintenance = CacheMaintenance(
                postgres: harness.postgres,
                redis: harness.redis,
                view: harness.configuration
            )
            #expect(try await maintenance.warm(kinds: CacheMaintenance.warmKinds, limit: nil).filled == 5)
            let clean = try await maintenance.verify(sample: nil, limit: 100)
            #expect(clean.report.mismatches == 0, "\(clean.report.keys)")
            #expect(clean.view == .current)
            #expect(clean.report.checked > 30)
            try await body(harness, maintenance)
        }
    }

    /// A planted mistake: the commands that plant it, and what the checker has to say.
    struct Planted: Sendable {
        let name: String
        let commands: [[String]]
        let found: Set<String>

        init(_ name: String, _ commands: [[String]], _ found: Set<String>) {
            self.name = name
            self.commands = commands
            self.found = found
        }
    }

    static let view = [
        Planted("a document of older text", [["HSET", "catalog:assets", "a", "{}"]], ["different catalog:assets a"]),
        Planted(
            "a document that is missing",
            [["HDEL", "catalog:assets", "b"]],
            ["missing catalog:assets b"]
        ),
        Planted("a document of no row", [["HSET", "catalog:assets", "z", "{}"]], ["unexpected catalog:assets z"]),
        Planted("a hidden document", [["HSET", "catalog:assets", "s", "{}"]], ["unexpected catalog:assets s"]),
        Planted("a wrong checksum", [["HSET", "catalog:checksums", "a", "ff"]], ["different catalog:checksums a"]),
        Planted("a stray member", [["SADD", "tasks:status:failed", "t"]], ["unexpected tasks:status:failed t"]),
        Planted("a missing member", [["SREM", "tasks:all", "t"]], ["missing tasks:all t"]),
        Planted(
            "a wrong time",
            [["ZADD", "catalog:index:by_modified", "5", "a"]],
            ["different catalog:index:by_modified a"]
        ),
        Planted(
            "a value not in use",
            [["SADD", "catalog:index:owners", "hidden"]],
            ["unexpected catalog:index:owners hidden"]
        ),
        Planted("a value that is missing", [["SREM", "catalog:index:types", "t"]], ["missing catalog:index:types t"]),
        Planted(
            "an edge told from one end",
            [["SREM", "catalog:lineage:upstream:b", "a"]],
            ["missing catalog:lineage:upstream:b a"]
        ),
        Planted(
            "an edge of no row",
            [["SADD", "catalog:lineage:upstream:b", "z"], ["SADD", "catalog:lineage:downstream:z", "b"]],
            ["unexpected catalog:lineage:upstream:b z", "unexpected catalog:lineage:downstream:z b"]
        ),
        Planted(
            "a key of another type",
            [["DEL", "agents:all"], ["SET", "agents:all", "x"]],
            ["wrong_type agents:all g", "wrong_type agents:all -"]
        ),
        Planted(
            "a key that no family has",
            [["SADD", "catalog:index:else", "x"]],
            ["unexpected catalog:index:else -"]
        ),
        Planted("a task document of another text", [["SET", "task:t", "{}"]], ["different task:t -"]),
        Planted("a task document of no row", [["SET", "task:z", "{}"]], ["unexpected task:z -"]),
        Planted("an expired document", [["DEL", "task:t", "agent:g"]], []),
        Planted("wrong metadata", [["SET", "catalog:metadata", "{}"]], ["different catalog:metadata -"]),
        Planted(
            "the view's own memory garbled",
            [
                ["HSET", "cortex:view:assets", "a", "garbage"], ["SET", "cortex:view:edges", "x"],
                ["HSET", "cortex:view:asset_lineage", "x", "y"],
            ],
            []
        ),
    ]

    @Test("A sample is compared by chance, and is all there is where it asks for more")
    func samples() async throws {
        try await withFilled { harness, maintenance in
            let all = try await maintenance.verify(sample: 10_000_000, limit: 10)
            #expect(all.report.checked == 5 && all.report.mismatches == 0)
            let some = try await maintenance.verify(sample: 1, limit: 10)
            #expect(some.report.checked <= 1 && some.report.mismatches == 0)
        }
    }

    @Test("Keys of an epoch that ends while they are compared are no mismatches")
    func epochMoves() async throws {
        try await withFilled { harness, _ in
            let patient = harness.with { $0.settleTime = .seconds(1) }
            let maintenance = CacheMaintenance(
                postgres: harness.postgres,
                redis: harness.redis,
                view: patient.configuration
            )
            // Nobody invalidates: there is no relay.
            try await harness.run("UPDATE tasks SET title = 'else' WHERE task_id = 't'")
            #expect(try await maintenance.verify(sample: 1_000, limit: 10).report.mismatches == 1)
            async let verification = maintenance.verify(sample: 1_000, limit: 10, share: 0.5)
            try await Task.sleep(for: .milliseconds(400))
            _ = try await CacheEpoch.move(harness.postgres, wait: .seconds(5))
            #expect(try await verification.report.mismatches == 0)
        }
    }

    @Test("Ids that differ only in the spelling of a character are two rows in the view, and for the checker")
    func spellings() async throws {
        try await withFilled { harness, maintenance in
            let office = try await harness.view.office()
            try await harness.run(
                "INSERT INTO assets (asset_id, owner) VALUES (E'caf\\u00e9', E'o\\u00e9'), (E'cafe\\u0301', E'oe\\u0301')",
                "INSERT INTO tasks (task_id, title) VALUES (E'caf\\u00e9', 'x'), (E'cafe\\u0301', 'y')",
                "INSERT INTO asset_lineage (upstream_raw, downstream_raw) VALUES (E'n\\u00e9', 'b'), (E'ne\\u0301', 'b')"
            )
            try await harness.view.advance(office)
            _ = try await maintenance.warm(kinds: CacheMaintenance.warmKinds, limit: nil)
            let clean = try await maintenance.verify(sample: nil, limit: 100)
            #expect(clean.report.mismatches == 0, "\(clean.report.keys)")
            try await harness.run("DELETE FROM assets WHERE asset_id = E'caf\\u00e9'")
            try await harness.run("UPDATE tasks SET title = 'z' || title WHERE task_id LIKE 'caf%'")
            try await harness.view.advance(office)
            let names = try await harness.redis.send("HKEYS", "catalog:assets").elements?.compactMap(\.text) ?? []
            #expect(names.map { Array($0.utf8) }.contains(Array("cafe\u{301}".utf8)))
            #expect(!names.map { Array($0.utf8) }.contains(Array("caf\u{e9}".utf8)))
            let view = try await ViewChecker(view: harness.view, limit: 10).check()
            #expect(view.mismatches == 0, "\(view.keys)")
        }
    }

    @Test("Each mistake in the view is found with its key and reason, and a repair makes it good")
    func plantedView() async throws {
        try await withFilled { harness, maintenance in
            for planted in Self.view {
                let comment = Comment(rawValue: planted.name)
                for command in planted.commands {
                    try await harness.redis.send(RESPCommand(command[0], command.dropFirst().map { .text($0) }))
                }
                let found = try await maintenance.verify(sample: nil, limit: 100)
                let told = Set(found.report.keys.map { "\($0.reason.rawValue) \($0.key) \($0.member ?? "-")" })
                #expect(told == planted.found, comment)
                #expect(found.report.mismatches == planted.found.count, comment)
                for mismatch in found.report.keys { #expect(!mismatch.history.isEmpty, comment) }
                try await maintenance.repair(found)
                try await maintenance.view.rebuild(try await harness.view.office())
                try await harness.requireEqual(planted.name)
                #expect(try await maintenance.verify(sample: nil, limit: 100).report.mismatches == 0, comment)
            }
        }
    }

    @Test("A wrong cached document is found with its key, reason and history; a repair deletes it")
    func plantedDocuments() async throws {
        try await withFilled { harness, maintenance in
            let epoch = try await harness.office().epoch
            func key(_ rest: String) -> RESPArgument { .text("cortex:\(epoch):\(rest)") }
            try await harness.run("UPDATE tasks SET title = 'newer' WHERE task_id = 't'")
            try await harness.view.advance(try await harness.view.office())
            try await harness.redis.send("SET", key("agents:g"), "V 1 internal 5\n{\"version\":1}")
            try await harness.redis.send("SET", key("assets:a"), "V 9 public 5\n{\"version\":9}")
            try await harness.redis.send("SET", key("assets:s"), "V 1 secret 5\n{\"version\":1}")
            try await harness.redis.send("SET", key("assets:z"), "V 1 public 5\n{\"version\":1}")
            try await harness.redis.send("SET", key("assets:b"), "N 1 5\n")
            try await harness.redis.send("SET", key("tasks:never"), "N 0 5\n")
            try await harness.redis.send("SET", key("tasks:bad"), "V 01 x")
            try await harness.redis.send("SADD", key("tasks:list"), "x")
            try await harness.redis.send("SET", key("tasks:grave"), "T 5 0 -\n")
            try await harness.redis.send("SET", "cortex:1:tasks:old", "garbage of an epoch that nobody reads")
            let found = try await maintenance.verify(sample: nil, limit: 100)
            #expect(
                Set(found.report.keys.map { "\($0.reason.rawValue) \($0.kind ?? ""):\($0.id ?? "")" }) == [
                    "older tasks:t", "different agents:g", "newer assets:a", "secret assets:s", "newer assets:z",
                    "missing assets:b", "garbage tasks:bad", "wrong_type tasks:list",
                ]
            )
            let task = try #require(found.report.keys.first { $0.id == "t" })
            #expect(task.actualVersion == 1)
            #expect(task.expectedVersion == 2)
            #expect(task.history.contains { $0.contains("update to version 2") && $0.contains("has not passed") })
            #expect(try await maintenance.explain("tasks/t").verdict == .bypass)
            #expect(try await maintenance.explain("task:t").verdict == .current)

            try await maintenance.repair(found)
            #expect(try await maintenance.verify(sample: nil, limit: 100).report.mismatches == 0)
            #expect(try await harness.redis.send("EXISTS", key("tasks:t")).int == 0)
            #expect(try await harness.redis.send("EXISTS", key("tasks:grave")).int == 1)
        }
    }

    @Test("A difference that is made good meanwhile was a change on its way")
    func onItsWay() async throws {
        try await withFilled { harness, _ in
            let patient = harness.with { $0.settleTime = .milliseconds(400) }
            try await harness.run("UPDATE tasks SET task_status = 'completed'")
            let office = try await harness.view.office()
            async let relay: Void = {
                try await Task.sleep(for: .milliseconds(200))
                try await harness.view.advance(office)
            }()
            let report = try await ViewChecker(view: patient.view, limit: 10).check()
            try await relay
            #expect(report.mismatches == 0, "\(report.keys)")
            #expect(report.settled > 0)
        }
    }

    @Test("Warming stores what is missing, keeps what is there, and after a flush nothing old is read")
    func warmAndFlush() async throws {
        try await withFilled { harness, maintenance in
            let again = try await maintenance.warm(kinds: ["assets", "tasks"], limit: nil)
            #expect(again == WarmReport(filled: 0, held: 4, skipped: 0))
            let before = try await harness.office().epoch
            let flushed = try await maintenance.flush()
            #expect(flushed.before == before)
            #expect(flushed.epoch > before)
            #expect(try await maintenance.verify(sample: nil, limit: 1).view == .behind)
            #expect(try await maintenance.warm(kinds: ["tasks"], limit: 1).filled == 1)
            #expect(try await harness.view.advance(try await harness.view.office()).isRebuilt)
            #expect(try await maintenance.statistics().view.rows["assets"] == 2)
            #expect(try await maintenance.statistics().epoch == flushed.epoch)
        }
    }

    @Test("The watch tells each round, goes on when a store was away, and ends when it is cancelled")
    func watch() async throws {
        try await withFilled { harness, maintenance in
            var configuration = CacheWatch.Configuration()
            configuration.pause = .milliseconds(10)
            configuration.wholeEvery = 1
            let (rounds, continuation) = AsyncStream.makeStream(of: String.self)
            let watch = CacheWatch(maintenance, configuration: configuration) { round in
                switch round {
                case .success(let found): continuation.yield("\(found.report.mismatches)")
                case .failure: continuation.yield("away")
                }
            }
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await watch.run() }
                var wanted = ["0", "1", "away", "0"]
                for await round in rounds {
                    guard round == wanted.first else { continue }
                    wanted.removeFirst()
                    switch wanted.first {
                    case "1": _ = try? await harness.redis.send("SADD", "tasks:all", "nobody")
                    case "away": try? await harness.server.kill()
                    case "0": try? await harness.server.start()
                    default: break
                    }
                    if wanted.isEmpty { break }
                }
                #expect(wanted.isEmpty)
                group.cancelAll()
            }
        }
    }
}
