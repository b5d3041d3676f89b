import Postgres

/// How the change feed and its relay stand.
public struct FeedFigures: Sendable, Equatable {
    /// How many rows the feed has; rolled-back changes leave gaps in its numbers, which count too.
    public let rows: Int
    /// How long the oldest change that is committed and not yet passed on has waited, by PostgreSQL's clock; 0 for none.
    public let lag: Duration
    /// When the relay last had passed all changes, by PostgreSQL's clock; nil when it never had.
    public let drainedAgo: Duration?

    static let statement = """
        SELECT coalesce((SELECT max(f.id) FROM cortex.change_feed f)
                - (SELECT min(f.id) FROM cortex.change_feed f) + 1, 0) AS rows,
            (SELECT extract(epoch FROM clock_timestamp() - min(f.at))::float8 FROM cortex.change_feed f
                WHERE f.xid >= pg_snapshot_xmin(p.position) AND NOT pg_visible_in_snapshot(f.xid, p.position)) AS lag,
            extract(epoch FROM clock_timestamp() - c.drained_at)::float8 AS drained
        FROM cortex.cache_state c CROSS JOIN cortex.relay_progress p
        """

    init(_ row: PostgresRow?) {
        rows = Int(row?["rows"].integer ?? 0)
        lag = Self.duration(row?["lag"].double) ?? .zero
        drainedAgo = Self.duration(row?["drained"].double)
    }

    private static func duration(_ seconds: Double?) -> Duration? {
        seconds.map { .milliseconds(Int64(max(0, $0) * 1000)) }
    }
}

extension SyncInstance {
    /// How the change feed and its relay stand, by one small query: for monitoring, every few seconds.
    ///
    /// Throws `sync.unavailable` when PostgreSQL does not answer in time, `CancellationError`.
    public func feedFigures() async throws -> FeedFigures {
        FeedFigures(try await query(FeedFigures.statement).first)
    }
}
