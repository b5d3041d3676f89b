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
