import Diagnostics
import EmbeddedServers
import ExampleTree
import Foundation
import Postgres
import Processes
import RESP
import Redis
import Synchronization
import TestSupport
import Testing

@testable import Commands

@Suite("cortex serve as a process", .serialized, .timeLimit(.minutes(10)))
struct ServeProcessTests {
    // MARK: Where it is

    @Test("status says where a service is while it runs, hangs, was killed and has ended")
    func status() async throws {
        try await withTemporaryDirectory { directory in
            try ExampleTree(seed: 7, tasks: 5).write(to: directory + "/tree")
            var harness = CommandHarness()
            harness.workingDirectory = directory
            harness.environment["CORTEX_HOME"] = directory + "/home"
            func shown() async -> (state: String?, url: String?) {
                let ended = await harness.run("status", "--output", "json")
                let service = ended.document?["service"] as? [String: Any]
                return (service?["state"] as? String, service?["url"] as? String)
            }
            #expect(await shown() == ("absent", nil))
            let arguments = ["--source", directory + "/tree", "--admin-port", "0"]
            let killed = try await RunningService.with(arguments, directory: directory) { service in
                #expect(await shown() == ("running", service.record.url))
                #expect(service.record.url != service.record.probe)
                #expect(try await service.ask("/livez", operation: true).status == 200)
                #expect(try await service.ask("/livez").status == 404)
                let pid = try #require(LockFile.holder(of: Self.locks(service.home)[0])).pid
                ProcessTable.suspend(pid)
                #expect(await shown() == ("unreachable", service.record.url))
                service.program.signal(SIGKILL)
                #expect(try await ProcessTable.waitForExit(of: pid, within: .seconds(20)))
                // The record of the dead process is still there, and nobody holds it.
                #expect(Self.locks(service.home).count == 1)
                #expect(await shown() == ("stopped", nil))
            }
            #expect(killed.status == nil)
            let ended = try await RunningService.with(arguments, directory: directory) { service in
                #expect(await shown() == ("running", service.record.url))
                #expect(Self.locks(service.home).count == 1)
            }
            #expect(ended.status == 0, "\(ended.talk)")
            #expect(await shown() == ("absent", nil))
        }
    }

    @Test("a port that somebody else has, and an address of another machine, are told as such")
    func port() async throws {
        try await withTemporaryDirectory { directory in
            try ExampleTree(seed: 7, tasks: 5).write(to: directory + "/tree")
            let arguments = ["--source", directory + "/tree"]
            func refusal(_ home: String, _ more: [String]) async throws -> BuiltProgram.Ended {
                let all = ["serve", "--home", directory + home] + arguments + more
                return await (try BuiltProgram.start(all, environment: [:], directory: directory)).wait()
            }
            _ = try await RunningService.with(arguments, directory: directory) { service in
                let port = try #require(URL(string: service.record.url)?.port)
                let taken = try await refusal("/other", ["--port", "\(port)"])
                #expect(taken.status == 69 && taken.talk.contains("listens on 127.0.0.1:\(port)"), "\(taken.talk)")
                #expect(!taken.talk.contains("bug"), "\(taken.talk)")
                #expect(try await service.ask("/livez").status == 200)
            }
            let foreign = try await refusal("/third", ["--port", "0", "--host", "192.0.2.1"])
            #expect(foreign.status == 64 && foreign.talk.contains("192.0.2.1:0"), "\(foreign.talk)")
        }
    }

    private static func locks(_ home: String) -> [String] {
        Directory.entries(of: home + "/run/serve").map { "\(home)/run/serve/\($0)" }
    }

    // MARK: The mode

    /// A tree that was imported, the service on it in mode `json`, and the database.
    private func withService(
        _ body: @Sendable @escaping (RunningService, PostgresClient, CommandHarness) async throws -> Void
    ) async throws -> BuiltProgram.Ended {
        try await TestDatabase.withDatabase { url in
            try await TestRedis.withServer { redis in
                try await withTemporaryDirectory { directory in
                    try ExampleTree(seed: 7, tasks: 30).write(to: directory + "/tree")
                    var harness = CommandHarness()
                    harness.workingDirectory = directory
                    harness.environment["CORTEX_HOME"] = directory + "/home"
                    harness.environment["DATABASE_URL"] = url
                    let commands = harness
                    let migrated = await harness.run(
                        "migrate",
                        "--source",
                        directory + "/tree",
                        "--target",
                        url,
                        "--yes",
                        "--no-cutover"
                    )
                    #expect(migrated.status == .done, "\(migrated.talk)")
                    return try await RunningService.with(
                        ["--source", directory + "/tree", "--admin-port", "0"],
                        environment: [
                            "DATABASE_URL": url, "REDIS_URL": "redis://127.0.0.1:\(redis.port)/0",
                        ],
                        directory: directory
                    ) { service in
                        try await PostgresClient.withClient(PostgresConfiguration(url: url), maximumSessions: 2) {
                            try await body(service, $0, commands)
                        }
                    }
                }
            }
        }
    }

    /// What the clients of a load share.
    private final class Load: Sendable {
        let isOver = Atomic(false)
        let answers = Mutex([UInt: Int]())

        /// Counts an answer; PostgreSQL that is slower than its deadline is no fault of the switch, on a busy machine.
        func count(_ answer: RunningService.Answer) {
            guard !answer.text.contains("PostgreSQL does not answer, and nothing") else { return }
            answers.withLock { $0[answer.status, default: 0] += 1 }
            if answer.status != 200 { Issue.record("\(answer.text)") }
        }
    }

    @Test("the service follows the mode there and back, and no request fails for it")
    func mode() async throws {
        let ended = try await withService { service, database, _ in
            func mode() async throws -> String? { try await service.ask("/health").document["mode"] as? String }
            func switchTo(_ mode: String, previous: String? = nil) async throws {
                try await database.query(
                    "UPDATE cortex.system_mode SET mode = $1, epoch = epoch + 1, previous_mode = $2",
                    [.text(mode), .optional(previous)]
                )
            }
            #expect(try await mode() == "json")
            let page = try await service.ask("/api/tasks?limit=3").document["tasks"] as? [[String: Any]] ?? []
            let ids = page.compactMap { $0["task_id"] as? String }
            #expect(ids.count == 3)
            let load = Load()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for id in ids {
                    group.addTask {
                        while !load.isOver.load(ordering: .relaxed) {
                            let write = try await service.ask(
                                "/api/tasks/\(id)",
                                method: "PATCH",
                                body: (
                                    "application/merge-patch+json", #"{"title":"\#(UInt64.random(in: 0 ... .max))"}"#
                                )
                            )
                            let read = try await service.ask("/api/tasks/\(id)")
                            for answer in [write, read] { load.count(answer) }
                        }
                    }
                }
                for (next, previous) in [
                    ("catchup", nil), ("frozen", "catchup"), ("postgres", nil), ("frozen", "postgres"), ("json", nil),
                    ("postgres", nil),
                ] {
                    try await switchTo(next, previous: previous)
                    try await eventually("the service is in mode \(next)") { try await mode() == next }
                    // A freeze is short; waiting writes are answered after it.
                    if next != "frozen" {
                        let before = load.answers.withLock { $0[200] ?? 0 }
                        try await eventually("requests are answered") {
                            load.answers.withLock { $0[200] ?? 0 } > before + 20
                        }
                    }
                }
                load.isOver.store(true, ordering: .relaxed)
                try await group.waitForAll()
            }
            #expect(load.answers.withLock { Set($0.keys) } == [200])
            #expect(try await service.ask("/admin/mode", operation: true).document["home"] as? String == "postgres")
        }
        #expect(ended.status == 0)
    }

    // MARK: What it tells

    @Test("each read is counted once by tier, whoever answered it, and the other figures are there")
    func metrics() async throws {
        let ended = try await withService { service, database, _ in
            try await database.query("UPDATE cortex.system_mode SET mode = 'postgres', epoch = epoch + 1")
            try await eventually("PostgreSQL serves") {
                try await service.ask("/admin/mode", operation: true).document["home"] as? String == "postgres"
            }
            var path = ""
            try await eventually("a task is listed") {
                let page = try await service.ask("/api/tasks?limit=1").document["tasks"] as? [[String: Any]]
                path = "/api/tasks/\(page?.first?["task_id"] as? String ?? "")"
                return page?.isEmpty == false
            }
            try await eventually("the near-cache answers") {
                _ = try await service.ask(path)
                return try await service.metric("cortex_cache_requests_total")[#"{tier="near",result="hit"}"#] ?? 0 > 0
            }
            func reads(_ tier: String) async throws -> Double {
                try await service.metric("cortex_cache_requests_total").filter { $0.key.contains("\"\(tier)\"") }
                    .values.reduce(0, +)
            }
            let before = try await reads("near")
            for _ in 0..<100 { _ = try await service.ask(path) }
            #expect(try await reads("near") == before + 100)
            #expect(try await service.metric("cortex_cache_hit_ratio")[""] ?? 0 > 0.5)
            #expect(
                try await service.metric("cortex_mode")
                    == [
                        #"{mode="json"}"#: 0, #"{mode="catchup"}"#: 0, #"{mode="frozen"}"#: 0, #"{mode="postgres"}"#: 1,
                    ]
            )
            #expect(
                try await service.metric("cortex_breaker_state") == [#"{store="redis"}"#: 0, #"{store="postgres"}"#: 0]
            )
            #expect(try await service.metric("cortex_postgres_lane_queue_depth").count == 2)
            try await eventually("the figures of the feed were read") {
                try await service.metric("cortex_change_feed_rows")[""] ?? 0 > 0
            }
            #expect(try await service.metric("cortex_relay_lag_seconds")[""] != nil)
            #expect(try await service.metric("cortex_cache_inconsistent_total") == ["": 0])
            #expect(try await service.metric("cortex_metrics_refused_total") == ["": 0])
            #expect(try await service.metric("process_resident_memory_bytes")[""] ?? 0 > 1_000_000)

            let warmed = try await service.ask("/admin/cache/warm", method: "POST", operation: true)
            #expect(warmed.status == 200 && warmed.document["filled"] as? Int ?? 0 > 0, "\(warmed.text)")
            let verified = try await service.ask("/admin/cache/verify", method: "POST", operation: true)
            #expect(verified.document["mismatches"] as? Int == 0, "\(verified.text)")
            #expect(verified.document["checked"] as? Int ?? 0 > 0, "\(verified.text)")
            let flushed = try await service.ask("/admin/cache/flush", method: "POST", operation: true)
            #expect(
                flushed.document["epoch"] as? Int ?? 0 > flushed.document["before"] as? Int ?? .max,
                "\(flushed.text)"
            )
            let rebuilt = try await service.ask("/admin/cache/rebuild", method: "POST", operation: true)
            #expect(rebuilt.document["rows"] as? Int ?? 0 > 0, "\(rebuilt.text)")
        }
        #expect(ended.status == 0, "\(ended.talk.suffix(2_000))")
    }

    @Test("who is not let in is written down, without the key; a user signs in and out")
    func denials() async throws {
        let ended = try await withService { service, database, harness in
            let wrong = "Bearer cortex_0123456789abcdef_" + String(repeating: "5", count: 64)
            for _ in 0..<20 { #expect(try await service.ask("/api/tasks", authorization: wrong).status == 401) }
            let refused = try await service.ask(
                "/api/sessions",
                method: "POST",
                body: ("application/json", #"{"user":"nobody","password":"5555555555555"}"#)
            )
            #expect(refused.status == 401)
            try await eventually("the rows are written") {
                let rows = try await database.query(
                    "SELECT row_to_json(a)::text AS text FROM public.audit_logs a WHERE event_type = 'session.failed'"
                ).rows.compactMap { $0["text"].string }
                #expect(rows.allSatisfy { !$0.contains("5555555") && $0.contains("127.0.0.1") })
                return rows.count == 2
            }
            #if os(Linux)
            var harness = harness
            harness.answer = "correct horse battery"
            let made = await harness.run("users", "create", "ann", "--role", "viewer", "--password-stdin")
            #expect(made.status == .done, "\(made.talk)")
            let signIn = try await service.ask(
                "/api/sessions",
                method: "POST",
                body: ("application/json", #"{"user":"ann","password":"correct horse battery"}"#)
            )
            #expect(signIn.status == 201, "\(signIn.text)")
            #expect(signIn.document["principal"] as? String == "user:ann")
            let key = "Bearer \(try #require(signIn.document["key"] as? String))"
            #expect(try await service.ask("/api/tasks", authorization: key).status == 200)
            #expect(try await service.ask("/api/tasks/a", method: "DELETE", authorization: key).status == 403)
            #expect(try await service.ask("/api/sessions", method: "DELETE", authorization: key).status == 204)
            try await eventually("the key is not valid any more") {
                try await service.ask("/api/tasks", authorization: key).status == 401
            }
            #endif
        }
        #expect(ended.status == 0, "\(ended.talk.suffix(2_000))")
        #expect(!ended.talk.contains("5555555") && !ended.talk.contains("correct horse"))
    }

    @Test("a cached document that differs from its row is told by a metric and a line")
    func inconsistency() async throws {
        // Made below the service: a value that nothing but a fault could have put there.
        try await TestDatabase.withDatabase { url in
            try await TestRedis.withServer { redis in
                try await withTemporaryDirectory { directory in
                    var harness = CommandHarness()
                    harness.workingDirectory = directory
                    harness.environment["CORTEX_HOME"] = directory + "/home"
                    #expect(await harness.run("schema", "up", "--target", url).status == .done)
                    let ended = try await PostgresClient.withClient(PostgresConfiguration(url: url)) { database in
                        try await database.query("INSERT INTO public.tasks (task_id, title) VALUES ('t', 'right')")
                        try await database.query("UPDATE cortex.system_mode SET mode = 'postgres', epoch = epoch + 1")
                        let redisURL = "redis://127.0.0.1:\(redis.port)/0"
                        return try await RunningService.with(
                            environment: ["DATABASE_URL": url, "REDIS_URL": redisURL],
                            directory: directory
                        ) { service in
                            try await Self.corrupt(service, redisURL)
                            try await eventually("the checker has found it") {
                                try await service.metric("cortex_cache_inconsistent_total")[""] ?? 0 > 0
                            }
                        }
                    }
                    #expect(ended.status == 0)
                    #expect(
                        ended.talk.contains("a cached document differs from PostgreSQL"),
                        "\(ended.talk.suffix(2_000))"
                    )
                }
            }
        }
    }

    /// Changes the cached document of task `t` in Redis.
    private static func corrupt(_ service: RunningService, _ url: String) async throws {
        try await RedisClient.withClient(RedisConfiguration(url: url)) { redis in
            var key: String?
            try await eventually("the document is in Redis") {
                _ = try await service.ask("/api/tasks/t")
                let keys = try await redis.send("KEYS", "cortex:*:tasks:t").elements?.compactMap(\.text) ?? []
                key = keys.first
                guard let key else { return false }
                return try await redis.send("GET", .text(key)).text?.contains("right") == true
            }
            let name = try #require(key)
            let value = try #require(try await redis.send("GET", .text(name)).text)
            try await redis.send("SET", .text(name), .text(value.replacing("right", with: "wrong")), "KEEPTTL")
        }
    }
}
