import Domain
import Postgres
import SourceTree

/// Stage 1: the tree is read on a thread of its own while the batch before is being sent.
struct TreeImport: Sendable {
    let session: PostgresSession
    let reader: TreeReader
    let layout: StagingLayout
    let commitsChunks: Bool
    let clock: PhaseClock

    /// What reading came to.
    struct Outcome: Sendable {
        var rowsChanged = 0
        var progress = StagingBatch.Progress()

        static func += (left: inout Outcome, right: Outcome) {
            left.rowsChanged += right.rowsChanged
            left.progress += right.progress
        }
    }

    var loader: ChunkLoader { ChunkLoader(session: session, layout: layout, commitsChunks: commitsChunks) }

    /// Reads the whole tree into the layout's tables.
    func read() async throws -> Outcome {
        try await BulkSettings.apply(to: session)
        try await loader.prepare()
        let known = layout.purpose == .load ? try await prepareLoad() : KnownFiles()
        var reader = reader
        reader.storesBytes = layout.purpose == .load
        // A verification has no second pass: a file that is hot then is one that the database cannot have.
        let isLast = layout.purpose == .verify
        return try await load { [reader] pipe in try reader.read(known: known, isLast: isLast, into: pipe) }
    }

    /// Loads what the closure, on a thread of its own, reads.
    func load(_ read: @escaping @Sendable (BatchPipe<StagingBatch>) throws -> Void) async throws -> Outcome {
        let loader = loader
        return try await BatchPipe<StagingBatch>.run(produce: read) { pipe in
            var outcome = Outcome()
            while let batch = try await pipe.next() {
                outcome.rowsChanged += try await loader.load(batch)
                outcome.progress += batch.progress
                let progress = outcome.progress
                clock.progressed(files: progress.files, records: progress.records, bytes: progress.bytes)
            }
            return outcome
        }
    }

    /// Clears what a killed run left half done and returns what is there whole.
    private func prepareLoad() async throws -> KnownFiles {
        try await session.query("TRUNCATE \(StagingLayout.seen)")
        let partial = try await session.query(
            "SELECT file_id FROM source.files WHERE entry_type = 'file' AND parse_state IS NULL"
        ).rows
        for row in partial {
            guard let id = row["file_id"].uuid else { continue }
            guard commitsChunks else {
                try await ChunkLoader.remove(fileID: id, session: session)
                continue
            }
            try await session.withTransaction { try await ChunkLoader.remove(fileID: id, session: session) }
        }
        if !partial.isEmpty {
            try await session.query(
                """
                DELETE FROM source.blob_chunks c WHERE NOT EXISTS
                (SELECT FROM source.blobs b WHERE b.sha256 = c.sha256)
                """
            )
        }
        return try await KnownFiles.select("SELECT file_id FROM source.files", session: session)
    }
}

extension KnownFiles {
    /// The files whose ids a query gives.
    static func select(_ sql: String, session: PostgresSession) async throws -> KnownFiles {
        var ids: [DeterministicID] = []
        try await session.forEachRow(sql, []) { row in
            if let id = row["file_id"].uuid { ids.append(id) }
        }
        return KnownFiles(ids)
    }
}

extension PostgresCell {
    /// The id; nil for NULL and for what is no UUID.
    var uuid: DeterministicID? {
        guard let digits = string?.utf8.filter({ $0 != UInt8(ascii: "-") }), digits.count == 32 else { return nil }
        let text = String(decoding: digits, as: UTF8.self)
        guard let high = UInt64(text.prefix(16), radix: 16), let low = UInt64(text.suffix(16), radix: 16) else {
            return nil
        }
        return DeterministicID(high: high, low: low)
    }
}
