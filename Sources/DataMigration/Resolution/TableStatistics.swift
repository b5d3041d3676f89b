import Domain
import Postgres

/// Statistics of the tables that a load fills, for the planner.
enum TableStatistics {
    /// Collects them column by column.
    ///
    /// Documents are left out, and with a list of columns the server leaves out what
    /// indexes are made of: both are asked for by operators whose estimates use no statistics, and they are most of the
    /// work.
    static func collect(_ session: PostgresSession) async throws {
        for table in CatalogTable.all {
            let columns = table.columns.filter { $0.type != .json }.map { quoted($0.name) }
            try await collect(
                "public.\(table.name)",
                columns + ["version", "imported_version", "source_record_id"],
                session
            )
        }
        let recordColumns = StagingLayout.recordColumns.filter { $0 != "doc" } + ["superseded_by"]
        try await collect("source.records", recordColumns, session)
        for table in ["source.files", "source.findings"] { try await session.query("ANALYZE \(table)") }
    }

    private static func collect(_ table: String, _ columns: [String], _ session: PostgresSession) async throws {
        try await session.query("ANALYZE \(table) (\(columns.joined(separator: ", ")))")
    }
}
