public import Postgres
import Synchronization

/// What is asked beside single documents: statements in the read lane, and the near-cache without waiting.
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

    /// The near-cache's answer for callers without a version token; nil where it has none to give.
    ///
    /// Never waits.
    public func near(_ kind: String, _ id: String) -> Answer? {
        let now = clock.now
        let hit = state.withLock { $0.near("\(kind):\(id)", need: .recent, now: now) }
        guard case .near(let document, let freshAsOf) = hit else { return nil }
        counters.add(.nearHits)
        return Answer(document, source: .near, age: .milliseconds(max(0, now - freshAsOf)))
    }

    /// Whether the connection to Redis stands and has said which server it leads to.
    public var isRedisConnected: Bool { store.run != nil }
}
