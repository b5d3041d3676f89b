import Diagnostics
import Postgres

/// The epoch of the cache, as far as it is moved by hand.
enum CacheEpoch {
    /// Moves the epoch and gives the new one; it only rises, also beside a relay that moves it.
    static func move(_ postgres: PostgresClient) async throws -> Int {
        let sql = """
            UPDATE cortex.cache_state
            SET epoch = greatest(epoch + 1, (extract(epoch FROM clock_timestamp()) * 1000)::bigint), changed_at = now()
            RETURNING epoch
            """
        guard let epoch = try await postgres.query(sql).first?["epoch"].integer else {
            throw SyncError(
                .internal,
                "the cache has no state in this database",
                hint: "Is cortex.cache_state empty? cortex schema verify tells."
            )
        }
        return Int(epoch)
    }
}
