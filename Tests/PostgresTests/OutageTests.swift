import Diagnostics
import EmbeddedServers
import Postgres
import Processes
import TestSupport
import Testing

@Suite("Outages")
struct OutageTests {
    @Test("Connecting to nothing says so and what to do")
    func nothingThere() async throws {
        let port = try FreePort.choose()
        let urls = [
            "postgresql://me:canary4711@127.0.0.1:\(port)/db", "host=/nowhere user=me password=canary4711",
            "host=no-such-host.invalid user=me password=canary4711",
        ]
        for url in urls {
            let error = try await postgresError {
                try await withTestClient(url) { client in try await client.query("SELECT 1") }
            }
            #expect(error.code == .postgresUnavailable)
            #expect(error.hint != nil)
            for text in [error.description, error.debugDescription] { #expect(!text.contains("canary4711")) }
        }
    }

    @Test("A host that does not answer fails at the connect timeout; a cancelled task fails at once")
    func silentHost() async throws {
        // A listener whose backlog nobody accepts: the handshake gets no answer.
        let silent = try SilentListener()
        defer { silent.close() }
        let url = "host=127.0.0.1 port=\(silent.port) user=me sslmode=disable gssencmode=disable"
        let late = try await postgresError {
            try await withTestClient(url, configure: { $0.connectTimeout = .milliseconds(200) }) { client in
                try await client.query("SELECT 1")
            }
        }
        #expect(late.code == .postgresUnavailable)
        let started = ContinuousClock.now
        let code = try await withThrowingTaskGroup(of: ErrorCode.self) { group in
            group.addTask {
                try await postgresError {
                    try await withTestClient(url) { client in try await client.query("SELECT 1") }
                }.code
            }
            try await Task.sleep(for: .milliseconds(50))
            group.cancelAll()
            return try await group.next()
        }
        #expect(code == .postgresCancelled)
        #expect(started.duration(to: .now) < .seconds(8))
    }

    @Test("A missing database and a full server are told apart")
    func refusals() async throws {
        try await TestDatabase.withDatabase { url in
            let missing = try await postgresError {
                try await withTestClient(url.replacingDatabase("no_such_database")) { try await $0.query("SELECT 1") }
            }
            #expect(missing.sqlState == "3D000")
            #expect(missing.code == .postgresUnavailable)
            try await withTestClient(url) { admin in
                try await admin.query("CREATE ROLE narrow LOGIN CONNECTION LIMIT 0")
                let full = try await postgresError {
                    try await withTestClient(url.replacingRole("narrow")) { try await $0.query("SELECT 1") }
                }
                #expect(full.sqlState == "53300")
                try await admin.query("DROP ROLE narrow")
            }
        }
    }

    @Test("After the server was killed mid-statement and started again the same client works", .timeLimit(.minutes(15)))
    func killedServer() async throws {
        var configuration = ScratchPostgresConfiguration()
        configuration.settings = ["synchronous_commit": "on"]
        try await TestDatabase.withServer(configuration) { server in
            try await withTestClient(server.url()) { client in
                try await client.query("CREATE TABLE t (id int)")
                let error = try await withThrowingTaskGroup(of: PostgresError.self) { group in
                    group.addTask {
                        try await postgresError {
                            try await client.withTransaction { session in
                                try await session.query("INSERT INTO t VALUES (1)")
                                try await session.query("SELECT pg_sleep(60)")
                            }
                        }
                    }
                    group.addTask {
                        try await postgresError { try await client.query("SELECT pg_sleep(61)") }
                    }
                    try await eventually("both run") {
                        try await client.query(
                            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(6%' AND state = 'active'"
                        ).first?[0].integer == 2
                    }
                    try await server.kill()
                    let both = try await [group.next(), group.next()].compactMap(\.self)
                    for error in both { #expect(error.code == .postgresConnectionLost) }
                    // Only the one outside of a transaction may have taken effect.
                    #expect(both.map(\.isCommitUnknown).sorted { !$0 && $1 } == [false, true])
                    return both.first
                }
                #expect(error?.hint != nil)
                let down = try await postgresError { try await client.query("SELECT 1") }
                #expect(down.code == .postgresUnavailable || down.code == .postgresConnectionLost)
                try await server.start()
                try await expect(client, "SELECT count(*) FROM t", gives: 0)
            }
        }
    }

    @Test("With connectRetry a client waits for a server that is just starting", .timeLimit(.minutes(15)))
    func connectRetry() async throws {
        try await TestDatabase.withServer { server in
            try await server.stop()
            let answer = try await withTestClient(server.url(), configure: { $0.connectRetry = .seconds(60) }) {
                client in
                try await withThrowingTaskGroup(of: Int64?.self) { group in
                    group.addTask { try await client.query("SELECT 1").first?[0].integer }
                    try await Task.sleep(for: .milliseconds(300))
                    try await server.start()
                    return try await group.next() ?? nil
                }
            }
            #expect(answer == 1)
        }
    }

    @Test(
        "Idle connections that the server ended are replaced without an error, the server's reason being kept elsewhere"
    )
    func replaced() async throws {
        try await withDatabaseClient(sessions: 3) { client in
            for _ in 0..<5 {
                let pid = try await client.withSession { session in session.backendPID }
                try await withDatabaseClient { other in
                    try await other.query("SELECT pg_terminate_backend($1::int)", [.integer(Int64(pid))])
                    try await eventually("it is gone") {
                        try await other.query(
                            "SELECT count(*) FROM pg_stat_activity WHERE pid = $1::int",
                            [.integer(Int64(pid))]
                        )
                        .first?[0].integer == 0
                    }
                }
                let next = try await client.withSession { session in
                    try await expectUsable(session)
                    return session.backendPID
                }
                #expect(next != pid)
            }
        }
    }

    @Test("A session ended by the administrator tells the server's reason")
    func terminated() async throws {
        try await withDatabaseClient { client in
            let error = try await postgresError {
                try await client.withTransaction { session in
                    // By itself, so that the statement is surely under way when the session ends.
                    try await session.query("SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(30)")
                }
            }
            #expect(error.code == .postgresConnectionLost)
            #expect(error.sqlState == "57P01")
            #expect(!error.isCommitUnknown)
        }
    }

    struct CutCase: Sendable, CustomTestStringConvertible {
        let trigger: String
        let isUnknown: Bool
        let rows: Int64
        var testDescription: String { "cut at \(trigger.prefix(6))" }
    }

    @Test(
        "A lost reply to COMMIT is its own outcome; a lost reply before it is not",
        arguments: [
            CutCase(trigger: "COMMIT\u{0}", isUnknown: true, rows: 1),
            CutCase(trigger: "INSERT", isUnknown: false, rows: 0),
            CutCase(trigger: "BEGIN", isUnknown: false, rows: 0),
        ]
    )
    func lostReply(_ row: CutCase) async throws {
        var configuration = ScratchPostgresConfiguration()
        configuration.listensOnLoopback = true
        try await TestDatabase.withServer(configuration) { server in
            let direct = try #require(server.loopbackURL())
            try await withTestClient(direct) { try await $0.query("CREATE TABLE t (id int)") }
            let proxy = try CuttingProxy(target: server.port, cuts: .answerTo(row.trigger))
            defer { proxy.close() }
            let url = direct.replacingPort(server.port, with: proxy.port)
            let error = try await postgresError {
                try await withTestClient(url) { client in
                    try await client.withTransaction { session in try await session.query("INSERT INTO t VALUES (1)") }
                }
            }
            #expect(error.code == .postgresConnectionLost)
            #expect(error.isCommitUnknown == row.isUnknown)
            #expect((error.details["commit"] == "unknown") == row.isUnknown)
            try await withTestClient(direct) { client in
                try await expect(client, "SELECT count(*) FROM t", gives: row.rows)
            }
        }
    }
}

extension String {
    /// The URL with another database.
    func replacingDatabase(_ name: String) -> String {
        self + (contains("?") ? "&" : "?") + "dbname=\(name)"
    }

    /// The URL with another role.
    func replacingRole(_ name: String) -> String {
        self + (contains("?") ? "&" : "?") + "user=\(name)"
    }
}
