import Domain
import Postgres

/// One pass over rows on their way into the view: batches, what has to be read again, and the count.
struct ViewRun: Sendable {
    /// What the change feed says about a row that is due.
    struct Due: Sendable {
        let version: Int
        let news: ViewChange.News?
    }

    private let view: PublishedView
    let office: ViewOffice
    /// What the open transaction sees.
    var moment: ViewMoment?
    var report = ViewReport()
    private var batch: [ViewChange] = []
    private var batchBytes = 0
    private var late: [ViewKind: [ExactText: Due]] = [:]

    init(view: PublishedView, office: ViewOffice) {
        self.view = view
        self.office = office
    }

    // MARK: Batches

    /// Adds a row as the open transaction sees it; sends a batch that is full.
    mutating func add(_ change: ViewChange) async throws {
        batch.append(change)
        batchBytes += change.size
        if batchBytes >= view.configuration.batchBytes || batch.count >= view.configuration.pageRows {
            try await flush()
        }
    }

    /// Sends what is there; to be called before the transaction ends.
    mutating func flush() async throws {
        guard !batch.isEmpty, let moment else { return }
        let sent = batch
        batch = []
        batchBytes = 0
        let applied = try await view.store.apply(sent, office, moment.stamp, discovery: moment.discovery)
        report.rows += applied.rows
        let again = Set(applied.late.map(ExactText.init))
        for change in sent where again.contains(ExactText(change.id)) {
            late[change.kind, default: [:]][ExactText(change.id)] = Due(version: change.version, news: change.news)
        }
    }

    // MARK: Rows

    /// Reads these rows and brings the view up to what they are.
    mutating func bring(_ kind: ViewKind, _ due: [ExactText: Due], _ session: PostgresSession) async throws {
        let ids = due.keys.sorted().map(\.text)
        if kind == .assets { try await bringTurned(ids, at: due.values.first?.news?.at, session) }
        var there: Set<ExactText> = []
        try await ViewReader(session: session).rows(kind, ids) { row in
            there.insert(ExactText(row.id))
            try await add(ViewChange(kind, row, news: due[ExactText(row.id)]?.news))
        }
        for id in ids where !there.contains(ExactText(id)) {
            try await add(
                ViewChange(gone: id, kind, version: due[ExactText(id)]?.version ?? 0, news: due[ExactText(id)]?.news)
            )
        }
        try await flush()
    }

    /// Brings the edges of assets that are not to be shown, or were not, before the assets themselves: who dies between
    /// the two finds the difference again.
    mutating func bringTurned(_ assets: [String], at: String?, _ session: PostgresSession) async throws {
        guard view.configuration.kinds.contains(.lineage) else { return }
        let before = try await view.store.visible(.assets, assets)
        let rows = try await session.query(ViewQueries.openAssets, [.textArray(assets)]).rows
        let now = Set(rows.compactMap { $0["id"].string.map(ExactText.init) })
        // The view does not know hidden assets, so whether one that is not shown was hidden before is unknown.
        let turned = assets.filter { !now.contains(ExactText($0)) || !before.contains(ExactText($0)) }
        if !turned.isEmpty { try await bringEdges(of: turned.sorted(), at: at, session) }
    }

    /// Edges to assets that were shown or hidden are shown or hidden with them.
    private mutating func bringEdges(of assets: [String], at: String?, _ session: PostgresSession) async throws {
        var ids = try await view.store.dangling(assets)
        let rows = try await session.query(ViewQueries.lineageOfAssets, [.textArray(assets)]).rows
        ids.formUnion(rows.compactMap { $0["id"].string })
        let news = at.map { ViewChange.News(action: "update", at: $0) }
        let sorted = ids.sorted()
        for start in stride(from: 0, to: sorted.count, by: view.configuration.pageRows) {
            let page = sorted[start..<min(start + view.configuration.pageRows, sorted.count)]
            let due = page.map { (ExactText($0), Due(version: 0, news: news)) }
            try await bring(.lineage, Dictionary(uniqueKeysWithValues: due), session)
        }
    }

    /// Reads again what was read before a deletion that somebody else saw, until none is left.
    mutating func readAgain() async throws {
        while !late.isEmpty {
            let again = late
            late = [:]
            for kind in ViewKind.allCases {
                guard let due = again[kind] else { continue }
                for page in due.sorted(by: { $0.key < $1.key }).pages(of: view.configuration.pageRows) {
                    try await view.postgres.withTransaction(.readOnly) { session in
                        moment = try await ViewMoment(session, epoch: office.epoch)
                        try await bring(kind, Dictionary(uniqueKeysWithValues: page), session)
                    }
                }
            }
        }
    }
}

extension Array {
    /// The elements in pieces of at most this length.
    func pages(of length: Int) -> [[Element]] {
        stride(from: 0, to: count, by: length).map { Array(self[$0..<Swift.min($0 + length, count)]) }
    }
}
