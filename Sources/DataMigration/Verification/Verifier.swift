import Domain
import Postgres
import SourceTree

/// Compares a tree with the database, five ways, in bounded memory.
///
/// The tree is read again from disk into temporary tables by the same code that loads; what the database holds is
/// then compared with that, set-wise. Stored bytes are streamed back and hashed here, not by the server.
struct Verifier: Sendable {
    let session: PostgresSession
    let root: String
    /// Rows changed or deleted since the cutover are no difference.
    let toleratesChanges: Bool

    /// At most this many differences are listed; the counts are always complete.
    static let listed = 1_000

    private var layout: StagingLayout { StagingLayout(purpose: .verify) }

    /// Runs every check; the tree must have been read into the `verify` tables of this session.
    func verify() async throws -> VerificationReport {
        for table in ["verify_files", "verify_records"] {
            try await session.query("CREATE INDEX ON \(table) (file_id)")
            try await session.query("ANALYZE \(table)")
        }
        var checks: [VerificationCheck] = []
        var differences: [Difference] = []
        func add(_ result: (VerificationCheck, [Difference])) {
            checks.append(result.0)
            differences.append(contentsOf: result.1.prefix(max(0, Self.listed - differences.count)))
        }
        add(try await compareFiles())
        add(try await compareRecords())
        add(try await compareLedger())
        add(try await RowComparison(session: session, toleratesChanges: toleratesChanges).compare())
        add(try await compareReferences())
        return VerificationReport(checks: checks, differences: differences)
    }

    // MARK: Files

    private func compareFiles() async throws -> (VerificationCheck, [Difference]) {
        let stored = try await StoredContents(session: session).damaged()
        try await session.query("CREATE TEMPORARY TABLE verify_damaged (sha256 bytea)")
        for sha256 in stored.damaged {
            try await session.query("INSERT INTO verify_damaged VALUES ($1)", [.bytes(sha256)])
        }
        let rows = try await session.query(
            """
            SELECT coalesce(d.path_text, f.path_text) AS path,
                CASE WHEN f.file_id IS NULL THEN d.entry_type || coalesce(' ' || encode(d.sha256, 'hex'), '') END AS expected,
                CASE WHEN d.file_id IS NULL THEN f.entry_type || coalesce(' ' || encode(f.sha256, 'hex'), '') END AS actual,
                'sha256' AS column_name
            FROM verify_files d FULL JOIN (
                SELECT f.* FROM source.files f JOIN source.imports i USING (import_id)
                WHERE f.retired_by IS NULL AND (i.root = $1 OR EXISTS (
                    SELECT FROM verify_files v WHERE v.file_id = f.file_id))
            ) f USING (file_id)
            WHERE d.file_id IS NULL OR f.file_id IS NULL
            UNION ALL
            SELECT d.path_text, d.parse_state, f.parse_state, 'parse_state'
            FROM verify_files d JOIN source.files f USING (file_id)
            WHERE (d.parse_state, d.size, d.link_target) IS DISTINCT FROM (f.parse_state, f.size, f.link_target)
            UNION ALL
            SELECT d.path_text, encode(d.sha256, 'hex'), 'stored bytes are missing or damaged', 'bytes'
            FROM verify_files d WHERE d.container_file_id IS NULL AND d.sha256 IS NOT NULL
            AND (d.sha256 IN (SELECT sha256 FROM verify_damaged)
                OR NOT EXISTS (SELECT FROM source.blobs b WHERE b.sha256 = d.sha256))
            ORDER BY 1, 4
            """,
            [.text(root)]
        ).rows
        let compared = try await count("SELECT count(*) FROM verify_files")
        let differences = rows.prefix(Self.listed).map { row in
            Difference(
                layer: "files",
                path: row["path"].string,
                table: "source.files",
                column: row["column_name"].string,
                expected: row["expected"].string ?? "no such file",
                actual: row["actual"].string ?? "not in the database"
            )
        }
        return (VerificationCheck(name: "files", compared: compared, different: rows.count), differences)
    }

    // MARK: Records

    private func compareRecords() async throws -> (VerificationCheck, [Difference]) {
        let different = """
            FROM verify_records d FULL JOIN (
                SELECT r.*, f.path_text FROM source.records r JOIN source.files f USING (file_id)
                WHERE f.retired_by IS NULL AND EXISTS (SELECT FROM verify_files v WHERE v.file_id = f.file_id)
            ) s USING (record_id)
            WHERE d.record_id IS NULL OR s.record_id IS NULL
            OR (d.sha256, d.kind, d.natural_id, d.json_pointer, d.byte_start, d.byte_end, d.doc::text, d.doc_reason)
                IS DISTINCT FROM
                (s.sha256, s.kind, s.natural_id, s.json_pointer, s.byte_start, s.byte_end, s.doc::text, s.doc_reason)
            OR (d.outcome = 'resolved') IS DISTINCT FROM (s.outcome IN ('resolved', 'superseded'))
            """
        let rows = try await session.query(
            """
            SELECT record_id, coalesce(s.path_text, f.path_text) AS path, coalesce(d.kind, s.kind) AS kind,
                coalesce(d.natural_id, s.natural_id) AS natural_id, d.record_id IS NULL AS extra,
                s.record_id IS NULL AS missing, encode(d.sha256, 'hex') AS expected, encode(s.sha256, 'hex') AS actual,
                CASE WHEN d.sha256 IS DISTINCT FROM s.sha256 THEN 'sha256'
                    WHEN d.kind IS DISTINCT FROM s.kind THEN 'kind'
                    WHEN d.natural_id IS DISTINCT FROM s.natural_id THEN 'natural_id'
                    WHEN d.doc::text IS DISTINCT FROM s.doc::text THEN 'doc'
                    WHEN (d.byte_start, d.byte_end, d.json_pointer) IS DISTINCT FROM
                        (s.byte_start, s.byte_end, s.json_pointer) THEN 'byte_start'
                    ELSE 'outcome' END AS column_name
            \(different.replacing("FROM verify_records d FULL", with: "FROM verify_records d LEFT JOIN verify_files f USING (file_id) FULL"))
            ORDER BY 2, 1 LIMIT \(Self.listed)
            """
        ).rows
        let compared = try await count("SELECT count(*) FROM verify_records")
        let total = try await count("SELECT count(*) \(different)")
        let differences = rows.map { row in
            Difference(
                layer: "records",
                path: row["path"].string,
                recordID: row["record_id"].string,
                table: "source.records",
                key: row["natural_id"].string,
                column: row["column_name"].string,
                expected: row["extra"].boolean == true ? "no such record in the file" : row["expected"].string,
                actual: row["missing"].boolean == true ? "not in the database" : row["actual"].string
            )
        }
        return (VerificationCheck(name: "records", compared: compared, different: total), differences)
    }

    // MARK: Ledger

    /// What was read from disk, kind by kind, against what the database says became of it.
    private func compareLedger() async throws -> (VerificationCheck, [Difference]) {
        let rows = try await session.query(
            """
            SELECT coalesce(d.kind, s.kind) AS kind, coalesce(d.read, 0) AS read, coalesce(s.ended, 0) AS ended
            FROM (SELECT kind, count(*) AS read FROM verify_records GROUP BY kind) d
            FULL JOIN (
                SELECT r.kind, count(*) FILTER (WHERE r.outcome IS NOT NULL) AS ended
                FROM source.records r JOIN source.files f USING (file_id)
                WHERE f.retired_by IS NULL AND EXISTS (SELECT FROM verify_files v WHERE v.file_id = f.file_id)
                GROUP BY r.kind
            ) s USING (kind)
            ORDER BY 1
            """
        ).rows
        let differences = rows.filter { $0["read"].integer != $0["ended"].integer }.map { row in
            Difference(
                layer: "ledger",
                table: "source.records",
                key: row["kind"].string,
                column: "outcome",
                expected: "\(row["read"].integer ?? 0) read",
                actual: "\(row["ended"].integer ?? 0) ended"
            )
        }
        return (VerificationCheck(name: "ledger", compared: rows.count, different: differences.count), differences)
    }

    // MARK: References

    /// A foreign key that is NULL although the row it names exists, or the other way round.
    private func compareReferences() async throws -> (VerificationCheck, [Difference]) {
        var compared = 0
        var differences: [Difference] = []
        for table in CatalogTable.all {
            for column in table.columns {
                guard let reference = column.reference, let target = CatalogTable.named(reference.table) else {
                    continue
                }
                let raw = "t.\(quoted(reference.rawColumn))"
                // A row that a program made may be named by imported rows that dangle; they stay as they are.
                let imported = toleratesChanges ? "AND x.source_record_id IS NOT NULL" : ""
                let exists =
                    "EXISTS (SELECT FROM public.\(target.name) x WHERE x.\(quoted(target.key[0])) = \(raw) \(imported))"
                let changed = toleratesChanges ? "AND t.version = t.imported_version" : ""
                compared += try await count("SELECT count(*) FROM public.\(table.name) t WHERE \(raw) IS NOT NULL")
                let rows = try await session.query(
                    """
                    SELECT t.source_record_id, concat_ws('/', \(table.key.map { "t.\(quoted($0))" }.joined(separator: ", "))) AS key,
                        CASE WHEN \(exists) THEN \(raw) END AS expected, t.\(quoted(column.name)) AS actual
                    FROM public.\(table.name) t WHERE t.source_record_id IS NOT NULL \(changed)
                    AND t.\(quoted(column.name)) IS DISTINCT FROM CASE WHEN \(exists) THEN \(raw) END
                    ORDER BY 2
                    """
                ).rows
                differences += rows.map { row in
                    Difference(
                        layer: "references",
                        recordID: row["source_record_id"].string,
                        table: table.name,
                        key: row["key"].string,
                        column: column.name,
                        expected: row["expected"].string,
                        actual: row["actual"].string
                    )
                }
            }
        }
        return (
            VerificationCheck(name: "references", compared: compared, different: differences.count), differences
        )
    }

    private func count(_ sql: String) async throws -> Int {
        Int(try await session.query(sql).rows[0][0].integer ?? 0)
    }
}
