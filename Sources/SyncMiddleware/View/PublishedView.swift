import Diagnostics
import Domain
public import Postgres
import RESP
public import Redis

/// The published view in a Redis: what other programs read, made of PostgreSQL's rows alone.
///
/// It has a position of its own in the change feed, kept in Redis beside it, so whatever stops half way is made good by
/// the next call, and a Redis that lost it gets it anew. Several may write at a time (the relay, a rebuild from the
/// command line): every row carries when it was read, and the later reading stays.
public struct PublishedView: Sendable {
    let postgres: PostgresClient
    let store: ViewStore
    let configuration: ViewConfiguration

    /// The view of a database in a Redis; nothing happens before a call.
    public init(postgres: PostgresClient, redis: RedisClient, configuration: ViewConfiguration = ViewConfiguration()) {
        self.postgres = postgres
        self.configuration = configuration
        store = ViewStore(redis: redis, configuration: configuration)
    }

    /// Brings the view up to what PostgreSQL has, by the change feed or, where that is not enough, anew.
    ///
    /// The relay calls it with its office whenever it has passed changes. Throws `view.foreign`, `view.fenced` and what
    /// the clients throw; the next call makes good what this one did not do.
    @discardableResult
    public func advance(_ office: ViewOffice) async throws -> ViewReport {
        guard let state = try await store.state(), state.complete == office.epoch, state.kinds == store.kinds,
            let position = state.position
        else { return try await rebuild(office) }
        do {
            guard let report = try await pass(from: position, state, office) else { return try await rebuild(office) }
            return report
        } catch is ViewStore.Unmarked {
            return try await rebuild(office)
        }
    }

    /// The office of whoever is the relay now, for a rebuild beside it.
    public func office() async throws -> ViewOffice {
        let sql = """
            SELECT (SELECT c.epoch FROM cortex.cache_state c) AS epoch,
                (SELECT p.fencing FROM cortex.relay_progress p) AS fence
            """
        let row = try await postgres.query(sql).first
        return ViewOffice(epoch: Int(row?["epoch"].integer ?? 0), fence: Int(row?["fence"].integer ?? 0))
    }

    // MARK: By the feed

    /// Applies what was committed since the position; nil when rows of the feed may be missing.
    private func pass(from position: String, _ state: ViewState, _ office: ViewOffice) async throws -> ViewReport? {
        var run = ViewRun(view: self, office: office)
        var reloaded: Set<ViewKind> = []
        let moment: ViewMoment? = try await postgres.withTransaction(.readOnly) { session in
            let moment = try await ViewMoment(session, epoch: office.epoch)
            if state.mayHaveMissed(moment) { return nil }
            run.moment = moment
            try await session.query("DECLARE due NO SCROLL CURSOR FOR " + ViewQueries.changes, [.text(position)])
            while true {
                let rows = try await session.query("FETCH \(configuration.pageRows) FROM due").rows
                if rows.isEmpty { return moment }
                var changed: [ViewKind: [ExactText: ViewRun.Due]] = [:]
                for row in rows {
                    guard let kind = row["kind"].string.flatMap(ViewKind.init), configuration.kinds.contains(kind),
                        let key = row["key"].string, let operation = row["op"].string
                    else { continue }
                    if operation == "reload" || operation == "truncate" {
                        reloaded.insert(kind)
                    } else {
                        let news = ViewChange.News(action: operation, at: row["at"].string ?? "")
                        changed[kind, default: [:]][ExactText(key)] =
                            ViewRun.Due(version: Int(row["version"].integer ?? 0), news: news)
                    }
                }
                for kind in ViewKind.allCases {
                    if let due = changed[kind] { try await run.bring(kind, due, session) }
                }
            }
        }
        guard let moment else { return nil }
        // A table that was loaded or emptied as a whole says nothing about its rows, nor about edges to them.
        if reloaded.contains(.assets) { reloaded.insert(.lineage) }
        for kind in ViewKind.allCases where reloaded.contains(kind) && configuration.kinds.contains(kind) {
            try await renew(kind, &run, isLive: true)
        }
        try await run.readAgain()
        try await store.settle(moment, office, feed: max(state.feed, moment.lastFeed), isComplete: false)
        return run.report
    }

    // MARK: Anew

    /// Makes the whole view anew, in place: readers see each row as it was or as it is, never an empty view.
    ///
    /// Bounded memory: rows go through in pages, and what does not belong is found by cursors. With `isAdopting` a view
    /// that carries no mark of ours, or that of another database, is taken over. Throws `view.foreign` otherwise, before
    /// any key was touched.
    @discardableResult
    public func rebuild(_ office: ViewOffice, isAdopting: Bool = false) async throws -> ViewReport {
        if isAdopting {
            try await forgetBooks()
        } else if try await isForeign() {
            throw SyncError(
                .viewForeign,
                "the keys of the published view exist in this Redis and are not ours; none was touched",
                hint: "Import them first: cortex migrate --source redis://… of this Redis, then cortex cache rebuild. "
                    + "Or take them over without: cortex cache rebuild --adopt."
            )
        }
        let isLive = try await store.state()?.complete == office.epoch
        try await store.claim(office)
        var run = ViewRun(view: self, office: office)
        run.report.isRebuilt = true
        let start = try await postgres.withTransaction(.readOnly) { session in
            try await ViewMoment(session, epoch: office.epoch)
        }
        for kind in ViewKind.allCases {
            if configuration.kinds.contains(kind) {
                try await renew(kind, &run, isLive: isLive)
            } else {
                try await dropUnlisted(kind, &run)
            }
        }
        try await run.readAgain()
        var swept = 0
        try await ViewScan(store: store).forEachPlace { places in swept += try await store.sweep(places, office) }
        run.report.removed += swept
        if configuration.kinds.contains(.assets) {
            _ = try await store.apply([], office, start.stamp, discovery: start.discovery)
        } else {
            _ = try await store.send("DEL", [.text(ViewKeys.metadata)])
        }
        try await store.settle(start, office, feed: start.lastFeed, isComplete: true)
        return run.report
    }

    /// Whether published keys are there that carry no mark of ours.
    public func isForeign() async throws -> Bool {
        if try await store.state() != nil { return false }
        return try await ViewScan(store: store).findsAny()
    }

    /// Applies all rows of a kind, then takes out those that are gone.
    ///
    /// In a view that is live assets turn together with their edges, as in a pass.
    private func renew(_ kind: ViewKind, _ run: inout ViewRun, isLive: Bool) async throws {
        let limit = configuration.pageRows
        var last: String?
        repeat {
            let before = last
            last = try await postgres.withTransaction(.readOnly) { session in
                run.moment = try await ViewMoment(session, epoch: run.office.epoch)
                let ids = try await ViewReader(session: session).ids(kind, after: before, limit: limit)
                switch kind {
                case .assets where isLive: try await run.bringAssets(ids, [:], session)
                case .lineage: try await run.bringLineage(ids, [:], session)
                default: try await run.bringRows(kind, ids, [:], session)
                }
                return ids.count < limit ? nil : ids.last
            }
        } while last != nil
        try await dropUnlisted(kind, &run)
    }

    /// Takes out rows that the view remembers and PostgreSQL does not have, or that are not to be published.
    private func dropUnlisted(_ kind: ViewKind, _ run: inout ViewRun) async throws {
        try await ViewScan(store: store).forEachRemembered(kind) { ids, damaged in
            for field in damaged { _ = try await store.send("HDEL", [.text(kind.book), .bytes(field)]) }
            try await postgres.withTransaction(.readOnly) { session in
                run.moment = try await ViewMoment(session, epoch: run.office.epoch)
                var there: Set<ExactText> = []
                if configuration.kinds.contains(kind) {
                    try await ViewReader(session: session).rows(kind, ids) { there.insert(ExactText($0.id)) }
                }
                for id in ids where !there.contains(ExactText(id)) {
                    try await run.add(ViewChange(gone: id, kind, version: 0))
                }
                try await run.flush()
            }
        }
    }

    private func forgetBooks() async throws {
        let keys = [ViewKeys.state, ViewKeys.edges] + ViewKind.allCases.map(\.book)
        _ = try await store.send("DEL", keys.map { .text($0) })
    }
}
