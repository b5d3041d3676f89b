import Diagnostics
import Postgres

/// The epoch of the cache, as far as it is moved by hand.
enum CacheEpoch {
    /// Moves the epoch and gives the new one; it only rises, also beside a relay that moves it.
    ///
    /// Waits for the transactions that write in the old epoch, as the relay does, but no longer than `wait`: those that
    /// begin meanwhile wait behind it.
    ///
    /// - Parameters:
    ///   - postgres: the primary.
    ///   - wait: how long transactions may keep it waiting.
    /// - Returns: the new epoch.
    /// - Throws: `sync.unavailable` when writers did not end in time: nothing has changed; what the client throws.
    static func move(_ postgres: PostgresClient, wait: Duration) async throws -> Int {
        let sql = """
            UPDATE cortex.cache_state SET epoch = \(RisingNumber.next("epoch")), changed_at = now() RETURNING epoch
            """
        let row: PostgresRow?
        do {
            row = try await postgres.withTransaction { session in
                try await lock(session, wait: wait)
                return try await session.query(sql).first
            }
        } catch let error as PostgresError where error.sqlState == "57014" && error.code != .postgresCancelled {
            throw SyncError(
                .syncUnavailable,
                "transactions that write did not end within \(wait); the epoch has not moved",
                hint: "try again; pg_stat_activity tells who is idle in a transaction",
                cause: error
            )
        }
        guard let epoch = row?["epoch"].integer else {
            throw SyncError(
                .internal,
                "the cache has no state in this database",
                hint: "Is cortex.cache_state empty? cortex schema verify tells."
            )
        }
        return Int(epoch)
    }

    /// Takes the lock that writing transactions share, until the session's transaction ends.
    ///
    /// Throws what the server says after `wait`: SQLSTATE 57014.
    static func lock(_ session: PostgresSession, wait: Duration) async throws {
        try await session.query("SELECT set_config('statement_timeout', $1, true)", [.text("\(wait.milliseconds)")])
        try await session.query(
            "SELECT pg_advisory_xact_lock($1)",
            [.integer(SyncLock.epoch)],
            timeout: wait + .seconds(1)
        )
    }
}
