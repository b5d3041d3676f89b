import Diagnostics
import Postgres

/// What the published view says about itself.
struct ViewState: Sendable, Equatable {
    /// Who wrote it last.
    let office: ViewOffice
    /// The epoch for which it was made whole; nil while it never was.
    let complete: Int?
    /// The kinds that it holds then.
    let kinds: String
    /// The `pg_snapshot` up to which the change feed is in it.
    let position: String?
    /// The last feed row at that time.
    let feed: Int
    /// When that was, by PostgreSQL's clock in ms since 1970.
    let at: Int

    /// Reads the fields fence, epoch, complete, kinds, position, feed, at; nil where they are none of ours.
    init?(_ fields: [String?]) {
        guard fields.count == 7, let fence = fields[0].flatMap({ Int($0) }), let epoch = fields[1].flatMap({ Int($0) })
        else { return nil }
        office = ViewOffice(epoch: epoch, fence: fence)
        complete = fields[2].flatMap { Int($0) }
        kinds = fields[3] ?? ""
        position = fields[4].flatMap { TransactionSnapshot($0) == nil ? nil : $0 }
        feed = fields[5].flatMap { Int($0) } ?? 0
        at = fields[6].flatMap { Int($0) } ?? 0
    }

    /// Whether feed rows between the position and now may have been trimmed, so that the view has to be made anew.
    ///
    /// Numbers have gaps, so one that is missing says nothing while the position is young: rows are kept for 24 h.
    func mayHaveMissed(_ now: ViewMoment) -> Bool {
        let age = now.at - at
        guard let first = now.firstFeed else { return age > 12 * 3_600_000 }
        guard first > feed + 1 else { return false }
        return age > 3_600_000 || first - feed > 100_000
    }
}

/// One view of PostgreSQL: what a transaction saw when it began to read.
struct ViewMoment: Sendable, Equatable {
    let stamp: ViewStamp
    /// The snapshot as PostgreSQL writes it.
    let position: String
    /// The number of the last feed row, 0 without one.
    let lastFeed: Int
    /// The number of the first feed row.
    let firstFeed: Int?
    /// PostgreSQL's clock in ms since 1970.
    let at: Int
    /// When the catalog was last imported, RFC 3339.
    let discovery: String?

    /// Reads it in the open transaction, and sets what that needs to read documents.
    init(_ session: PostgresSession, epoch: Int) async throws {
        try await session.query(DocumentQueries.settings)
        guard let row = try await session.query(ViewQueries.position).first, let text = row["snapshot"].string,
            let snapshot = TransactionSnapshot(text)
        else { throw SyncError(.internal, "PostgreSQL gave no snapshot") }
        stamp = ViewStamp(epoch: epoch, snapshot: snapshot)
        position = text
        lastFeed = Int(row["last"].integer ?? 0)
        firstFeed = row["first"].integer.map(Int.init)
        at = Int(row["at"].integer ?? 0)
        discovery = row["discovery"].string
    }
}
