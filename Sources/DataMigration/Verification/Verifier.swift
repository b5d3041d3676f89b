import Domain
import Postgres
import SourceTree

/// Compares a tree with the database, five ways, in bounded memory.
///
/// The tree is read again from disk into temporary tables by the same code that loads; what the database holds is
/// then compared with that, set-wise. Stored bytes are streamed back and hashed here, not by the server. Every
/// difference becomes a row of a temporary table: the report lists the first of them, a repair works on all.
struct Verifier: Sendable {
    let session: PostgresSession
    let root: String
    /// Rows changed or deleted since the cutover are no difference.
    let toleratesChanges: Bool

    /// At most this many differences are listed; the counts are always complete.
    static let listed = 1_000

    /// The temporary table of all differences.
    static let differences = "verify_differences"

    /// The type of a row of one document: two such rows can be compared as they are stored.
    private static let documentForm = "verify_document"

    private static let differenceColumns =
        "layer, path, file_id, record_id, table_name, key, column_name, expected, actual"

    /// Runs every check; the tree must have been read into the `verify` tables of this session.
    ///
    /// The table of differences stays until the next verification of the session.
    func verify() async throws -> VerificationReport {
        // Without statistics the planner takes all these tables for small and joins them row by row. No indexes: records
        // are compared whole, and an index in the order of their ids would fetch them one by one from everywhere.
        try await session.query("ANALYZE verify_files")
        try await session.query("ANALYZE verify_records (record_id, file_id, kind)")
        try await session.query("CREATE TEMPORARY TABLE IF NOT EXISTS \(Self.documentForm) (doc jsonb)")
        try await session.query("DROP TABLE IF EXISTS pg_temp.\(Self.differences)")
        try await session.query(
            """
            CREATE TEMPORARY TABLE \(Self.differences) (number bigint GENERATED ALWAYS AS IDENTITY, layer text,
                path text, file_id uuid, record_id uuid, table_name text, key text, column_name text, expected text, actual text)
            """
        )
        let checks = [
            try await compareFiles(), try await compareRecords(), try await compareLedger(),
            try await RowComparison(session: session, toleratesChanges: toleratesChanges).compare(),
            try await compareReferences(),
        ]
        return VerificationReport(checks: checks, differences: try await listDifferences())
    }

    /// Notes what a query finds, in its order, and gives the number of rows.
    ///
    /// The query gives the columns of `differenceColumns`, in that order.
    static func note(_ select: String, _ parameters: [PostgresValue] = [], session: PostgresSession) async throws -> Int
    {
        try await session.query("INSERT INTO \(differences) (\(differenceColumns)) \(select)", parameters).affected
    }

    private func listDifferences() async throws -> [Difference] {
        try await session.query(
            """
            SELECT \(Self.differenceColumns) FROM \(Self.differences) ORDER BY number LIMIT \(Self.listed)
            """
        ).rows.map { row in
            Difference(
                layer: row["layer"].string ?? "",
                path: row["path"].string,
                recordID: row["record_id"].string,
                table: row["table_name"].string,
                key: row["key"].string,
                column: row["column_name"].string,
                expected: row["expected"].string,
                actual: row["actual"].string
            )
        }
    }

    // MARK: Files

    private func compareFiles() async throws -> VerificationCheck {
        let stored = try await StoredContents(session: session).damaged()
        try await session.query("DROP TABLE IF EXISTS pg_temp.verify_damaged")
        try await session.query("CREATE TEMPORARY TABLE verify_damaged (sha256 bytea)")
        for sha256 in stored.damaged {
            try await session.query("INSERT INTO verify_damaged VALUES ($1)", [.bytes(sha256)])
        }
        let different = try await Self.note(
            """
            SELECT 'files', path, file_id, NULL, 'source.files', NULL, column_name, coalesce(expected, 'no such file'),
                coalesce(actual, 'not in the database')
            FROM (
                SELECT coalesce(d.path_text, f.path_text) AS path, file_id, 'sha256' AS column_name,
                    CASE WHEN d.path IS NOT NULL THEN d.entry_type || coalesce(' ' || encode(d.sha256, 'hex'), '') END AS expected,
                    CASE WHEN f.path IS NOT NULL THEN f.entry_type || coalesce(' ' || encode(f.sha256, 'hex'), '') END AS actual
                FROM verify_files d FULL JOIN (
                    SELECT f.* FROM source.files f JOIN source.imports i USING (import_id)
                    WHERE f.retired_by IS NULL AND (i.root = $1 OR EXISTS (
                        SELECT FROM verify_files v WHERE v.file_id = f.file_id))
                ) f USING (file_id)
                WHERE d.path IS NULL OR f.path IS NULL
                UNION ALL
                SELECT d.path_text, d.file_id, c.column_name, left(c.expected, 200), left(coalesce(c.actual, 'nothing'), 200)
                FROM verify_files d JOIN source.files f USING (file_id)
                CROSS JOIN LATERAL (VALUES ('entry_type', d.entry_type, f.entry_type),
                    ('path', encode(d.path, 'hex'), encode(f.path, 'hex')), ('path_text', d.path_text, f.path_text),
                    ('link_target', encode(d.link_target, 'hex'), encode(f.link_target, 'hex')),
                    ('container_file_id', d.container_file_id::text, f.container_file_id::text),
                    ('member_path', encode(d.member_path, 'hex'), encode(f.member_path, 'hex')),
                    ('sha256', encode(d.sha256, 'hex'), encode(f.sha256, 'hex')), ('size', d.size::text, f.size::text),
                    ('parse_state', d.parse_state, f.parse_state), ('rule', d.rule, f.rule)
                ) c (column_name, expected, actual)
                WHERE f.retired_by IS NULL AND c.expected IS DISTINCT FROM c.actual
                UNION ALL
                SELECT d.path_text, d.file_id, 'bytes', encode(d.sha256, 'hex'), 'stored bytes are missing or damaged'
                FROM verify_files d WHERE d.container_file_id IS NULL AND d.sha256 IS NOT NULL
                AND (d.sha256 IN (SELECT sha256 FROM verify_damaged)
                    OR NOT EXISTS (SELECT FROM source.blobs b WHERE b.sha256 = d.sha256))
            ) q ORDER BY path, column_name
            """,
            [.text(root)],
            session: session
        )
        let compared = try await count("SELECT count(*) FROM verify_files")
        return VerificationCheck(name: "files", compared: compared, different: different)
    }

    // MARK: Records

    private func compareRecords() async throws -> VerificationCheck {
        let different = try await Self.note(
            """
            SELECT 'records', coalesce(s.path_text, f.path_text), coalesce(d.file_id, s.file_id), record_id,
                'source.records', coalesce(d.natural_id, s.natural_id),
                CASE WHEN d.kind IS NULL OR s.kind IS NULL OR d.sha256 IS DISTINCT FROM s.sha256 THEN 'sha256'
                    WHEN d.kind IS DISTINCT FROM s.kind THEN 'kind'
                    WHEN d.natural_id IS DISTINCT FROM s.natural_id THEN 'natural_id'
                    WHEN d.doc::text IS DISTINCT FROM s.doc::text THEN 'doc'
                    WHEN (d.byte_start, d.byte_end, d.json_pointer) IS DISTINCT FROM
                        (s.byte_start, s.byte_end, s.json_pointer) THEN 'byte_start'
                    WHEN d.file_id IS DISTINCT FROM s.file_id THEN 'file_id'
                    ELSE 'outcome' END AS column_name,
                CASE WHEN d.kind IS NULL THEN 'no such record in the file' ELSE encode(d.sha256, 'hex') END,
                CASE WHEN s.kind IS NULL THEN 'not in the database' ELSE encode(s.sha256, 'hex') END
            FROM verify_records d LEFT JOIN verify_files f USING (file_id) FULL JOIN (
                SELECT r.*, f.path_text FROM source.records r JOIN source.files f USING (file_id)
                WHERE f.retired_by IS NULL AND EXISTS (SELECT FROM verify_files v WHERE v.file_id = f.file_id)
            ) s USING (record_id)
            WHERE d.kind IS NULL OR s.kind IS NULL
            OR (d.file_id, d.sha256, d.kind, d.natural_id, d.json_pointer, d.byte_start, d.byte_end, d.doc_reason)
                IS DISTINCT FROM (s.file_id, s.sha256, s.kind, s.natural_id, s.json_pointer, s.byte_start, s.byte_end,
                s.doc_reason)
            -- Stored alike is written alike; the texts, which are slow to make, tell about the others.
            OR (ROW(d.doc)::\(Self.documentForm) *<> ROW(s.doc)::\(Self.documentForm)
                AND d.doc::text IS DISTINCT FROM s.doc::text)
            OR (d.outcome = 'resolved') IS DISTINCT FROM (s.outcome IN ('resolved', 'superseded'))
            ORDER BY 2, 4
            """,
            session: session
        )
        let compared = try await count("SELECT count(*) FROM verify_records")
        return VerificationCheck(name: "records", compared: compared, different: different)
    }

    // MARK: Ledger

    /// What was read from disk, kind by kind, against what the database says became of it.
    private func compareLedger() async throws -> VerificationCheck {
        let kinds = """
            SELECT coalesce(d.kind, s.kind) AS kind, coalesce(d.read, 0) AS read, coalesce(s.ended, 0) AS ended
            FROM (SELECT kind, count(*) AS read FROM verify_records GROUP BY kind) d
            FULL JOIN (
                SELECT r.kind, count(*) FILTER (WHERE r.outcome IS NOT NULL) AS ended
                FROM source.records r JOIN source.files f USING (file_id)
                WHERE f.retired_by IS NULL AND EXISTS (SELECT FROM verify_files v WHERE v.file_id = f.file_id)
                GROUP BY r.kind
            ) s USING (kind)
            """
        let different = try await Self.note(
            """
            SELECT 'ledger', NULL, NULL::uuid, NULL::uuid, 'source.records', kind, 'outcome', read || ' read',
                ended || ' ended' FROM (\(kinds)) k WHERE read <> ended ORDER BY kind
            """,
            session: session
        )
        let compared = try await count("SELECT count(*) FROM (\(kinds)) k")
        return VerificationCheck(name: "ledger", compared: compared, different: different)
    }

    // MARK: References

    /// A foreign key that is NULL although the row it names exists, or the other way round.
    private func compareReferences() async throws -> VerificationCheck {
        var compared = 0
        var different = 0
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
                different += try await Self.note(
                    """
                    SELECT 'references', NULL, NULL::uuid, t.source_record_id, '\(table.name)', \(table.keyText("t")),
                        '\(column.name)', left(CASE WHEN \(exists) THEN \(raw) END, 200), left(t.\(quoted(column.name)), 200)
                    FROM public.\(table.name) t WHERE t.source_record_id IS NOT NULL \(changed)
                    AND t.\(quoted(column.name)) IS DISTINCT FROM CASE WHEN \(exists) THEN \(raw) END
                    ORDER BY 6
                    """,
                    session: session
                )
            }
        }
        return VerificationCheck(name: "references", compared: compared, different: different)
    }

    private func count(_ sql: String) async throws -> Int {
        Int(try await session.query(sql).rows[0][0].integer ?? 0)
    }
}
