import Domain
import Postgres

/// Each public row against the row that its record becomes when it is read from disk and mapped again.
struct RowComparison: Sendable {
    let session: PostgresSession
    let toleratesChanges: Bool

    private let layout = StagingLayout(purpose: .verify)

    /// Compares all tables, column by column.
    func compare() async throws -> (VerificationCheck, [Difference]) {
        var compared = 0
        var different = 0
        var differences: [Difference] = []
        for table in CatalogTable.all {
            let result = try await compare(table)
            compared += result.compared
            different += result.different
            differences += result.differences.prefix(max(0, Verifier.listed - differences.count))
        }
        return (VerificationCheck(name: "rows", compared: compared, different: different), differences)
    }

    private struct TableResult {
        var compared: Int
        var different: Int
        var differences: [Difference]
    }

    private func compare(_ table: CatalogTable) async throws -> TableResult {
        try await session.query("DROP TABLE IF EXISTS pg_temp.verify_expected")
        try await session.query(expectedRows(table))
        try await session.query("CREATE INDEX ON verify_expected (record_id)")
        try await session.query("ANALYZE verify_expected")
        let compared = try await session.query(
            "SELECT count(*) AS n FROM public.\(table.name) t WHERE \(imported)"
        ).rows[0]["n"].integer
        var result = TableResult(compared: Int(compared ?? 0), different: 0, differences: [])
        for sql in [valueDifferences(table), missingRows(table), unfoundedRows(table)] {
            let rows = try await session.query(sql).rows
            result.different += rows.count
            result.differences += rows.prefix(Verifier.listed).map { row in
                Difference(
                    layer: "rows",
                    path: row["path"].string,
                    recordID: row["record_id"].string,
                    table: table.name,
                    key: row["key"].string,
                    column: row["column_name"].string,
                    expected: row["expected"].string,
                    actual: row["actual"].string
                )
            }
        }
        return result
    }

    /// Rows that came from a record of the tree that is being verified.
    private var imported: String {
        "t.source_record_id IN (SELECT record_id FROM verify_records)"
            + (toleratesChanges ? " AND t.version = t.imported_version" : "")
    }

    private func keyText(_ table: CatalogTable, _ row: String) -> String {
        "concat_ws('/', \(table.key.map { "\(row).\(quoted($0))::text" }.joined(separator: ", ")))"
    }

    private func stagedKeyText(_ table: CatalogTable) -> String {
        "concat_ws('/', \(ResolutionSQL.keyExpressions(table).map { "\($0)::text" }.joined(separator: ", ")))"
    }

    private func sameKey(_ table: CatalogTable) -> String {
        zip(ResolutionSQL.keyExpressions(table), table.key).map { "\($0) = t.\(quoted($1))" }.joined(separator: " AND ")
    }

    /// The row that each record becomes for each key: where it becomes several, the best.
    private func expectedRows(_ table: CatalogTable) -> String {
        let keys = (["s.record_id"] + ResolutionSQL.keyExpressions(table)).joined(separator: ", ")
        return """
            CREATE TEMPORARY TABLE verify_expected AS SELECT DISTINCT ON (\(keys)) s.* FROM \(layout.typed(table)) s
            ORDER BY \(keys), s.row_rank, s.row_role
            """
    }

    /// One row per column that differs.
    private func valueDifferences(_ table: CatalogTable) -> String {
        let mapped = table.mappedColumns.filter { !table.key.contains($0.name) }
        let pairs = mapped.map { column in
            "('\(column.name)', \(ResolutionSQL.comparable(column, "s"))::text, "
                + "\(ResolutionSQL.comparable(column, "t"))::text)"
        }
        return """
            SELECT f.path_text AS path, t.source_record_id AS record_id, \(keyText(table, "t")) AS key,
                c.column_name, left(c.expected, 200) AS expected, left(c.actual, 200) AS actual
            FROM public.\(table.name) t
            JOIN verify_expected s ON s.record_id = t.source_record_id AND \(sameKey(table))
            JOIN verify_records r ON r.record_id = t.source_record_id
            JOIN verify_files f ON f.file_id = r.file_id
            CROSS JOIN LATERAL (VALUES \(pairs.joined(separator: ", "))) c (column_name, expected, actual)
            WHERE c.expected IS DISTINCT FROM c.actual AND \(imported)
            ORDER BY key, column_name
            """
    }

    /// Keys that resolved records have and the table lacks.
    private func missingRows(_ table: CatalogTable) -> String {
        let tolerated =
            toleratesChanges
            ? """
            AND NOT EXISTS (SELECT FROM cortex.deleted_rows x WHERE x.kind = '\(table.name)'
                AND x.key = \(ResolutionSQL.keyExpressions(table).map { "\($0)::text" }.joined(separator: " || E'\\x1f' || ")))
            """ : ""
        return """
            SELECT DISTINCT ON (key) f.path_text AS path, s.record_id, \(stagedKeyText(table)) AS key,
                NULL AS column_name, 'a row' AS expected, 'no row' AS actual
            FROM verify_expected s JOIN source.records r ON r.record_id = s.record_id AND r.outcome = 'resolved'
            JOIN source.files f ON f.file_id = r.file_id
            WHERE NOT EXISTS (SELECT FROM public.\(table.name) t WHERE \(sameKey(table))) \(tolerated)
            ORDER BY key
            """
    }

    /// Rows whose record does not become them, or does not win.
    private func unfoundedRows(_ table: CatalogTable) -> String {
        """
        SELECT f.path_text AS path, t.source_record_id AS record_id, \(keyText(table, "t")) AS key,
            'source_record_id' AS column_name, 'a resolved record that becomes this row' AS expected, r.outcome AS actual
        FROM public.\(table.name) t JOIN source.records r ON r.record_id = t.source_record_id
        JOIN source.files f ON f.file_id = r.file_id
        WHERE \(imported) AND (r.outcome <> 'resolved' OR NOT EXISTS (
            SELECT FROM verify_expected s WHERE s.record_id = t.source_record_id AND \(sameKey(table))))
        ORDER BY key
        """
    }
}
