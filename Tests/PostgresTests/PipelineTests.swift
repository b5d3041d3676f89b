import Diagnostics
import Postgres
import Testing

@Suite("Statements that are sent together")
struct PipelineTests {
    struct Mine: Error {}

    private static func numbers(_ session: PostgresSession) async throws -> [String]? {
        try await session.query("SELECT coalesce(array_agg(id ORDER BY id), '{}') FROM t").first?[0].textArray
    }

    @Test("give the results of each in their order, unprepared, when they are prepared, and from then on")
    func order() async throws {
        try await withDatabaseClient { client in
            try await client.withSession { session async throws in
                #expect(try await session.pipeline([]).isEmpty)
                for round in 0..<5 {
                    let results = try await session.pipeline([
                        PostgresStatement("SELECT $1::int + 1", [.integer(Int64(round))]),
                        PostgresStatement("SELECT n FROM generate_series(1, $1::int) n", [.integer(3)]),
                        PostgresStatement("CREATE TEMP TABLE IF NOT EXISTS x AS SELECT 1 AS a"),
                        PostgresStatement("UPDATE x SET a = $1", [.integer(Int64(round))]),
                        PostgresStatement("SELECT $1::int + 1", [.integer(40)]),
                    ])
                    #expect(results.count == 5)
                    #expect(results[0].first?[0].integer == Int64(round + 1))
                    #expect(results[1].rows.map { $0[0].integer } == [1, 2, 3])
                    #expect(results[3].affected == 1)
                    #expect(results[4].first?[0].integer == 41)
                }
                #expect(try await session.query("SELECT a FROM x").first?[0].integer == 4)
            }
        }
    }

    @Test("many, and with large answers, arrive whole")
    func many() async throws {
        try await withDatabaseClient { client in
            try await client.withSession { session async throws in
                let statements = (0..<500).map {
                    PostgresStatement("SELECT $1::int, repeat('x', 20000)", [.integer(Int64($0))])
                }
                let results = try await session.pipeline(statements)
                #expect(results.map { $0.first?[0].integer } == (0..<500).map { Int64($0) })
                #expect(results.allSatisfy { $0.first?[1].string?.utf8.count == 20_000 })
            }
        }
    }

    @Test("outside of a transaction they are one: an error in the middle undoes those before and stops those behind")
    func failure() async throws {
        try await withDatabaseClient { client in
            try await client.query("CREATE TABLE t (id int)")
            try await client.withSession { session async throws in
                for _ in 0..<3 {
                    let error = try await postgresError {
                        _ = try await session.pipeline([
                            PostgresStatement("INSERT INTO t VALUES ($1)", [.integer(1)]),
                            PostgresStatement("SELECT 1 / $1::int", [.integer(0)]),
                            PostgresStatement("INSERT INTO t VALUES ($1)", [.integer(2)]),
                        ])
                    }
                    #expect(error.sqlState == "22012")
                    #expect(try await Self.numbers(session) == [])
                }
            }
        }
    }

    @Test(
        "those that open a transaction end with it: kept when the body returns, gone when it throws or one of them fails"
    )
    func opening() async throws {
        try await withDatabaseClient { client in
            try await client.query("CREATE TABLE t (id int)")
            func insert(_ number: Int64) -> PostgresStatement {
                PostgresStatement("INSERT INTO t VALUES ($1) RETURNING id", [.integer(number)])
            }
            let kept = try await client.withTransaction(opening: [insert(1), insert(2)]) { session, results in
                try await session.query("INSERT INTO t VALUES (3)")
                return results.map { $0.first?[0].integer }
            }
            #expect(kept == [1, 2])
            await #expect(throws: Mine.self) {
                try await client.withTransaction(opening: [insert(4)]) { _, _ in throw Mine() }
            }
            let error = try await postgresError {
                try await client.withTransaction(opening: [insert(5), PostgresStatement("SELECT 1/0"), insert(6)]) {
                    _,
                    _ in Issue.record("the body runs although a statement before it failed")
                }
            }
            #expect(error.sqlState == "22012")
            #expect(!error.isCommitUnknown)
            try await client.withSession { session async throws in
                #expect(!session.isInTransaction)
                #expect(try await Self.numbers(session) == ["1", "2", "3"])
            }
        }
    }

    @Test("a text with U+0000 is refused, and nothing of the pipeline is sent")
    func nul() async throws {
        try await withDatabaseClient { client in
            try await client.query("CREATE TABLE t (id int)")
            try await client.withSession { session async throws in
                let error = try await postgresError {
                    _ = try await session.pipeline([
                        PostgresStatement("INSERT INTO t VALUES (1)"), PostgresStatement("SELECT 1\u{0}"),
                    ])
                }
                #expect(error.code == .postgresProtocol)
                #expect(try await Self.numbers(session) == [])
            }
        }
    }

    @Test("a prepared form that the server no longer accepts fails once and works from then on")
    func staleForm() async throws {
        try await withDatabaseClient { client in
            try await client.query("CREATE TABLE t (id int)")
            try await client.query("INSERT INTO t VALUES (7)")
            try await client.withSession { session async throws in
                let read = [PostgresStatement("SELECT * FROM t"), PostgresStatement("SELECT 2")]
                for _ in 0..<3 { _ = try await session.pipeline(read) }
                try await session.query("ALTER TABLE t ADD COLUMN more int DEFAULT 8")
                let error = try await postgresError { _ = try await session.pipeline(read) }
                #expect(error.sqlState == "0A000")
                let results = try await session.pipeline(read)
                #expect(results[0].first?[1].integer == 8)
            }
        }
    }

    @Test("a deadline and a cancelled task stop them, and the session goes on", arguments: [true, false])
    func stopping(byDeadline: Bool) async throws {
        try await withDatabaseClient { client in
            try await client.query("CREATE TABLE t (id int)")
            try await client.withSession { session async throws in
                let statements = [
                    PostgresStatement("INSERT INTO t VALUES (1)"), PostgresStatement("SELECT pg_sleep(30)"),
                    PostgresStatement("INSERT INTO t VALUES (2)"),
                ]
                let timeout: Duration? = byDeadline ? .milliseconds(100) : nil
                let task = Task { try await session.pipeline(statements, timeout: timeout) }
                if !byDeadline {
                    try await Task.sleep(for: .milliseconds(100))
                    task.cancel()
                }
                let error = try await postgresError { _ = try await task.value }
                #expect(error.code == (byDeadline ? .postgresDeadline : .postgresCancelled))
                #expect(try await Self.numbers(session) == [])
            }
        }
    }

    @Test("a lost connection is no unknown COMMIT where they only open a transaction")
    func lost() async throws {
        try await withDatabaseClient { client in
            let error = try await postgresError {
                try await client.withTransaction(
                    opening: [
                        PostgresStatement("SELECT pg_terminate_backend(pg_backend_pid())"),
                        PostgresStatement("SELECT 1"),
                    ]
                ) { _, _ in Issue.record("the body runs without a connection") }
            }
            #expect(error.code == .postgresConnectionLost)
            #expect(!error.isCommitUnknown)
            try await expect(client, "SELECT 1", gives: 1)
        }
    }
}
