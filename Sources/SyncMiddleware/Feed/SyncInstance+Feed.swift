import Diagnostics
public import Domain
import Postgres

/// The change feed for those who follow it, with numbers.
extension SyncInstance {
    /// The events after a place, oldest first.
    ///
    /// Only what the relay has passed on is there, so a reader that is told of an event finds no older value in any cache
    /// once S is over. Steps of the relay are read whole where they fit: fewer than `limit` may come although `hasMore`.
    ///
    /// - Parameters:
    ///   - place: the last event that the caller has; nil for none but those that are yet to come.
    ///   - limit: how many events at most, 1 to 10,000.
    /// - Returns: the events; or, marked `isReset`, that they are not kept any more.
    /// - Throws: `sync.unavailable` when PostgreSQL does not answer in time, `CancellationError`.
    public func events(after place: EventPosition?, limit: Int = 500) async throws -> FeedPage {
        let limit = min(max(limit, 1), 10_000)
        let found = try await query(
            FeedQueries.batches,
            [.integer(Int64(place?.sequence ?? .max)), .integer(Int64(limit))]
        )
        guard let end = found.first.flatMap(FeedQueries.end) else {
            throw SyncError(
                .internal,
                "the relay has no progress in this database",
                hint: "cortex schema verify tells what is missing"
            )
        }
        func page(_ events: [FeedEvent] = [], isReset: Bool = false) -> FeedPage {
            let next = isReset || place == nil ? end : events.last?.position ?? place ?? end
            return FeedPage(events: events, next: next, hasMore: next.sequence < end.sequence, isReset: isReset)
        }
        guard let place, place != end else { return page() }
        guard place.timeline == end.timeline, place.sequence < end.sequence else { return page(isReset: true) }
        let batches = FeedBatch.chosen(found.rows.compactMap(FeedQueries.batch), limit: limit)
        guard let first = batches.first, let last = batches.last else { return page(isReset: true) }
        let skipped = batches.count == 1 ? max(0, last.lastSeq - place.sequence - limit) : 0
        let rows = try await query(
            FeedQueries.rows,
            [
                .text(first.below.text), .text(last.upto.text), .integer(Int64(skipped)), .integer(Int64(limit)),
            ]
        ).rows.compactMap(FeedQueries.row)
        let events = FeedBatch.events(rows, of: batches, after: place, limit: limit, skipped: skipped)
        return events.map { page($0) } ?? page(isReset: true)
    }
}

/// The statements that read numbered events.
enum FeedQueries {
    /// The newest number, and at most `$2` steps of the relay that have numbers above `$1`.
    static let batches = """
        SELECT p.timeline, p.seq, b.last_seq, b.passed, b.below::text AS below, b.upto::text AS upto
        FROM cortex.relay_progress p LEFT JOIN LATERAL (
            SELECT * FROM cortex.feed_batches b WHERE b.timeline = p.timeline AND b.last_seq > $1
            ORDER BY b.last_seq LIMIT $2
        ) AS b ON true
        ORDER BY b.last_seq
        """

    /// At most `$4` rows that were passed between the snapshots `$1` and `$2`, from the highest id down but for the first `$3`.
    static let rows = """
        SELECT f.id, f.xid::text AS xid, f.kind, f.key, f.version, f.op,
            (extract(epoch FROM f.at) * 1000000)::bigint AS at
        FROM cortex.change_feed f
        WHERE f.xid >= pg_snapshot_xmin($1::pg_snapshot) AND f.xid < pg_snapshot_xmax($2::pg_snapshot)
            AND NOT pg_visible_in_snapshot(f.xid, $1::pg_snapshot) AND pg_visible_in_snapshot(f.xid, $2::pg_snapshot)
        ORDER BY f.id DESC OFFSET $3 LIMIT $4
        """

    static func end(_ row: PostgresRow) -> EventPosition? {
        guard let timeline = row["timeline"].integer, let seq = row["seq"].integer else { return nil }
        return EventPosition(timeline: Int(timeline), sequence: Int(seq))
    }

    static func batch(_ row: PostgresRow) -> FeedBatch? {
        guard let last = row["last_seq"].integer, let count = row["passed"].integer,
            let below = row["below"].string.flatMap({ TransactionSnapshot($0) }),
            let upto = row["upto"].string.flatMap({ TransactionSnapshot($0) })
        else { return nil }
        return FeedBatch(lastSeq: Int(last), count: Int(count), below: below, upto: upto)
    }

    static func row(_ row: PostgresRow) -> (row: FeedRow, microseconds: Int64)? {
        FeedRow(row).map { ($0, row["at"].integer ?? 0) }
    }
}

extension FeedRow {
    /// Reads a row of a statement that names the columns of the feed; nil for what cannot be read.
    init?(_ row: PostgresRow) {
        guard let id = row["id"].integer, let xid = row["xid"].string.flatMap({ UInt64($0) }),
            let operation = row["op"].string.flatMap(Operation.init)
        else { return nil }
        self.init(
            id: Int(id),
            xid: xid,
            kind: row["kind"].string ?? "",
            rowKey: row["key"].string ?? "",
            version: Int(row["version"].integer ?? 0),
            operation: operation
        )
    }
}
