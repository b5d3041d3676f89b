import Domain
import Postgres
import SourceTree

/// Makes the typed rows of files that were loaded by an earlier run, from their stored bytes: the tables they were
/// staged in are unlogged, and dropped after a cutover.
struct Restaging: Sendable {
    let session: PostgresSession
    let migration: Migration

    /// Contents up to this size are held in memory and their rows gathered with those of others; bytes.
    private static let heldBytes: Int64 = 1 << 20
    /// So many files are looked up at a time.
    private static let pageFiles = 500

    private var loader: ChunkLoader {
        ChunkLoader(session: session, layout: StagingLayout(purpose: .load), commitsChunks: false)
    }

    /// Stages every current file whose rows are not staged.
    func restage() async throws {
        for statement in StagingLayout(purpose: .load).creation { try await session.query(statement) }
        while true {
            // Those that are done are in staged_files, so the first page is always the next one.
            let files = try await session.query(
                """
                SELECT f.file_id, f.path, f.member_path, f.size, coalesce(c.sha256, f.sha256) AS content,
                    coalesce(c.size, f.size) AS content_size
                FROM source.files f LEFT JOIN source.files c ON c.file_id = f.container_file_id
                WHERE f.retired_by IS NULL AND f.parse_state IS NOT NULL
                AND EXISTS (SELECT FROM source.records r WHERE r.file_id = f.file_id)
                AND NOT EXISTS (SELECT FROM staging.staged_files s WHERE s.file_id = f.file_id)
                LIMIT \(Self.pageFiles)
                """
            ).rows
            if files.isEmpty { return }
            var gathered = StagingBatch()
            for file in files {
                try Task.checkCancellation()
                guard let stored = try await StoredRecordFile(file, session: session, heldBytes: Self.heldBytes) else {
                    preconditionFailure("a file with records has a path and a content")
                }
                if stored.isHeld {
                    // Small: it may as well be read on this thread.
                    try stored.extract(with: migration) { try gathered.addRows(of: $0) }
                    gathered.wholeFiles.append(stored.fileID)
                } else {
                    try await restageLarge(stored)
                }
                if gathered.size > FileSink.batchBytes {
                    _ = try await loader.load(gathered)
                    gathered = StagingBatch()
                }
            }
            _ = try await loader.load(gathered)
        }
    }

    /// A file of any size: its rows are loaded while it is read.
    private func restageLarge(_ stored: StoredRecordFile) async throws {
        let (loader, migration) = (loader, migration)
        try await BatchPipe<StagingBatch>.run { pipe in
            var batch = StagingBatch()
            try stored.extract(with: migration) { record in
                try batch.addRows(of: record)
                guard batch.size > FileSink.batchBytes else { return }
                try pipe.put(batch)
                batch = StagingBatch()
            }
            batch.wholeFiles = [stored.fileID]
            try pipe.put(batch)
        } consume: { pipe in
            while let batch = try await pipe.next() { _ = try await loader.load(batch) }
        }
    }
}

/// A file, or a member of one, whose records are taken out of its stored bytes.
private struct StoredRecordFile: Sendable {
    let fileID: DeterministicID
    let isHeld: Bool
    private let path: [UInt8]
    private let member: [UInt8]?
    private let size: Int
    private let content: StoredFile

    init?(_ row: PostgresRow, session: PostgresSession, heldBytes: Int64) async throws {
        guard let id = row["file_id"].uuid, let path = row["path"].bytes, let sha256 = row["content"].bytes else {
            return nil
        }
        fileID = id
        self.path = path
        member = row["member_path"].bytes
        size = Int(row["size"].integer ?? 0)
        let contentSize = row["content_size"].integer ?? 0
        isHeld = contentSize <= heldBytes && Int64(size) <= heldBytes
        content = try await StoredFile.open(
            sha256: sha256,
            size: contentSize,
            heldBytes: heldBytes,
            session: session
        )
    }

    func extract(with migration: Migration, emit: (ExtractedRecord) throws -> Void) throws {
        let source = RecordExtractor.Source(
            path: migration.source.mappingPath(of: path),
            member: member,
            fileID: fileID,
            size: size
        )
        _ = try migration.extractor.extract(
            source,
            acceptRepairs: migration.options.acceptRepairs,
            open: { try content.reader(path: path, member: member) },
            emit: emit
        )
    }
}
