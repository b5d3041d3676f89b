import Domain
import LosslessJSON
import Postgres
import SourceTree

/// Commits batches: each is one transaction, and what it holds is then the point to resume from.
///
/// With `commitsChunks` false every batch runs inside the caller's transaction (dry run, verification).
struct ChunkLoader: Sendable {
    let session: PostgresSession
    let layout: StagingLayout
    let commitsChunks: Bool

    /// Makes the tables.
    func prepare() async throws {
        for statement in layout.creation { try await session.query(statement) }
        if layout.purpose == .load {
            for table in ["blobs", "blob_chunks", "findings"] {
                try await session.query("CREATE TEMPORARY TABLE IF NOT EXISTS batch_\(table) (LIKE source.\(table))")
            }
        }
    }

    /// Writes a batch and returns how many rows of `source.*` it added.
    func load(_ batch: StagingBatch) async throws -> Int {
        guard commitsChunks else { return try await write(batch) }
        return try await session.withTransaction { try await write(batch) }
    }

    private func write(_ batch: StagingBatch) async throws -> Int {
        var changed = 0
        if layout.purpose == .load {
            changed += try await writeBlobs(batch)
            changed -= try await abandon(batch)
        }
        changed += try await copy(batch.files, into: layout.files, StagingLayout.fileColumns)
        changed += try await copy(batch.records, into: layout.records, StagingLayout.recordColumns)
        changed += try await writeFindings(batch)
        if layout.purpose == .load {
            try await copy(batch.seen, into: StagingLayout.seen, StagingLayout.seenColumns)
        }
        for table in CatalogTable.all {
            guard let rows = batch.typed[table.name] else { continue }
            try await copy(rows, into: layout.typed(table), StagingLayout.typedColumns(table))
        }
        try await complete(batch)
        return changed
    }

    /// Copies encoded rows into a table and gives their number.
    @discardableResult
    func copy(_ rows: StagedRows, into table: String, _ columns: [String]) async throws -> Int {
        guard rows.rowCount > 0 else { return 0 }
        return try await session.copyIn(
            "COPY \(table) (\(columns.joined(separator: ", "))) FROM STDIN (FORMAT binary)"
        ) { writer in
            // Two pieces, so that the rows are not copied for the sake of two bytes.
            try await writer.write(rows.bytes)
            try await writer.write(CopyBinaryEncoder.trailer)
        }
    }

    /// The same observation about the same place is one finding.
    private func writeFindings(_ batch: StagingBatch) async throws -> Int {
        let columns = StagingLayout.findingColumns.joined(separator: ", ")
        guard layout.purpose == .load, batch.findings.rowCount > 0 else { return 0 }
        try await session.query("TRUNCATE pg_temp.batch_findings")
        try await copy(batch.findings, into: "pg_temp.batch_findings", [columns])
        return try await session.query(
            """
            INSERT INTO \(layout.findings) (\(columns)) SELECT \(columns) FROM pg_temp.batch_findings
            ON CONFLICT (finding_id) DO NOTHING
            """
        ).affected
    }

    /// Contents that are stored already are left as they are: each is kept once.
    private func writeBlobs(_ batch: StagingBatch) async throws -> Int {
        var changed = 0
        for (rows, name) in [(batch.blobs, "blobs"), (batch.blobChunks, "blob_chunks")] where rows.rowCount > 0 {
            let columns = name == "blobs" ? "sha256, size" : "sha256, ordinal, bytes"
            try await session.query("TRUNCATE pg_temp.batch_\(name)")
            try await copy(rows, into: "pg_temp.batch_\(name)", [columns])
            changed += try await session.query(
                "INSERT INTO source.\(name) (\(columns)) SELECT \(columns) FROM pg_temp.batch_\(name) ON CONFLICT DO NOTHING"
            ).affected
        }
        return changed
    }

    /// Marks files as whole in the transaction that makes them so.
    private func complete(_ batch: StagingBatch) async throws {
        guard layout.purpose == .load else { return try await updateStates(batch) }
        if !batch.wholeFiles.isEmpty {
            try await session.query(
                "INSERT INTO staging.staged_files SELECT unnest($1::uuid[]) ON CONFLICT DO NOTHING",
                [.text(Self.array(batch.wholeFiles))]
            )
        }
        try await updateStates(batch)
        for completion in batch.completions {
            let id = PostgresValue.text(completion.fileID.description)
            try await session.query("INSERT INTO staging.staged_files VALUES ($1::uuid) ON CONFLICT DO NOTHING", [id])
        }
    }

    private func updateStates(_ batch: StagingBatch) async throws {
        for completion in batch.completions {
            let reading = completion.reading
            try await session.query(
                """
                UPDATE \(layout.files) SET parse_state = $2, parse_error = $3, parse_offset = $4::bigint,
                    parse_line = $5::bigint, parse_column = $6::bigint, rule = $7 WHERE file_id = $1::uuid
                """,
                [
                    .text(completion.fileID.description), .text(reading.state.rawValue),
                    reading.error.map { .text($0.message) } ?? .null,
                    reading.error.map { .integer(Int64($0.offset)) } ?? .null,
                    reading.error.map { .integer(Int64($0.line)) } ?? .null,
                    reading.error.map { .integer(Int64($0.column)) } ?? .null,
                    reading.rule.map { .text($0) } ?? .null,
                ]
            )
        }
    }

    /// Takes back what earlier batches added of files; gives how many rows of `source.*` that were.
    private func abandon(_ batch: StagingBatch) async throws -> Int {
        var removed = 0
        for file in batch.abandoned {
            removed += try await Self.remove(fileID: file.fileID, session: session)
            guard let sha256 = file.sha256 else { continue }
            let content = PostgresValue.bytes(sha256)
            removed += try await session.query(
                """
                DELETE FROM source.blobs b WHERE b.sha256 = $1
                AND NOT EXISTS (SELECT FROM source.files f WHERE f.sha256 = b.sha256)
                """,
                [content]
            ).affected
            removed += try await session.query(
                """
                DELETE FROM source.blob_chunks c WHERE c.sha256 = $1
                AND NOT EXISTS (SELECT FROM source.blobs b WHERE b.sha256 = c.sha256)
                """,
                [content]
            ).affected
        }
        return removed
    }

    /// Removes everything of a file that is not whole, and of its members; gives how many rows of `source.*` that were.
    @discardableResult
    static func remove(fileID: DeterministicID, session: PostgresSession) async throws -> Int {
        let id = PostgresValue.text(fileID.description)
        let files = "(SELECT file_id FROM source.files WHERE $1::uuid IN (file_id, container_file_id))"
        for table in CatalogTable.all {
            try await session.query(
                """
                DELETE FROM staging.\(table.name) WHERE record_id IN
                (SELECT record_id FROM source.records WHERE file_id IN \(files))
                """,
                [id]
            )
        }
        try await session.query("DELETE FROM staging.staged_files WHERE file_id IN \(files)", [id])
        var removed = 0
        for table in ["source.findings", "source.records", "source.files"] {
            removed += try await session.query("DELETE FROM \(table) WHERE file_id IN \(files)", [id]).affected
        }
        return removed
    }

    static func array(_ ids: [DeterministicID]) -> String {
        "{" + ids.map(\.description).joined(separator: ",") + "}"
    }
}
