import Domain
import Postgres

/// Forgets what a verification found to differ, so that reading the tree again brings just that back.
///
/// Works on the table of differences that the verification left in the session.
struct Repair: Sendable {
    let session: PostgresSession

    /// Removes the files that differ, or whose records or bytes do, with everything that was read from them, and the
    /// contents that are damaged.
    ///
    /// Rows are left: resolving compares each with its record and writes what differs.
    /// Gives the number of files.
    func forgetDifferent() async throws -> Int {
        try await session.query("DROP TABLE IF EXISTS pg_temp.repair_files")
        try await session.query(
            """
            CREATE TEMPORARY TABLE repair_files AS
            SELECT DISTINCT coalesce(f.container_file_id, f.file_id) AS file_id
            FROM \(Verifier.differences) v JOIN source.files f ON f.file_id = v.file_id
            UNION SELECT f.file_id FROM source.files f JOIN verify_damaged d ON d.sha256 = f.sha256
                WHERE f.container_file_id IS NULL
            """
        )
        // Members go with their container, whoever they claim to belong to.
        try await session.query(
            """
            INSERT INTO repair_files SELECT f.file_id FROM source.files f JOIN repair_files r ON r.file_id = f.container_file_id
            UNION SELECT v.file_id FROM \(Verifier.differences) v JOIN source.files f ON f.file_id = v.file_id
            """
        )
        return try await session.withTransaction {
            try await session.query("SET CONSTRAINTS ALL DEFERRED")
            var files = 0
            for table in ["findings", "records", "files"] {
                files = try await session.query(
                    "DELETE FROM source.\(table) WHERE file_id IN (SELECT file_id FROM repair_files)"
                ).affected
            }
            for table in ["blob_chunks", "blobs"] {
                try await session.query(
                    "DELETE FROM source.\(table) WHERE sha256 IN (SELECT sha256 FROM verify_damaged)"
                )
            }
            // Rows staged from what is forgotten would be staged twice.
            for statement in StagingLayout(purpose: .load).removal { try await session.query(statement) }
            return files
        }
    }
}
