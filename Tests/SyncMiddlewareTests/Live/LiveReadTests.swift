import Diagnostics
import EmbeddedServers
import Postgres
import RESP
import Redis
import TestSupport
import Testing

@testable import SyncMiddleware

@Suite("Live reads", .serialized)
struct LiveReadTests {
    @Test("go through all tiers: PostgreSQL, Redis of another instance, the near-cache")
    func tiers() async throws {
        try await SyncHarness.withServers { harness in
            // However busy the machine is, the caches stay in use.
            let harness = harness.with { $0.staleness = .seconds(60) }
            try await harness.task("t", title: "eins")
            try await harness.withTwo { first, second in
                let fresh = try await first.read("tasks", "t")
                #expect(fresh.source == .database && fresh.version == 1 && fresh.sensitivity == "internal")
                let near = try await first.read("tasks", "t")
                #expect(near.source == .near && near.body == fresh.body)
                let other = try await second.read("tasks", "t")
                #expect(other.source == .redis && other.body == fresh.body && other.age < .seconds(60))
                #expect(try await first.read("tasks", "t", .strong).source == .database)
                let absent = try await first.read("tasks", "nobody")
                #expect(absent.version == 0 && absent.body == nil)
                #expect(try await second.read("tasks", "nobody").source == .redis)
                let counts = second.statistics
                #expect(counts.redisHits == 2 && counts.databaseReads == 0)
                try await eventually("both fills are confirmed") { first.statistics.fills == 2 }
                await #expect(throws: SyncError.self) { try await first.read("audit_logs", "1") }
            }
        }
    }

    @Test("of 500 callers for one missing key at two instances take one read of PostgreSQL")
    func herd() async throws {
        try await SyncHarness.withServers { harness in
            // However busy the machine is, no answer is too old for a caller.
            let harness = harness.with {
                $0.leaseTime = .seconds(60)
                $0.floorTime = .seconds(60)
                $0.staleness = .seconds(60)
            }
            try await harness.task("hot")
            try await harness.withTwo { first, second in
                let sources = try await withThrowingTaskGroup(of: Answer.self) { group in
                    for number in 0..<500 {
                        group.addTask { try await (number.isMultiple(of: 2) ? first : second).read("tasks", "hot") }
                    }
                    return try await group.reduce(into: [Answer.Source: Int]()) { $0[$1.source, default: 0] += 1 }
                }
                let reads = first.statistics.databaseReads + second.statistics.databaseReads
                #expect(reads == 1, "\(sources)")
                #expect(sources.values.reduce(0, +) == 500)
            }
        }
    }

    @Test("never see a secret document in Redis, and get it from PostgreSQL each time on another instance")
    func secrets() async throws {
        try await SyncHarness.withServers { harness in
            try await harness.run(
                "INSERT INTO assets (asset_id, sensitivity, owner) VALUES ('s', 'secret', 'planted-word')"
            )
            try await harness.withTwo { first, second in
                #expect(try await first.read("assets", "s").sensitivity == "secret")
                #expect(try await second.read("assets", "s").source == .database)
                let epoch = first.statistics.epoch ?? 0
                let bytes = try await first.redis.get(.text("cortex:\(epoch):assets:s"))
                #expect(bytes.map { String(decoding: $0, as: UTF8.self).contains("planted-word") } == false)
            }
        }
    }

    @Test("see what psql does to cached rows within S: update, delete, recreation, another key, TRUNCATE")
    func foreignChanges() async throws {
        try await SyncHarness.withServers { harness in
            try await harness.task("t", title: "1")
            try await harness.run("INSERT INTO documents (kind, id, title) VALUES ('note', '7', 'x')")
            try await harness.withTwo { first, second in
                func changes(_ sql: String, to wanted: String?) async throws {
                    for instance in [first, second] { _ = try await instance.title("t") }
                    try await harness.run(sql)
                    try await Task.sleep(for: harness.configuration.staleness)
                    for instance in [first, second] { #expect(try await instance.title("t") == wanted, "\(sql)") }
                }
                try await changes("UPDATE tasks SET title = '2' WHERE task_id = 't'", to: "2")
                try await changes("DELETE FROM tasks WHERE task_id = 't'", to: nil)
                try await changes("INSERT INTO tasks (task_id, title) VALUES ('t', '3')", to: "3")
                #expect(try await second.read("tasks", "t").version == 4)
                try await changes("UPDATE tasks SET task_id = 'u' WHERE task_id = 't'", to: nil)
                #expect(try await second.title("u") == "3")
                let key = "note\u{1f}7"
                #expect(try await second.read("documents", key).version == 1)
                try await harness.run("TRUNCATE documents")
                try await Task.sleep(for: harness.configuration.staleness)
                let gone = try await second.read("documents", key)
                #expect(gone.body == nil && gone.version == 2)
                // One for the server, one for TRUNCATE.
                try await eventually("the epoch has moved twice") {
                    first.statistics.epochMoves + second.statistics.epochMoves >= 2
                }
                // All of it through the caches, not around them.
                try await second.waitForCache()
                #expect(second.statistics.redisHits + second.statistics.nearHits > 0)
            }
        }
    }

    @Test("lose nothing when a transaction commits late, and go on beside open ones here and in another database")
    func lateAndOpen() async throws {
        try await SyncHarness.withServers { harness in
            try await harness.task("late")
            try await harness.task("quick")
            let server = try await TestDatabase.sharedServer()
            try await PostgresClient.withClient(PostgresConfiguration(url: server.url())) { other in
                try await other.withTransaction { elsewhere in
                    try await elsewhere.query("SELECT pg_current_xact_id()")
                    try await harness.withTwo { first, second in
                        for instance in [first, second] { _ = try await instance.title("late") }
                        try await harness.database.withTransaction { session in
                            try await session.query("UPDATE tasks SET title = 'late' WHERE task_id = 'late'")
                            for round in 0..<3 {
                                _ = try await second.title("quick")
                                try await harness.run("UPDATE tasks SET title = '\(round)' WHERE task_id = 'quick'")
                                try await Task.sleep(for: harness.configuration.staleness)
                                #expect(try await second.title("quick") == "\(round)")
                                _ = try await second.title("late")
                            }
                            // Were anything held up it would be for as long as the transactions are open.
                            try await second.waitForCache()
                        }
                        try await Task.sleep(for: harness.configuration.staleness)
                        for instance in [first, second] { #expect(try await instance.title("late") == "late") }
                    }
                }
            }
        }
    }

    @Test("of ids that differ only in the spelling of a character are of two rows, in every cache and in the relay")
    func spellings() async throws {
        try await SyncHarness.withServers { harness in
            let ids = ["caf\u{e9}", "cafe\u{301}"]
            for (number, id) in ids.enumerated() { try await harness.task(id, title: "\(number)") }
            try await harness.withTwo { first, second in
                for instance in [first, second, first] {
                    for (number, id) in ids.enumerated() { #expect(try await instance.title(id) == "\(number)") }
                }
                // One step of the relay passes both.
                try await harness.run("UPDATE tasks SET title = 'new ' || title")
                for instance in [first, second] {
                    for (number, id) in ids.enumerated() {
                        try await eventually("the change of both is seen") {
                            try await instance.title(id) == "new \(number)"
                        }
                    }
                }
                try await first.write(ids[0], .replace(["title": "written"], expected: 2))
                #expect(try await second.title(ids[0], .version(3)) == "written")
                #expect(try await first.title(ids[0]) == "written")
                #expect(try await first.title(ids[1]) == "new 1")
                #expect(try await second.title(ids[1], .strong) == "new 1")
            }
        }
    }
}
