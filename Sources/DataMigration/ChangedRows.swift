import Domain
import Postgres

/// Rows that programs changed, deleted or made since the cutover: listed, never touched.
struct ChangedRows: Sendable {
    let session: PostgresSession

    /// At most so many are listed; the counts are complete.
    static let listed = 10_000

    func collect() async throws -> ChangedSinceCutover {
        var facts = ChangedSinceCutover()
        for table in CatalogTable.all {
            let rows = try await session.query(
                """
                SELECT key, change, count(*) OVER () AS total FROM (
                    SELECT \(table.keyText("t")) AS key,
                        CASE WHEN t.imported_version IS NULL THEN 'created' ELSE 'updated' END AS change
                    FROM public.\(table.name) t WHERE t.version > t.imported_version
                        OR (t.imported_version IS NULL AND t.source_record_id IS NULL \(Self.byPrograms(table)))
                    UNION ALL
                    SELECT replace(x.key, E'\\x1f', '/'), 'deleted' FROM cortex.deleted_rows x
                    WHERE x.kind = '\(table.name)' AND x.epoch >= (SELECT epoch FROM cortex.system_mode)
                ) c ORDER BY key, change LIMIT \(max(0, Self.listed - facts.rows.count) + 1)
                """
            ).rows
            facts.total += Int(rows.first?["total"].integer ?? 0)
            facts.rows += rows.prefix(Self.listed - facts.rows.count).map {
                ChangedRow(
                    table: table.name,
                    key: $0["key"].string ?? "",
                    change: $0["change"].string.flatMap(ChangedRow.Change.init(rawValue:)) ?? .updated
                )
            }
        }
        return facts
    }

    /// Rows without a record that loading or triggers made are no program's.
    private static func byPrograms(_ table: CatalogTable) -> String {
        table == .auditLogs ? "AND false" : ""
    }
}

extension CatalogTable {
    /// SQL: the key of a row for people, its columns joined with slashes.
    func keyText(_ row: String) -> String {
        "concat_ws('/', \(key.map { "\(row).\(quoted($0))::text" }.joined(separator: ", ")))"
    }
}
