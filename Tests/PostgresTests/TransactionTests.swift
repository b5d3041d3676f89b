import Diagnostics
import Postgres
import Testing

@Suite("Transactions")
struct TransactionTests {
    struct Mine: Error, Equatable {}

    @Test("What the body did is kept when it returns and gone when it throws")
    func commitAndRollback() async throws {
        try await withDatabaseClient { client in
            try await client.query("CREATE TABLE t (id int)")
            let result = try await client.withTransaction { session in
                try await session.query("INSERT INTO t VALUES (1)")
                return "done"
            }
            #expect(result == "done")
            await #expect(throws: Mine.self) {
                try await client.withTransaction { session in
                    try await session.query("INSERT INTO t VALUES (2)")
                    throw Mine()
                }
            }
            #expect(try await client.query("SELECT array_agg(id) FROM t").first?[0].textArray == ["1"])
        }
    }

    @Test("Every mode begins as it says", arguments: TransactionMode.allCases)
    func modes(_ mode: TransactionMode) async throws {
        let facts = try await withDatabaseClient { client in
            try await client.withTransaction(mode) { session in
                let sql = "SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only')"
                let row = try await session.query(sql).first
                return [row?[0].string, row?[1].string]
            }
        }
        switch mode {
        case .readWrite: #expect(facts == ["read committed", "off"])
        case .readOnly: #expect(facts == ["repeatable read", "on"])
        case .repeatableRead: #expect(facts == ["repeatable read", "off"])
        case .serializable: #expect(facts == ["serializable", "off"])
        }
    }

    @Test("A body that hides a failed statement does not commit silently")
    func hiddenFailure() async throws {
        try await withDatabaseClient { client in
            try await client.query("CREATE TABLE t (id int)")
            let error = try await postgresError {
                try await client.withTransaction { session in
                    try await session.query("INSERT INTO t VALUES (1)")
                    _ = try await postgresError { try await session.query("SELECT 1/0") }
                }
            }
            #expect(error.sqlState == "25P02")
            #expect(!error.isCommitUnknown)
            try await expect(client, "SELECT count(*) FROM t", gives: 0)
        }
    }

    @Test("An error at COMMIT itself is the server's, and nothing is kept")
    func deferredConstraint() async throws {
        try await withDatabaseClient { client in
            try await client.query("CREATE TABLE t (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
            let error = try await postgresError {
                try await client.withTransaction { session in try await session.query("INSERT INTO t VALUES (1), (1)") }
            }
            #expect(error.sqlState == "23505")
            #expect(!error.isCommitUnknown)
            try await expect(client, "SELECT count(*) FROM t", gives: 0)
        }
    }

    @Test("A savepoint undoes its part alone; transactions do not nest")
    func savepoints() async throws {
        try await withDatabaseClient { client in
            try await client.query("CREATE TABLE t (id int PRIMARY KEY)")
            try await client.withTransaction { session in
                try await session.query("INSERT INTO t VALUES (1)")
                let failed = try await postgresError {
                    try await session.withSavepoint { try await session.query("INSERT INTO t VALUES (1)") }
                }
                #expect(failed.sqlState == "23505")
                try await session.withSavepoint {
                    try await session.query("INSERT INTO t VALUES (2)")
                    await #expect(throws: Mine.self) {
                        try await session.withSavepoint {
                            try await session.query("INSERT INTO t VALUES (3)")
                            throw Mine()
                        }
                    }
                }
                let nested = try await postgresError { try await session.withTransaction {} }
                #expect(nested.code == .postgresProtocol)
            }
            #expect(
                try await client.query("SELECT array_agg(id ORDER BY id) FROM t").first?[0].textArray == ["1", "2"]
            )
        }
    }

    @Test("A ROLLBACK that fails does not hide the body's error, and the connection is replaced")
    func failedRollback() async throws {
        try await withDatabaseClient(sessions: 2) { client in
            await #expect(throws: Mine.self) {
                try await client.withTransaction { session in
                    try await session.query("SELECT 1")
                    try await client.query(
                        "SELECT pg_terminate_backend($1::int)",
                        [.integer(Int64(session.backendPID))]
                    )
                    throw Mine()
                }
            }
            try await expect(client, "SELECT 1", gives: 1)
        }
    }

    @Test("A transaction left open, and everything a session holds, is gone for the next user")
    func sessionHygiene() async throws {
        try await withDatabaseClient(sessions: 1) { client in
            let pid = try await client.withSession { session in
                try await session.run(
                    script: """
                        SET work_mem = '7MB'; SELECT pg_advisory_lock(4711); CREATE TEMP TABLE left_over (id int); LISTEN c;
                        SET SESSION AUTHORIZATION pg_monitor; BEGIN; SELECT 1
                        """
                )
                return session.backendPID
            }
            try await client.withSession { session in
                #expect(session.backendPID == pid)
                let row = try await session.query(
                    """
                    SELECT current_setting('work_mem') <> '7MB', to_regclass('left_over') IS NULL, session_user <> 'pg_monitor',
                           (SELECT count(*) = 0 FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()),
                           (SELECT count(*) = 0 FROM pg_listening_channels())
                    """
                ).first
                for index in 0..<5 { #expect(row?[index].boolean == true, "fact \(index)") }
            }
        }
    }

    @Test("A session used after its scope is refused")
    func escapedSession() async throws {
        try await withDatabaseClient(sessions: 1) { client in
            let escaped = try await client.withSession { $0 }
            let error = try await postgresError { try await escaped.query("SELECT 1") }
            #expect(error.code == .postgresProtocol)
        }
    }
}
