/// Two lanes for many small, independent statements: reads that share round trips, writes that share commits.
///
/// Exists only inside of `withLanes`. For transactions, settings, COPY, streams and notifications use `PostgresClient`.
public final class PostgresLanes: Sendable {
    private let thread: IOThread
    private let reads: LaneEntrance
    private let writes: LaneEntrance

    private init(_ configuration: PostgresConfiguration, _ lanes: LanesConfiguration) throws(PostgresError) {
        thread = try IOThread()
        reads = LaneEntrance(.reads(configuration, lanes), id: 0, thread: thread, lanes: lanes)
        writes = LaneEntrance(.writes(configuration, lanes), id: 1, thread: thread, lanes: lanes)
    }

    /// Makes lanes for as long as the body runs; nothing is connected before the first use.
    ///
    /// They have an I/O thread of their own, so that no long result or slow host name of a client delays them. What is
    /// under way when the body returns fails with `postgres.protocol`.
    @discardableResult
    public static func withLanes<R>(
        _ configuration: PostgresConfiguration,
        _ lanes: LanesConfiguration = LanesConfiguration(),
        _ body: (PostgresLanes) async throws -> R
    ) async throws -> R {
        let lanes = try PostgresLanes(configuration, lanes)
        let result: Result<R, any Error>
        do {
            result = .success(try await body(lanes))
        } catch {
            result = .failure(error)
        }
        await lanes.thread.stop()
        return try result.get()
    }

    // MARK: Reading

    /// Runs one statement that changes nothing and gives all its rows.
    ///
    /// It shares a round trip with whatever else is read meanwhile, and may run after a read that was asked for later. A
    /// write is refused by the server with SQLSTATE 25006. `deadline` is by default the configured one from now on. Throws
    /// `postgres.statement` with the SQLSTATE, `postgres.deadline`, `postgres.cancelled`, `postgres.connection_lost`,
    /// `postgres.unavailable` when the queue is full or the server cannot be reached, `postgres.authentication`, and
    /// `postgres.protocol` for a statement or parameter that cannot be sent.
    @discardableResult
    public func read(
        _ sql: String,
        _ parameters: [PostgresValue] = [],
        deadline: ContinuousClock.Instant? = nil
    ) async throws(PostgresError) -> PostgresResult {
        try await reads.run(sql, parameters, deadline)
    }

    /// Runs one statement that changes nothing, for hot paths: the completion is called once, on the I/O thread, or by
    /// this call itself when the request is refused at once.
    ///
    /// The completion must neither block nor take long: every other request waits for it. Otherwise as the other `read`.
    public func read(
        _ sql: String,
        _ parameters: [PostgresValue] = [],
        deadline: ContinuousClock.Instant? = nil,
        completion: @escaping @Sendable (Result<PostgresResult, PostgresError>) -> Void
    ) {
        reads.run(sql, parameters, deadline, completion: completion)
    }

    // MARK: Writing

    /// Runs one statement as a transaction of its own, and returns when that is committed.
    ///
    /// When many wait, several share a transaction; when that fails each runs again by itself, so that no caller sees the
    /// error of another. Writes that are under way together run in any order. Throws as `read` does. The error's
    /// `isCommitUnknown` is true when the statement was sent and its outcome is not known: the connection broke, or the
    /// deadline or a cancellation came first. Such a write is never repeated by itself.
    @discardableResult
    public func write(
        _ sql: String,
        _ parameters: [PostgresValue] = [],
        deadline: ContinuousClock.Instant? = nil
    ) async throws(PostgresError) -> PostgresResult {
        try await writes.run(sql, parameters, deadline)
    }

    // MARK: What is known

    /// How many reads wait for a connection.
    public var waitingReads: Int { reads.waitingRequests }

    /// How many writes wait for a connection.
    public var waitingWrites: Int { writes.waitingRequests }
}
