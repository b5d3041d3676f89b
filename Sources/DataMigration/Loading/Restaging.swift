import Domain
import Postgres
import SourceTree

/// Makes the typed rows of files that were loaded by an earlier run, from their stored bytes: the tables they were
/// staged in are unlogged, and dropped after a cutover.
struct Restaging: Sendable {
    let session: PostgresSession
    let migration: Migration

    /// Contents up to this size are held in memory; bytes.
    private static let heldBytes: Int64 = 8 << 20

    /// Stages every current file whose rows are not staged.
    func restage() async throws {
        let layout = StagingLayout(purpose: .load)
        let loader = ChunkLoader(session: session, layout: layout, commitsChunks: false)
        for statement in layout.creation { try await session.query(statement) }
        let files = try await session.query(
            """
            SELECT f.file_id, f.path, f.member_path, f.size, coalesce(c.sha256, f.sha256) AS content,
                coalesce(c.size, f.size) AS content_size, f.container_file_id IS NOT NULL AS is_member
            FROM source.files f LEFT JOIN source.files c ON c.file_id = f.container_file_id
            WHERE f.retired_by IS NULL AND f.parse_state IS NOT NULL
            AND EXISTS (SELECT FROM source.records r WHERE r.file_id = f.file_id)
            AND NOT EXISTS (SELECT FROM staging.staged_files s WHERE s.file_id = f.file_id)
            ORDER BY f.path, f.member_path NULLS FIRST
            """
        ).rows
        for file in files {
            try Task.checkCancellation()
            try await restage(file, loader: loader)
        }
    }

    private func restage(_ file: PostgresRow, loader: ChunkLoader) async throws {
        guard let id = file["file_id"].uuid, let path = file["path"].bytes, let content = file["content"].bytes else {
            return
        }
        let stored = try await StoredFile.open(
            sha256: content,
            size: file["content_size"].integer ?? 0,
            heldBytes: Self.heldBytes,
            session: session
        )
        var batch = StagingBatch()
        let member = file["member_path"].bytes
        let source = RecordExtractor.Source(
            path: migration.source.mappingPath(of: path),
            member: member,
            fileID: id,
            size: Int(file["size"].integer ?? 0)
        )
        var full: [StagingBatch] = []
        _ = try migration.extractor.extract(
            source,
            acceptRepairs: migration.options.acceptRepairs,
            open: { try stored.reader(path: path, member: member) },
            emit: { record in
                try batch.addRows(of: record)
                if batch.size > FileSink.batchBytes {
                    full.append(batch)
                    batch = StagingBatch()
                }
            }
        )
        batch.wholeFiles = [id]
        for batch in full + [batch] { _ = try await loader.load(batch) }
    }
}
