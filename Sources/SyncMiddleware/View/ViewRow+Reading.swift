import Postgres

extension ViewRow {
    /// A row of `ViewQueries.rows`.
    init(_ kind: ViewKind, _ row: PostgresRow) {
        id = row["id"].string ?? ""
        version = Int(row["version"].integer ?? 0)
        isVisible = row["visible"].boolean ?? false
        body = kind == .lineage ? [] : row["body"].bytes ?? []
        content =
            switch kind {
            case .agents: .agent(type: row["agent_type"].string)
            case .tasks: .task(status: row["task_status"].string, agent: row["assigned_to"].string)
            case .assets:
                .asset(
                    indexes: Dictionary(
                        uniqueKeysWithValues: ViewIndex.allCases.compactMap { index in
                            row[index.column].string.map { (index, $0) }
                        }
                    ),
                    modified: row["modified"].string,
                    checksum: row["checksum"].string
                )
            case .lineage:
                .lineage(
                    upstream: row["upstream"].string,
                    downstream: row["downstream"].string,
                    dangling: [
                        row["upstream_dangles"].boolean == true ? row["upstream"].string : nil,
                        row["downstream_dangles"].boolean == true ? row["downstream"].string : nil,
                    ].compactMap { $0 }
                )
            }
    }
}

/// Reads rows for the view in an open transaction.
struct ViewReader: Sendable {
    let session: PostgresSession

    /// Hands the rows with these ids to the body, in bounded memory.
    func rows(_ kind: ViewKind, _ ids: [String], _ body: (ViewRow) async throws -> Void) async throws {
        guard !ids.isEmpty else { return }
        try await session.forEachRow(ViewQueries.rows(kind), [.textArray(ids)]) { row in
            try await body(ViewRow(kind, row))
        }
    }

    /// Hands the next rows in the order of their ids to the body, in no order, in bounded memory; gives those ids.
    ///
    /// Two statements, so that documents are made of the rows of the page alone, whatever is known about the table.
    @discardableResult
    func page(
        _ kind: ViewKind,
        after last: String?,
        limit: Int,
        _ body: (ViewRow) async throws -> Void
    ) async throws -> [String] {
        let ids = try await ids(kind, after: last, limit: limit)
        try await rows(kind, ids, body)
        return ids
    }

    /// The ids of the next rows.
    func ids(_ kind: ViewKind, after last: String?, limit: Int) async throws -> [String] {
        let parameters: [PostgresValue] = (last.map { [.text($0)] } ?? []) + [.integer(Int64(limit))]
        let rows = try await session.query(ViewQueries.ids(kind, isFirst: last == nil), parameters).rows
        return rows.compactMap { $0["id"].string }
    }
}
