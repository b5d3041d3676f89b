import Postgres

/// The temporary tables that an export plans in: what happens to which bytes is never held in memory.
enum ExportTables {
    private static let definitions = [
        // Spans of files that get another text, or go with the comma or line end around them.
        "actions": """
        file_id uuid, record_id uuid PRIMARY KEY, json_pointer text, byte_start bigint, byte_end bigint,
        is_removal boolean, replacement bytea
        """,
        "removed_files": "file_id uuid PRIMARY KEY",
        "created_files": "path bytea PRIMARY KEY, content bytea, mode int, table_name text, row_key text",
        // Records that are no more, and those that go on in a file of their own.
        "removed_records": "record_id uuid PRIMARY KEY",
        // Elements of lists in records that imply rows which are no more.
        // Records inside of others or around others, exact repeats, and records without an id of kinds without repeats:
        // looked up for each change, found out once.
        "nesting": "record_id uuid PRIMARY KEY, is_inside boolean, is_inside_row boolean, has_inner boolean",
        "unnamed": "record_id uuid, kind text, sha256 bytea",
        "repeats": "record_id uuid, superseded_by uuid",
        // What each written record of a kind without repeats says.
        "written": "kind text, natural_id text, sha256 bytea, record_id uuid",
        "elements": "record_id uuid, json_pointer text, table_name text, row_key text",
    ]

    /// Makes the tables, empty; outside of a transaction, for a read-only one may fill them but not make them.
    static func make(_ session: PostgresSession) async throws {
        try await drop(session)
        for (name, columns) in definitions {
            try await session.query("CREATE TEMPORARY TABLE export_\(name) (\(columns))")
        }
        try await session.query("CREATE INDEX ON export_actions (file_id, byte_start)")
        try await session.query("CREATE INDEX ON export_elements (record_id)")
        try await session.query("CREATE INDEX ON export_repeats (superseded_by)")
        for table in ["written", "unnamed"] {
            try await session.query("CREATE INDEX ON export_\(table) (sha256)")
        }
    }

    /// Fills in what follows from the stored records; in the transaction of the plan.
    static func survey(_ session: PostgresSession) async throws {
        try await session.query(
            """
            INSERT INTO export_nesting
            SELECT record_id, coalesce(around >= byte_end, false), coalesce(around_row >= byte_end, false),
                coalesce(next < byte_end, false)
            FROM (
                SELECT r.record_id, r.byte_end, max(r.byte_end) OVER before AS around,
                    max(r.byte_end) FILTER (WHERE r.outcome = 'resolved') OVER before AS around_row,
                    lead(r.byte_start) OVER (PARTITION BY r.file_id, r.ordinal ORDER BY r.byte_start, r.byte_end DESC) AS next
                FROM source.records r JOIN source.files f USING (file_id)
                WHERE f.retired_by IS NULL AND r.outcome IN ('resolved', 'superseded')
                WINDOW before AS (PARTITION BY r.file_id, r.ordinal ORDER BY r.byte_start, r.byte_end DESC
                    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
            ) places WHERE around >= byte_end OR next < byte_end
            """
        )
        try await session.query(
            """
            INSERT INTO export_repeats SELECT record_id, superseded_by FROM source.records
            WHERE superseded_by IS NOT NULL AND resolution = 'each_distinct'
            """
        )
        try await session.query(
            """
            INSERT INTO export_unnamed SELECT r.record_id, r.kind, r.sha256 FROM source.records r
            JOIN source.files f USING (file_id)
            WHERE f.retired_by IS NULL AND r.natural_id IS NULL AND r.resolution = 'each_distinct' AND r.outcome = 'resolved'
            """
        )
    }

    /// Removes them.
    static func drop(_ session: PostgresSession) async throws {
        for name in definitions.keys { try await session.query("DROP TABLE IF EXISTS pg_temp.export_\(name)") }
    }
}

extension PostgresSession {
    /// Hands the rows of a statement to the body in pages of a cursor, so that the body can run statements too.
    func forEachPage(
        _ cursor: String,
        _ sql: String,
        size: Int = 200,
        _ body: (PostgresRow) async throws -> Void
    ) async throws {
        try await query("DECLARE \(cursor) NO SCROLL CURSOR FOR \(sql)")
        while true {
            let page = try await query("FETCH \(size) FROM \(cursor)").rows
            if page.isEmpty { break }
            for row in page { try await body(row) }
        }
        try await query("CLOSE \(cursor)")
    }
}
