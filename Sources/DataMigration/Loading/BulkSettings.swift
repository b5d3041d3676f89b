import Postgres

/// Settings of a session that moves a tree: those of a server are for many small statements at a time, not for a few
/// large ones.
///
/// They end with the session, and what the server allows more of is left.
enum BulkSettings {
    /// Sorts and hash tables of resolving and verifying fit, at 10^5 records.
    private static let memory = [("work_mem", "64MB"), ("maintenance_work_mem", "256MB")]

    /// Sets them for the rest of the session, or of the transaction where that is rolled back.
    static func apply(to session: PostgresSession) async throws {
        for (name, size) in memory {
            try await session.query(
                """
                SELECT set_config($1, $2, false) WHERE pg_size_bytes(current_setting($1)) < pg_size_bytes($2)
                """,
                [.text(name), .text(size)]
            )
        }
        // The bytes of files are stored compressed, which is most of the work of storing them; lz4 is several times
        // faster than the default, where the server has it.
        try await session.query(
            """
            SELECT set_config(name, 'lz4', false) FROM pg_settings
            WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)
            """
        )
    }
}
