public import Domain
import Postgres
import SyncMiddleware
import Synchronization

extension HybridStore {
    /// How often the end of the feed is looked at while readers wait, whatever their number.
    private static let pollInterval = Duration.milliseconds(50)
    /// A batch with more rows is not told row by row.
    private static let longestBatch = 10_000

    /// The events that the relay has passed after a position.
    public func events(
        after position: EventPosition?,
        limit: Int,
        wait: Duration,
        clearance: Sensitivity
    ) async throws -> EventPage {
        let deadline = ContinuousClock.now + wait
        var reached = position
        while true {
            let end = try await endOfFeed()
            guard let start = reached, start.timeline == end.timeline, start.sequence <= end.sequence else {
                // Nothing was asked for, or it is of another history: what comes next is all that there is to give.
                if position == nil, reached == nil, wait > .zero {
                    reached = end
                    continue
                }
                return EventPage(events: [], position: end, isReset: reached != nil)
            }
            if start.sequence < end.sequence {
                let page = try await page(after: start, end: end, limit: limit, clearance: clearance)
                if !page.events.isEmpty || page.isReset { return page }
                reached = page.position
                if page.position.sequence < end.sequence { continue }
            }
            guard ContinuousClock.now < deadline else {
                return EventPage(events: [], position: reached ?? end, isReset: false)
            }
            try await Task.sleep(for: Self.pollInterval)
        }
    }

    /// The number of the last event; readers that ask at the same time share an answer.
    private func endOfFeed() async throws -> EventPosition {
        if let known = feedEnd.withLock({ $0 }), known.at + Self.pollInterval / 2 > .now { return known.position }
        let row = try await instance.query("SELECT timeline, seq FROM cortex.relay_progress").first
        let position = EventPosition(
            timeline: Int(row?["timeline"].integer ?? 0),
            sequence: Int(row?["seq"].integer ?? 0)
        )
        feedEnd.withLock { $0 = (position, .now) }
        return position
    }

    private func page(
        after start: EventPosition,
        end: EventPosition,
        limit: Int,
        clearance: Sensitivity
    ) async throws -> EventPage {
        let rows = try await instance.query(
            Self.statement,
            [
                .integer(Int64(start.timeline)), .integer(Int64(start.sequence)), .integer(Int64(max(1, limit))),
                .integer(Int64(Self.longestBatch)),
            ]
        ).rows
        guard let first = rows.first?["seq"].integer, Int(first) == start.sequence + 1 else {
            // Trimmed, or too many at once: go on behind the hole.
            let last = rows.first?["seq"].integer.map { Int($0) - 1 } ?? end.sequence
            return EventPage(
                events: [],
                position: EventPosition(timeline: start.timeline, sequence: last),
                isReset: true
            )
        }
        var reached = start.sequence
        var events: [CatalogEvent] = []
        for row in rows {
            // Numbers follow each other; a hole ends the page, and the next one begins with it.
            guard let number = row["seq"].integer, Int(number) == reached + 1 else { break }
            reached += 1
            let position = EventPosition(timeline: start.timeline, sequence: reached)
            if let event = Self.event(row, at: position, clearance: clearance) { events.append(event) }
        }
        return EventPage(
            events: events,
            position: EventPosition(timeline: start.timeline, sequence: reached),
            isReset: false
        )
    }

    private static let statement = """
        SELECT f.seq, f.kind, f.key, f.version, f.op, (extract(epoch FROM f.at) * 1000000)::bigint AS at,
            CASE WHEN a.asset_id IS NOT NULL THEN coalesce(a.sensitivity, 'internal') END AS sensitivity
        FROM cortex.feed_batches b CROSS JOIN LATERAL (
            SELECT c.*, b.last_seq + 1 - row_number() OVER (ORDER BY c.id DESC) AS seq
            FROM cortex.change_feed c
            WHERE b.passed <= $4 AND c.xid >= pg_snapshot_xmin(b.below)
                AND NOT pg_visible_in_snapshot(c.xid, b.below) AND pg_visible_in_snapshot(c.xid, b.upto)
        ) AS f LEFT JOIN public.assets a ON f.kind = 'assets' AND a.asset_id = f.key
        WHERE b.timeline = $1 AND b.last_seq > $2 AND b.last_seq - b.passed < $2::bigint + $3::bigint AND f.seq > $2
        ORDER BY f.seq LIMIT $3::bigint
        """

    /// Tables whose changes are told; what concerns sign-in is not.
    private static let told = Set(CatalogTable.all.map(\.name)).subtracting(["users", "audit_logs"])

    private static func event(_ row: PostgresRow, at position: EventPosition, clearance: Sensitivity) -> CatalogEvent? {
        guard let table = row["kind"].string, told.contains(table) else { return nil }
        let sensitivity = row["sensitivity"].string.flatMap(Sensitivity.init)
        let isAsset = table == CatalogTable.assets.name
        guard (isAsset ? sensitivity ?? .public : .unstated) <= clearance else { return nil }
        var action: CatalogEvent.Action =
            switch row["op"].string {
            case "insert": .created
            case "update": .updated
            case "delete": .deleted
            default: .reloaded
            }
        // How sensitive an asset was that is gone nobody knows any more: only who may see all learns its name.
        if isAsset, sensitivity == nil, clearance < .secret { action = .reloaded }
        let isWhole = action == .reloaded
        return CatalogEvent(
            position: position,
            action: action,
            table: table,
            id: isWhole ? nil : row["key"].string,
            version: isWhole ? 0 : Int(row["version"].integer ?? 0),
            microseconds: row["at"].integer ?? 0
        )
    }
}
