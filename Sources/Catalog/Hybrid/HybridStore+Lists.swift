public import Domain
import Postgres
import SyncMiddleware

extension HybridStore {
    /// A page, as PostgreSQL has it now.
    public func list(_ query: ListQuery, clearance: Sensitivity) async throws -> DocumentPage {
        let start = try query.start()
        let statement = try DocumentStatement(query, clearance: clearance)
        guard query.kind == .assets || clearance >= .unstated else {
            return DocumentPage(documents: [], next: nil, total: query.wantsTotal ? 0 : nil)
        }
        let page = statement.page(after: start, limit: query.limit + 1)
        let found = try await instance.query(page.text, page.parameters).rows.compactMap { document(query.kind, $0) }
        let documents = Array(found.prefix(query.limit))
        let next = found.count > query.limit ? documents.last.map { ListCursor($0.key).text } : nil
        var total: Int?
        if query.wantsTotal {
            let row = try await instance.query(statement.count, statement.parameters).first
            total = Int(row?["total"].integer ?? 0)
        }
        return DocumentPage(documents: documents, next: next, total: total)
    }

    /// A ranked search by the schema's `search_assets`.
    public func search(_ query: SearchQuery, clearance: Sensitivity) async throws -> SearchResult {
        try query.check()
        let started = ContinuousClock.now
        let parameters: [PostgresValue] = [
            .text(query.text), .optional(query.type), .optional(query.owner), .optional(query.namespace),
            .optional(query.sensitivity), .integer(Int64(query.limit)), .text(clearance.rawValue),
        ]
        let rows = try await instance.query(Self.searchStatement, parameters).rows
        return SearchResult(
            total: Int(rows.first?["total"].integer ?? 0),
            documents: rows.compactMap { document(.assets, $0) },
            duration: .now - started
        )
    }

    private static let searchStatement = """
        SELECT s.total, \(DocumentStatement.columns(.assets, alias: "t"))
        FROM public.search_assets($1, $2, $3, $4, $5, $6::int, $7) WITH ORDINALITY AS s (
            asset_id, asset_name, asset_type, category, owner, namespace, sensitivity, description, rank, total, place
        ) JOIN public.assets t ON t.asset_id = s.asset_id ORDER BY s.place
        """

    /// Counts, in one statement.
    public func statistics(clearance: Sensitivity) async throws -> CatalogStatistics {
        try await counter.statistics(clearance: clearance) { try await self.counted(clearance: clearance) }
    }

    private func counted(clearance: Sensitivity) async throws -> CatalogStatistics {
        let words = Sensitivity.allCases.filter { $0 <= clearance }.map(\.rawValue)
        let rows = try await instance.longQuery(
            Self.statisticsStatement,
            [.textArray(words), .boolean(clearance >= .unstated)]
        ).rows
        var counts: [String: [String: Int]] = [:]
        for row in rows {
            // Two spellings of one word are equal strings, and counted together as in the other home.
            counts[row["what"].string ?? "", default: [:]][row["word"].string ?? "", default: 0] +=
                Int(row["count"].integer ?? 0)
        }
        func sum(_ what: String) -> Int { counts[what, default: [:]].values.reduce(0, +) }
        return CatalogStatistics(
            totalAssets: sum("assets"),
            byType: counts["type"] ?? [:],
            byOwner: counts["owner"] ?? [:],
            namespaces: sum("namespaces"),
            totalTasks: sum("tasks"),
            tasksByStatus: counts["tasks"] ?? [:],
            totalAgents: sum("agents"),
            agentsByStatus: counts["agents"] ?? [:]
        )
    }

    private static let statisticsStatement = """
        WITH a AS MATERIALIZED (
            SELECT asset_type, owner, namespace, count(*) AS count FROM public.assets
            WHERE coalesce(sensitivity, 'internal') = ANY ($1::text[]) GROUP BY asset_type, owner, namespace
        )
        SELECT 'assets' AS what, '' AS word, coalesce(sum(count), 0)::bigint AS count FROM a
        UNION ALL SELECT 'type', asset_type, sum(count)::bigint FROM a WHERE asset_type IS NOT NULL GROUP BY asset_type
        UNION ALL SELECT 'owner', owner, sum(count)::bigint FROM a WHERE owner IS NOT NULL GROUP BY owner
        UNION ALL SELECT 'namespaces', '', count(DISTINCT namespace) FROM a
        UNION ALL SELECT 'tasks', coalesce(task_status, 'unknown'), count(*) FROM public.tasks WHERE $2::boolean
            GROUP BY task_status
        UNION ALL SELECT 'agents', coalesce(agent_status, 'unknown'), count(*) FROM public.agents WHERE $2::boolean
            GROUP BY agent_status
        """
}

extension SearchQuery {
    /// Throws `catalog.invalid` for what no search takes.
    func check() throws(CatalogError) {
        guard (1...ListQuery.maximumLimit).contains(limit) else {
            throw .invalid("/limit", "must be 1 to \(ListQuery.maximumLimit)")
        }
        let texts = [
            ("query", text), ("type", type), ("owner", owner), ("namespace", namespace), ("sensitivity", sensitivity),
        ]
        for (name, text) in texts where text?.utf8.contains(0) == true {
            throw .invalid("/\(name)", "must not hold U+0000")
        }
        if let sensitivity, Sensitivity(rawValue: sensitivity) == nil {
            let words = Sensitivity.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalid("/sensitivity", "must be one of \(words)")
        }
    }
}
