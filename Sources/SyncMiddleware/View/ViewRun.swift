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

    // An asset that readers see promises that no edge is missing for its sake. So an asset is hidden before its edges, and
    // shown after them; and whoever puts a hidden edge hides the asset that hides it first, of the same snapshot. Whatever
    // dies in between, or goes on beside it, the next look at an asset that may be shown finds that it was hidden, and
    // reads its edges again.

    /// Reads these rows and brings the view up to what they are.
    mutating func bring(_ kind: ViewKind, _ due: [ExactText: Due], _ session: PostgresSession) async throws {
        let ids = due.keys.sorted().map(\.text)
        switch kind {
        case .assets: try await bringAssets(ids, due, session)
        case .lineage: try await bringLineage(ids, due, session)
        case .agents, .tasks: try await bringRows(kind, ids, due, session)
        }
    }

    /// Rows whose being shown changes nothing for others.
    mutating func bringRows(
        _ kind: ViewKind,
        _ ids: [String],
        _ due: [ExactText: Due],
        wasVisible: Set<ExactText> = [],
        _ session: PostgresSession
    ) async throws {
        var there: Set<ExactText> = []
        try await ViewReader(session: session).rows(kind, ids) { row in
            let id = ExactText(row.id)
            there.insert(id)
            var change = ViewChange(kind, row, news: due[id]?.news)
            change.wasVisible = wasVisible.contains(id)
            try await add(change)
        }
        for id in ids where !there.contains(ExactText(id)) {
            let due = due[ExactText(id)]
            try await add(ViewChange(gone: id, kind, version: due?.version ?? 0, news: due?.news))
        }
        try await flush()
    }

    /// Assets, and the edges of those that are not to be shown, or were not.
    mutating func bringAssets(_ ids: [String], _ due: [ExactText: Due], _ session: PostgresSession) async throws {
        guard view.configuration.kinds.contains(.lineage) else {
            return try await bringRows(.assets, ids, due, session)
        }
        let before = try await view.store.visible(.assets, ids)
        let rows = try await session.query(ViewQueries.openAssets, [.textArray(ids)]).rows
        let open = Set(rows.compactMap { $0["id"].string.map(ExactText.init) })
        let hidden = ids.filter { !open.contains(ExactText($0)) }
        try await bringRows(.assets, hidden, due, session)
        // The view does not know hidden assets, so whether one that is not shown was hidden before is unknown.
        let turned = hidden + ids.filter { open.contains(ExactText($0)) && !before.contains(ExactText($0)) }
        if !turned.isEmpty { try await bringEdges(of: turned.sorted(), at: due.values.first?.news?.at, session) }
        let shown = ids.filter { open.contains(ExactText($0)) }
        try await bringRows(.assets, shown, due, wasVisible: before, session)
    }

    /// Edges to assets that were shown or hidden are shown or hidden with them.
    private mutating func bringEdges(of assets: [String], at: String?, _ session: PostgresSession) async throws {
        var ids = try await view.store.dangling(assets)
        let rows = try await session.query(ViewQueries.lineageOfAssets, [.textArray(assets)]).rows
        ids.formUnion(rows.compactMap { $0["id"].string })
        let news = at.map { ViewChange.News(action: "update", at: $0) }
        for page in ids.sorted().pages(of: view.configuration.pageRows) {
            let due = page.map { (ExactText($0), Due(version: 0, news: news)) }
            try await bringLineage(page, Dictionary(uniqueKeysWithValues: due), session)
        }
    }

    /// Edges, after the assets that hide them.
    mutating func bringLineage(_ ids: [String], _ due: [ExactText: Due], _ session: PostgresSession) async throws {
        if view.configuration.kinds.contains(.assets) {
            let hidden = try await session.query(ViewQueries.hiddenEnds, [.textArray(ids)]).rows.compactMap {
                $0["id"].string
            }
            let news = due.values.lazy.compactMap(\.news).first.map { ViewChange.News(action: "update", at: $0.at) }
            let ends = hidden.map { (ExactText($0), Due(version: 0, news: news)) }
            try await bringRows(.assets, hidden, Dictionary(uniqueKeysWithValues: ends), session)
        }
        try await bringRows(.lineage, ids, due, session)
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
