import Diagnostics
import Postgres

/// The epoch of the cache, as far as it is moved by hand.
enum CacheEpoch {
    /// Moves the epoch and gives the new one; it only rises, also beside a relay that moves it.
    ///
    /// Waits for the transactions that write in the old epoch, as the relay does.
    static func move(_ postgres: PostgresClient) async throws -> Int {
        let sql = """
            UPDATE cortex.cache_state SET epoch = \(RisingNumber.next("epoch")), changed_at = now() RETURNING epoch
            """
        let row = try await postgres.withTransaction { session in
            try await session.query("SELECT pg_advisory_xact_lock($1::bigint)", [.integer(SyncLock.epoch)])
            return try await session.query(sql).first
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
}
