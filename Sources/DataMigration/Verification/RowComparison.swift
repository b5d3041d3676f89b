import Domain
import Postgres

/// Each public row against the row that its record becomes when it is read from disk and mapped again.
struct RowComparison: Sendable {
    let session: PostgresSession
    let toleratesChanges: Bool

    private let layout = StagingLayout(purpose: .verify)

    /// Compares all tables, column by column.
    func compare() async throws -> VerificationCheck {
        var compared = 0
        var different = 0
        for table in CatalogTable.all {
            try await session.query("DROP TABLE IF EXISTS pg_temp.verify_expected")
            try await session.query(expectedRows(table))
            try await session.query("CREATE INDEX ON verify_expected (record_id)")
            try await session.query("ANALYZE verify_expected (record_id)")
            let rows = try await session.query("SELECT count(*) AS n FROM public.\(table.name) t WHERE \(imported)")
                .rows
            compared += Int(rows[0]["n"].integer ?? 0)
            for select in [valueDifferences(table), missingRows(table), unfoundedRows(table)] {
                different += try await Verifier.note(
                    """
                    SELECT 'rows', path, NULL::uuid, record_id, '\(table.name)', key, column_name, expected, actual
                    FROM (\(select)) q ORDER BY key, column_name
                    """,
                    session: session
                )
            }
        }
        return VerificationCheck(name: "rows", compared: compared, different: different)
    }

    /// Rows that came from a record of the tree that is being verified.
    private var imported: String {
        "t.source_record_id IN (SELECT record_id FROM verify_records)"
            + (toleratesChanges ? " AND t.version = t.imported_version" : "")
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
        func whole(_ row: String) -> String {
            mapped.map { ResolutionSQL.comparable($0, row) }.joined(separator: ", ")
        }
        return """
            SELECT f.path_text AS path, t.source_record_id AS record_id, \(table.keyText("t")) AS key,
                c.column_name, left(c.expected, 200) AS expected, left(c.actual, 200) AS actual
            FROM public.\(table.name) t
            JOIN verify_expected s ON s.record_id = t.source_record_id AND \(sameKey(table))
                AND (\(whole("s"))) IS DISTINCT FROM (\(whole("t")))
            JOIN verify_records r ON r.record_id = t.source_record_id
            JOIN verify_files f ON f.file_id = r.file_id
            CROSS JOIN LATERAL (VALUES \(pairs.joined(separator: ", "))) c (column_name, expected, actual)
            WHERE c.expected IS DISTINCT FROM c.actual AND \(imported)
            """
    }

    /// Keys that resolved records have and the table lacks.
    private func missingRows(_ table: CatalogTable) -> String {
        let tolerated = toleratesChanges ? "AND NOT \(ResolutionSQL.isDeletedSinceCutover(table))" : ""
        // A row of the key that no record stands behind is not the record's row, unless programs may have made it.
        let founded = toleratesChanges ? "" : "AND t.source_record_id IN (SELECT record_id FROM source.records)"
        return """
            SELECT DISTINCT ON (key) f.path_text AS path, s.record_id, \(stagedKeyText(table)) AS key,
                NULL AS column_name, 'a row' AS expected, 'no row' AS actual
            FROM verify_expected s JOIN source.records r ON r.record_id = s.record_id AND r.outcome = 'resolved'
            JOIN source.files f ON f.file_id = r.file_id
            WHERE NOT EXISTS (SELECT FROM public.\(table.name) t WHERE \(sameKey(table)) \(founded)) \(tolerated)
            ORDER BY key
            """
    }

    /// Rows whose record does not become them, or does not win.
    private func unfoundedRows(_ table: CatalogTable) -> String {
        """
        SELECT f.path_text AS path, t.source_record_id AS record_id, \(table.keyText("t")) AS key,
            'source_record_id' AS column_name, 'a resolved record that becomes this row' AS expected, r.outcome AS actual
        FROM public.\(table.name) t JOIN source.records r ON r.record_id = t.source_record_id
        JOIN source.files f ON f.file_id = r.file_id
        WHERE \(imported) AND (r.outcome <> 'resolved' OR NOT EXISTS (
            SELECT FROM verify_expected s WHERE s.record_id = t.source_record_id AND \(sameKey(table))))
        """
    }
}
