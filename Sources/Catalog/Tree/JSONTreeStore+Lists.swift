public import Domain
import Foundation

extension JSONTreeStore {
    /// A page of the rows in memory.
    public func list(_ query: ListQuery, clearance: Sensitivity) async throws -> DocumentPage {
        let start = try query.start()
        let filters = try TreeFilters(query)
        let snapshot = try await snapshot(.recent)
        var matching = snapshot.rows(query.kind.table, after: start?.text).lazy
            .filter { $0.sensitivity <= clearance && filters.match($0, in: snapshot) }.makeIterator()
        var found: [TreeRow] = []
        while found.count <= query.limit, let row = matching.next() { found.append(row) }
        var total: Int?
        if query.wantsTotal {
            total = snapshot.rows(query.kind.table).count {
                $0.sensitivity <= clearance && filters.match($0, in: snapshot)
            }
        }
        let documents = found.prefix(query.limit).map { snapshot.document(query.kind, $0) }
        let next = found.count > query.limit ? documents.last.map { ListCursor($0.key).text } : nil
        return DocumentPage(documents: Array(documents), next: next, total: total)
    }

    /// Assets with all words of the query in any of their texts, or with the query as it is in id, name or description.
    public func search(_ query: SearchQuery, clearance: Sensitivity) async throws -> SearchResult {
        try query.check()
        let started = ContinuousClock.now
        let snapshot = try await snapshot(.recent)
        let search = TreeSearch(query)
        var hits: [(rank: Double, name: String, row: TreeRow)] = []
        for row in snapshot.rows(.assets) where row.sensitivity <= clearance {
            if let rank = search.rank(row) { hits.append((rank, row["asset_name"].asText ?? "", row)) }
        }
        hits.sort { ($1.rank, $0.name, $0.row.key) < ($0.rank, $1.name, $1.row.key) }
        return SearchResult(
            total: hits.count,
            documents: hits.prefix(query.limit).map { snapshot.document(.assets, $0.row) },
            duration: .now - started
        )
    }

    /// Counts of the rows in memory.
    public func statistics(clearance: Sensitivity) async throws -> CatalogStatistics {
        let snapshot = try await snapshot(.recent)
        let assets = snapshot.rows(.assets).filter { $0.sensitivity <= clearance }
        func counts(_ rows: [TreeRow], _ column: String, unknown: String?) -> [String: Int] {
            rows.reduce(into: [:]) { counts, row in
                if let word = row[column].asText ?? unknown { counts[word, default: 0] += 1 }
            }
        }
        let others = clearance >= .unstated
        let (tasks, agents) = others ? (Array(snapshot.rows(.tasks)), Array(snapshot.rows(.agents))) : ([], [])
        return CatalogStatistics(
            totalAssets: assets.count,
            byType: counts(assets, "asset_type", unknown: nil),
            byOwner: counts(assets, "owner", unknown: nil),
            namespaces: counts(assets, "namespace", unknown: nil).count,
            totalTasks: tasks.count,
            tasksByStatus: counts(tasks, "task_status", unknown: "unknown"),
            totalAgents: agents.count,
            agentsByStatus: counts(agents, "agent_status", unknown: "unknown")
        )
    }
}

/// The filters of a list, held against rows in memory.
private struct TreeFilters {
    private let conditions: [(match: CatalogFilter.Match, value: String)]

    /// Throws `catalog.invalid` as the statement of the other home does.
    init(_ query: ListQuery) throws(CatalogError) {
        _ = try DocumentStatement(query, clearance: .secret)
        conditions = CatalogFilter.all(of: query.kind).compactMap { filter in
            query.filters[filter.name].map { (filter.match, $0) }
        }
    }

    func match(_ row: TreeRow, in snapshot: TreeSnapshot) -> Bool {
        conditions.allSatisfy { condition in
            let value = condition.value
            switch condition.match {
            case .equals(let names):
                // A reference, or the name as written where it refers to nothing.
                let first = names.lazy.map { snapshot.value($0, of: row) }.first { $0 != .null }
                return first == .text(value) || first == .boolean(value == "true")
            case .contains(let name):
                guard case .textArray(let texts) = row[name] else { return false }
                return texts.contains(value)
            case .text(let names):
                return names.contains { TreeSearch.holds(row[$0].asText, value.lowercased()) }
            }
        }
    }
}

/// A search among assets in memory: words without stems.
private struct TreeSearch {
    private let query: SearchQuery
    private let part: String
    private let words: [String]

    init(_ query: SearchQuery) {
        self.query = query
        part = query.text.trimmingCharacters(in: .whitespaces).lowercased()
        words = Self.words(part)
    }

    private static func words(_ text: String) -> [String] {
        text.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
    }

    /// Whether a text holds a part, the case of letters aside; the first 4,096 characters count.
    static func holds(_ text: String?, _ part: String) -> Bool {
        text.map { $0.prefix(4_096).lowercased().contains(part) } ?? false
    }

    /// How well an asset matches; nil where it does not.
    func rank(_ row: TreeRow) -> Double? {
        for (value, column) in [
            (query.type, "asset_type"), (query.owner, "owner"), (query.namespace, "namespace"),
            (query.sensitivity, "sensitivity"),
        ] {
            if let value, row[column].asText != value { return nil }
        }
        if part.isEmpty { return 0 }
        var rank = 0.0
        if row.key.lowercased() == part { rank += 4 }
        if row["asset_name"].asText?.lowercased() == part { rank += 2 }
        if Self.holds(row["asset_name"].asText, part) { rank += 1 }
        if Self.holds(row.key, part) { rank += 0.5 }
        let isPart = rank > 0 || Self.holds(row["description"].asText, part)
        var texts = [
            "asset_name", "asset_type", "category", "subcategory", "description", "path", "url", "namespace", "owner",
        ]
        .compactMap { row[$0].asText }
        texts.append(row.key)
        if case .textArray(let tags) = row["tags"] { texts += tags }
        let known = Set(texts.flatMap(Self.words))
        let isFound = !words.isEmpty && words.allSatisfy(known.contains)
        guard isPart || isFound else { return nil }
        return rank + (isFound ? 0.1 : 0)
    }
}
