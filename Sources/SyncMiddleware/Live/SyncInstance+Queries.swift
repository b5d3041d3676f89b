public import Postgres

/// What is asked beside single documents: statements in the read lane.
extension SyncInstance {
    /// The rows of a statement that changes nothing, as PostgreSQL has them now.
    ///
    /// Throws `sync.unavailable` when PostgreSQL is away or too slow, `postgres.…` when it refuses the statement,
    /// `CancellationError`.
    public func query(_ text: String, _ parameters: [PostgresValue] = []) async throws -> PostgresResult {
        do {
            return try await source.query(text, parameters)
        } catch let failure {
            try Task.checkCancellation()
            guard let cause = failure.cause, !failure.isOutage else { throw SyncError.unavailable(failure.cause) }
            throw cause
        }
    }

    /// The same for a statement that reads so much that single documents would wait behind it: on a session of its own, for at
    /// most `deadline`.
    public func longQuery(
        _ text: String,
        _ parameters: [PostgresValue] = [],
        deadline: Duration = .seconds(15)
    ) async throws -> PostgresResult {
        let patience = PostgresStatement(
            "SELECT set_config('statement_timeout', $1, true)",
            [.text("\(deadline.milliseconds)")]
        )
        do {
            return try await postgres.withTransaction(.readOnly, opening: [patience]) { session, _ in
                try await session.query(text, parameters, timeout: deadline)
            }
        } catch let error as PostgresError where DocumentSource.isOutage(error) {
            throw SyncError.unavailable(error)
        }
    }

    /// Whether the connection to Redis stands and has said which server it leads to.
    public var isRedisConnected: Bool { store.link.run != nil }
}
