import Domain
import Foundation
import Postgres
import SourceTree
import Synchronization
import Testing

@testable import DataMigration

@Suite("A large file that is written to in place while its records are taken")
struct TornFileTests {
    private static let path = "coordination/events/events.jsonl"
    /// More than is held in memory and than a batch holds, so that records go out before the last one is read.
    private static let eventCount = 2_000
    private static let isFile = "entry_type <> 'dir'"

    @Test("leaves nothing of its old contents, and is read anew")
    func inPlace() async throws {
        try await MigrationHarness.with { harness in
            let writes = try await load(harness, isLast: false) { writes in writes == 0 }
            #expect(writes == 1)
            #expect(
                try await harness.column(
                    "SELECT (doc ->> 'actor') || ': ' || count(*) FROM source.records GROUP BY doc ->> 'actor'"
                ) == ["writer 1: \(Self.eventCount)"]
            )
            try await expect(harness, files: 1, blobs: 1, wholeFiles: 1, events: Int64(Self.eventCount))
        }
    }

    @Test("again and again is left for the next pass")
    func hot() async throws {
        try await MigrationHarness.with { harness in
            let writes = try await load(harness, isLast: false) { _ in true }
            #expect(writes >= 3)
            try await expect(harness, files: 0, blobs: 0, wholeFiles: 0, events: 0)
        }
    }

    @Test("again and again is noted as hot in the last pass")
    func hotInLastPass() async throws {
        try await MigrationHarness.with { harness in
            _ = try await load(harness, isLast: true) { _ in true }
            try await expect(harness, files: 1, blobs: 0, wholeFiles: 0, events: 0)
            #expect(try await harness.column("SELECT rule FROM source.findings") == ["hot_file"])
            #expect(
                try await harness.column("SELECT entry_type FROM source.files WHERE \(Self.isFile)") == ["unreadable"]
            )
        }
    }

    /// What is left in the tables.
    private func expect(
        _ harness: MigrationHarness,
        files: Int64,
        blobs: Int64,
        wholeFiles: Int64,
        events: Int64
    ) async throws {
        #expect(try await harness.count("SELECT count(*) FROM source.files WHERE \(Self.isFile)") == files)
        #expect(try await harness.count("SELECT count(*) FROM source.blobs") == blobs)
        #expect(try await harness.count("SELECT count(DISTINCT sha256) FROM source.blob_chunks") == blobs)
        #expect(try await harness.count("SELECT count(*) FROM staging.staged_files") == wholeFiles)
        #expect(try await harness.count("SELECT count(*) FROM source.records") == events)
    }

    /// Reads the file and loads what comes of it; before a batch with records goes out the file is written to, if the
    /// closure, which is told how often it was, says so.
    ///
    /// Gives how often the file was written to.
    private func load(
        _ harness: MigrationHarness,
        isLast: Bool,
        writes: @escaping @Sendable (Int) -> Bool
    ) async throws -> Int {
        try harness.write(Self.path, Self.events(writer: 0))
        let migration = try harness.migration()
        let count = Mutex(0)
        try await harness.client.withSession { session in
            let row = try await ImportRow.open(
                session: session,
                source: migration.source,
                extraction: "test",
                toolVersion: "test"
            )
            let reader = TreeReader(
                source: migration.source,
                extractor: migration.extractor,
                options: migration.options,
                importID: row.importID
            )
            let loader = ChunkLoader(session: session, layout: StagingLayout(purpose: .load), commitsChunks: true)
            try await loader.prepare()
            try await BatchPipe<StagingBatch>.run { pipe in
                let reading = TreeReading(reader: reader, known: KnownFiles(), isLast: isLast) { batch in
                    let written = count.withLock { $0 }
                    if batch.records.rowCount > 0, batch.abandoned.isEmpty, writes(written) {
                        count.withLock { $0 += 1 }
                        try harness.write(Self.path, Self.events(writer: written + 1))
                    }
                    try pipe.put(batch)
                }
                let walker = try TreeWalker(root: migration.source)
                while let entry = try walker.next() { try reading.take(entry) }
                try reading.finish()
            } consume: { pipe in
                while let batch = try await pipe.next() { _ = try await loader.load(batch) }
            }
        }
        return count.withLock { $0 }
    }

    /// Events of one writer; those of two are of the same size.
    private static func events(writer: Int) -> [UInt8] {
        let text = String(repeating: "x", count: 4_000)
        var lines = ""
        for number in 0..<eventCount {
            lines += #"{"event_id": "event-\#(number)", "event_type": "task.updated", "#
            lines += #""actor": "writer \#(writer)", "details": {"text": "\#(text)"}}"# + "\n"
        }
        return Array(lines.utf8)
    }
}
