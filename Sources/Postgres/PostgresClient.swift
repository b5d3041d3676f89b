/// A PostgreSQL client: one I/O thread and a bounded pool of sessions.
///
/// Exists only inside of `withClient`; when that returns, every connection and the thread are gone.
public final class PostgresClient: Sendable {
    private let thread: IOThread
    private let pool: SessionPool
    let configuration: PostgresConfiguration

    private init(_ configuration: PostgresConfiguration, maximumSessions: Int) throws(PostgresError) {
        self.configuration = configuration
        thread = try IOThread()
        pool = SessionPool(thread: thread, configuration: configuration, maximumSessions: maximumSessions)
    }

    /// Makes a client for as long as the body runs; nothing is connected before the first use.
    ///
    /// `maximumSessions` is the most connections to the server at a time, at least 1, by default 8: two to four per core
    /// of the server are enough for any number of callers.
    @discardableResult
    public static func withClient<R>(
        _ configuration: PostgresConfiguration,
        maximumSessions: Int = 8,
        _ body: (PostgresClient) async throws -> R
    ) async throws -> R {
        let client = try PostgresClient(configuration, maximumSessions: maximumSessions)
        let result: Result<R, any Error>
        do {
            result = .success(try await body(client))
        } catch {
            result = .failure(error)
        }
        client.pool.close()
        await client.thread.stop()
        return try result.get()
    }

    /// Lends a connection to the body alone.
    ///
    /// Waits for a free one, first come first served, at most `sessionWait`. Afterwards an open transaction is rolled
    /// back and everything else that a session can hold (settings, advisory locks, listened channels, temporary tables,
    /// cursors) is given up; a connection that is not usable any more is replaced at the next use.
    /// Throws what the body throws, `postgres.unavailable`, `postgres.authentication`, `postgres.deadline` when no
    /// session became free, `postgres.cancelled`.
    @discardableResult
    public func withSession<R>(_ body: (PostgresSession) async throws -> R) async throws -> R {
        try await withLease(resets: true, body)
    }

    /// Runs the body in a transaction on a session of its own: COMMIT when it returns, ROLLBACK when it throws.
    ///
    /// When the reply to COMMIT is lost, the error's `isCommitUnknown` is true. Take locks and settings of the
    /// transaction only; for those of a session use `withSession`.
    @discardableResult
    public func withTransaction<R>(
        _ mode: TransactionMode = .readWrite,
        _ body: (PostgresSession) async throws -> R
    ) async throws -> R {
        try await withTransaction(mode, opening: []) { session, _ in try await body(session) }
    }

    /// The same with first statements that share a round trip with BEGIN, see `PostgresSession`.
    @discardableResult
    public func withTransaction<R>(
        _ mode: TransactionMode = .readWrite,
        opening: [PostgresStatement],
        timeout: Duration? = nil,
        _ body: (PostgresSession, [PostgresResult]) async throws -> R
    ) async throws -> R {
        try await withLease(resets: false) { session in
            try await session.withTransaction(mode, opening: opening, timeout: timeout) {
                try await body(session, $0)
            }
        }
    }

    /// Runs one statement on any session and gives all its rows.
    ///
    /// Session state that it sets (locks, settings) does not last. `timeout` is the time from sending it until it is
    /// cancelled with `postgres.deadline`; by default the configuration's statement timeout and 2 s.
    @discardableResult
    public func query(
        _ sql: String,
        _ parameters: [PostgresValue] = [],
        timeout: Duration? = nil
    ) async throws -> PostgresResult {
        try await withLease(resets: false) { session in
            try await session.query(sql, parameters, timeout: timeout)
        }
    }

    /// How many tasks wait for a session.
    public var waitingTasks: Int { pool.waitingTasks }

    private func withLease<R>(resets: Bool, _ body: (PostgresSession) async throws -> R) async throws -> R {
        let connection = try await pool.acquire()
        let session = PostgresSession(connection, configuration: configuration)
        let result: Result<R, any Error>
        do {
            result = .success(try await body(session))
        } catch {
            result = .failure(error)
        }
        let isUsable = await session.end(resets: resets)
        pool.release(connection, isUsable: isUsable)
        return try result.get()
    }
}

/// What a transaction may do, and what it sees.
public enum TransactionMode: Sendable, CaseIterable {
    /// READ COMMITTED, the default: every statement sees what was committed before it.
    case readWrite
    /// REPEATABLE READ, READ ONLY: one view of the database, no writes.
    case readOnly
    /// REPEATABLE READ: one view of the database; a conflicting write fails with SQLSTATE 40001.
    case repeatableRead
    /// SERIALIZABLE: as if transactions ran one after the other, else SQLSTATE 40001.
    case serializable

    var begin: String {
        switch self {
        case .readWrite: "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
        case .readOnly: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        case .repeatableRead: "BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE"
        case .serializable: "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE"
        }
    }
}
