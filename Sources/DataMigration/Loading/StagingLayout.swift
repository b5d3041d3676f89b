import Domain

/// The tables that reading fills: the real ones for a load, temporary twins for a verification.
///
/// The same code reads a tree to load it and to verify it; only the names differ.
struct StagingLayout: Sendable {
    /// What the tables are filled for.
    enum Purpose: Sendable {
        /// `source.*` and unlogged typed tables in schema `staging`, which survive a kill.
        case load
        /// Temporary tables of the session, gone with it.
        case verify
    }

    let purpose: Purpose

    var files: String { name("source.files", "verify_files") }
    var records: String { name("source.records", "verify_records") }
    var findings: String { name("source.findings", "verify_findings") }

    /// The ids of all entries that the walk met, with the facts by which a change of one shows.
    static let seen = "staging.seen"

    /// What a catch-up pass met, without having read it.
    static let walked = "staging.walked"
    /// Those of them that are to be read.
    static let changed = "staging.changed"

    /// The rows that records become in a public table, before foreign keys are derived.
    func typed(_ table: CatalogTable) -> String { name("staging.\(table.name)", "verify_\(table.name)") }

    private func name(_ load: String, _ verify: String) -> String {
        switch purpose {
        case .load: load
        case .verify: "pg_temp.\(verify)"
        }
    }

    /// Columns in the order in which `StagingBatch` writes them.
    static let fileColumns = [
        "file_id", "import_id", "entry_type", "path", "path_text", "link_target", "container_file_id", "member_path",
        "sha256", "size", "mtime_ns", "mode", "parse_state", "parse_error", "parse_offset", "parse_line",
        "parse_column", "rule",
    ]
    static let recordColumns = [
        "record_id", "file_id", "json_pointer", "ordinal", "byte_start", "byte_end", "kind", "natural_id", "doc",
        "doc_reason", "sha256", "source_rank", "newest_at", "resolution", "outcome", "reason",
    ]
    static let findingColumns = [
        "finding_id", "file_id", "record_id", "rule", "severity", "message", "pointer", "byte_offset", "line",
        "column_number", "proposal",
    ]
    static let seenColumns = ["file_id", "path", "size", "mtime_ns", "ctime_ns", "inode", "mode"]
    static let walkedColumns = [
        "path", "entry_type", "size", "mtime_ns", "ctime_ns", "inode", "device", "mode", "link_target", "error",
    ]

    /// The columns in front of a typed table's own: which row of which record it is and how good a candidate.
    static let typedPrefix = ["record_id", "row_role", "row_rank", "row_key"]

    static func typedColumns(_ table: CatalogTable) -> [String] {
        typedPrefix + table.mappedColumns.map { quoted($0.name) }
    }

    /// Statements that make the tables where they are missing.
    var creation: [String] {
        switch purpose {
        case .load:
            return [
                "CREATE UNLOGGED TABLE IF NOT EXISTS \(Self.seen) (\(Self.seenShape))",
                """
                CREATE UNLOGGED TABLE IF NOT EXISTS \(Self.walked) (path bytea, entry_type text, size bigint,
                    mtime_ns bigint, ctime_ns bigint, inode bigint, device bigint, mode int, link_target bytea, error text)
                """,
                "CREATE UNLOGGED TABLE IF NOT EXISTS \(Self.changed) (LIKE \(Self.walked), ordinal bigint PRIMARY KEY)",
                "CREATE UNLOGGED TABLE IF NOT EXISTS staging.staged_files (file_id uuid PRIMARY KEY)",
            ]
                + CatalogTable.all.map { "CREATE UNLOGGED TABLE IF NOT EXISTS \(typed($0)) AS \(typedShape($0))" }
        case .verify:
            return ["files", "records", "findings"].map {
                "CREATE TEMPORARY TABLE verify_\($0) (LIKE source.\($0) INCLUDING DEFAULTS)"
            } + CatalogTable.all.map { "CREATE TEMPORARY TABLE verify_\($0.name) AS \(typedShape($0))" }
        }
    }

    /// Statements that remove what `creation` made.
    var removal: [String] {
        switch purpose {
        case .load:
            (["seen", "walked", "changed", "staged_files"] + CatalogTable.all.map(\.name)).map {
                "DROP TABLE IF EXISTS staging.\($0)"
            }
        case .verify:
            (["files", "records", "findings"] + CatalogTable.all.map(\.name)).map {
                "DROP TABLE IF EXISTS pg_temp.verify_\($0)"
            }
        }
    }

    private static let seenShape =
        "file_id uuid, path bytea, size bigint, mtime_ns bigint, ctime_ns bigint, inode bigint, mode int"

    private func typedShape(_ table: CatalogTable) -> String {
        let columns = table.mappedColumns.map { "t.\(quoted($0.name))" }.joined(separator: ", ")
        return """
            SELECT NULL::uuid AS record_id, ''::text AS row_role, 0::int AS row_rank, NULL::uuid AS row_key, \(columns)
            FROM public.\(quoted(table.name)) t WITH NO DATA
            """
    }
}

/// An identifier in double quotes; the names are ours, the quoting is for words like `role` and `path`.
func quoted(_ identifier: String) -> String {
    "\"" + identifier.replacing("\"", with: "\"\"") + "\""
}
