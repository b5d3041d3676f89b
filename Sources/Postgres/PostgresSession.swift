import Synchronization

/// One connection, lent to one scope.
///
/// Statements run one after the other: use one session per task.
public final class PostgresSession: Sendable {
    /// How long cleaning up (ROLLBACK, reset) may take before the connection is given up instead.
    static let cleanupTimeout = Duration.seconds(10)

    let connection: ConnectionHandle
    let commitTimeout: Duration
    private let statementTimeout: Duration?
    private let isOpen = Mutex(true)

    init(_ connection: ConnectionHandle, configuration: PostgresConfiguration) {
        self.connection = connection
        statementTimeout = configuration.statementTimeout
        commitTimeout = configuration.commitTimeout
    }

    // MARK: Statements

    /// Runs one statement with bound parameters (`$1`, `$2`, …) and gives all its rows.
    ///
    /// A text that comes again is prepared by itself. `timeout` is the time from sending it until it is cancelled with
    /// `postgres.deadline`; by default the configuration's statement timeout and 2 s, or none. Throws `postgres.statement`
    /// with the SQLSTATE when the server refuses it, `postgres.connection_lost`, `postgres.deadline`,
    /// `postgres.cancelled`, and `postgres.protocol` for a parameter that cannot be sent.
    @discardableResult
    public func query(
        _ sql: String,
        _ parameters: [PostgresValue] = [],
        timeout: Duration? = nil
    ) async throws(PostgresError) -> PostgresResult {
        try checkOpen()
        let (_, answer) = try await connection.perform(sql, .parameterised(parameters), deadline: deadline(timeout))
        guard case .results(let results) = answer, let last = results.last else {
            throw PostgresError.misuse("the server sent no result")
        }
        return last
    }

    /// Runs several statements with one round trip, in their order, and gives the result of each.
    ///
    /// The first that fails ends them: those behind it do not run, and its error is thrown. Outside of a transaction all of
    /// them are one, unless one is BEGIN or COMMIT. `timeout`, and what is thrown, as for `query`.
    public func pipeline(
        _ statements: [PostgresStatement],
        timeout: Duration? = nil
    ) async throws(PostgresError) -> [PostgresResult] {
        try checkOpen()
        return try await pipeline(statements, effect: nil, deadline: deadline(timeout))
    }

    func pipeline(
        _ statements: [PostgresStatement],
        effect: ConnectionStateMachine.Effect?,
        deadline: ContinuousClock.Instant?
    ) async throws(PostgresError) -> [PostgresResult] {
        guard !statements.isEmpty else { return [] }
        let (_, answer) = try await connection.perform(
            "a pipeline",
            .pipeline(statements),
            effect: effect,
            deadline: deadline
        )
        guard case .results(let results) = answer, results.count == statements.count else {
            throw PostgresError.misuse("the server sent not as many results as there were statements")
        }
        return results
    }

    /// Runs several statements in one text, without parameters, and gives their results.
    ///
    /// Outside of a transaction the whole script is one, unless it holds BEGIN or COMMIT itself. Throws as `query` does;
    /// what ran before an error inside of such a transaction is undone.
    @discardableResult
    public func run(script: String, timeout: Duration? = nil) async throws(PostgresError) -> [PostgresResult] {
        try checkOpen()
        connection.board.update { $0.needsReset = true }
        let (_, answer) = try await connection.perform(script, .script, deadline: deadline(timeout))
        guard case .results(let results) = answer else { throw PostgresError.misuse("the server sent no result") }
        return results
    }

    /// Stops the statement that this session runs now, if any: it fails with `postgres.cancelled`.
    ///
    /// Returns at once. The session stays usable; a transaction that was open can only be rolled back.
    public func cancel() {
        connection.thread.submit(connection.interrupt(connection.currentNumber))
    }

    // MARK: What is known about the server

    /// The process id of the server process, as in `pg_stat_activity.pid`.
    public var backendPID: Int32 { connection.board.read(\.backendPID) }

    /// The server's version, such as 150018 for 15.18.
    public var serverVersion: Int { connection.board.read(\.serverVersion) }

    /// The value of a setting that the server reports by itself, such as `TimeZone`; nil for others.
    public func parameterStatus(_ name: String) -> String? {
        connection.board.update { $0.parameters[name] }
    }

    /// Whether a transaction is open, a failed one included.
    public var isInTransaction: Bool { connection.board.read(\.isInTransaction) }

    /// Whether the connection can be used; false once it is lost.
    public var isUsable: Bool { connection.board.isUsable }

    /// Takes the notices that have come in since the last call, at most the last 256.
    public func takeNotices() -> [PostgresNotice] {
        connection.board.update { facts in
            defer { facts.notices = [] }
            return facts.notices
        }
    }

    // MARK: Inside

    /// When a statement with this timeout is to be cancelled by us; the server gets the chance to do it first.
    func deadline(_ timeout: Duration?) -> ContinuousClock.Instant? {
        (timeout ?? statementTimeout.map { $0 + .seconds(2) }).map { .now + $0 }
    }

    func checkOpen() throws(PostgresError) {
        guard isOpen.withLock({ $0 }) else {
            throw PostgresError.misuse(
                "a session was used after its scope",
                hint: "keep it inside of withSession's body"
            )
        }
    }

    /// Ends the session: leaves no transaction and, if asked, no session state behind.
    ///
    /// - Returns: whether somebody else can use the connection.
    func end(resets: Bool) async -> Bool {
        isOpen.withLock { $0 = false }
        guard await connection.isIdle() else { return false }
        if isInTransaction {
            guard await clean("ROLLBACK") else { return false }
        }
        if resets || connection.board.read(\.needsReset) {
            guard await clean(Self.resetScript) else { return false }
            connection.thread.submit(.dropNotifications(connection.id))
        }
        connection.board.update { facts in
            facts.needsReset = false
            facts.notices = []
        }
        return isUsable && !isInTransaction
    }

    /// DISCARD ALL without dropping prepared statements, in one message.
    private static let resetScript = """
        CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; UNLISTEN *; SELECT pg_advisory_unlock_all(); DISCARD TEMP;
        DISCARD SEQUENCES
        """

    private func clean(_ script: String) async -> Bool {
        guard isUsable else { return false }
        do {
            _ = try await connection.perform(script, .script, deadline: .now + Self.cleanupTimeout, isShielded: true)
            return isUsable
        } catch {
            // The connection is closed instead, which cleans up on the server.
            return false
        }
    }
}
