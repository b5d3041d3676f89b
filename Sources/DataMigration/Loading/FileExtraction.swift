import Crypto
import Diagnostics
import Domain
import SourceTree

/// Takes the records out of a file and, where it is a container, out of its members.
struct FileExtraction {
    let reader: TreeReader
    let sink: FileSink

    /// Members up to this size are held in memory; of larger ones the container is read a second time; bytes.
    private static let heldBytes = 1 << 20

    /// The id of a content at a place.
    static func fileID(path: [UInt8], member: [UInt8]?, content: [UInt8]) -> DeterministicID {
        DeterministicID(namespace: .file, parts: [path, member ?? [], content])
    }

    /// Reads the file of the sink's open row to its end and closes it; `open` may be called more than once.
    func extract(_ row: StagingBatch.FileRow, open: () throws -> RecordExtractor.ByteReader) throws {
        let container = Container(path: row.path)
        let reading = try extractRecords(row, open: open)
        sink.end(reading)
        guard let container else { return }
        do {
            try extractMembers(of: row, container: container, open: open)
        } catch let error as any CortexError where error.code == .compressionInvalid {
            let record = Container.quarantined(fileID: row.fileID, size: Int(row.size ?? 0), reason: error.message)
            try sink.batch.add(record, fileID: row.fileID)
            let finding = Finding(rule: .compressedInvalid, message: error.message)
            sink.batch.add(finding, fileID: row.fileID, recordID: record.recordID)
        }
    }

    private func extractRecords(
        _ row: StagingBatch.FileRow,
        open: () throws -> RecordExtractor.ByteReader
    ) throws -> FileReading {
        // A verification has nothing that could be taken back.
        let retract = reader.storesBytes ? { try sink.retract() } : nil
        return try reader.extractor.extract(
            RecordExtractor.Source(
                path: reader.source.mappingPath(of: row.path),
                member: row.memberPath,
                fileID: row.fileID,
                size: Int(row.size ?? 0)
            ),
            acceptRepairs: reader.options.acceptRepairs,
            open: open,
            retract: retract,
            emit: { try sink.add($0) }
        )
    }

    // MARK: Containers

    private func extractMembers(
        of row: StagingBatch.FileRow,
        container: Container,
        open: () throws -> RecordExtractor.ByteReader
    ) throws {
        var large: Set<Int> = []
        try container.forEachMember(size: row.size, source: try open()) { index, member, bytes in
            guard let first = try Self.hold(bytes) else {
                large.insert(index)
                return
            }
            try extractMember(memberRow(of: row, member: member, sha256: first.sha256, size: first.bytes.count)) {
                RecordExtractor.reader(of: first.bytes)
            }
        }
        for index in large.sorted() { try extractLarge(index, of: row, container: container, open: open) }
    }

    private func extractMember(
        _ row: StagingBatch.FileRow,
        open: () throws -> RecordExtractor.ByteReader
    ) throws {
        sink.begin(row)
        sink.end(try extractRecords(row, open: open))
        try sink.flushIfLarge()
    }

    /// A member that is not held: hashed in one pass over the container, read in the next ones.
    private func extractLarge(
        _ index: Int,
        of row: StagingBatch.FileRow,
        container: Container,
        open: () throws -> RecordExtractor.ByteReader
    ) throws {
        var found: StagingBatch.FileRow?
        try container.forEachMember(size: row.size, source: try open()) { position, member, bytes in
            guard position == index else { return }
            let (sha256, size) = try Self.hash(bytes)
            found = memberRow(of: row, member: member, sha256: sha256, size: size)
        }
        guard let memberRow = found else { return }
        try extractMember(memberRow) {
            try container.reader(ofMember: index, size: row.size, source: try open())
        }
    }

    private func memberRow(
        of row: StagingBatch.FileRow,
        member: Container.Member,
        sha256: [UInt8],
        size: Int
    ) -> StagingBatch.FileRow {
        StagingBatch.FileRow(
            fileID: Self.fileID(path: row.path, member: member.path, content: sha256),
            importID: row.importID,
            entryType: .file,
            path: row.path,
            container: row.fileID,
            memberPath: member.path,
            sha256: sha256,
            size: Int64(size),
            mtimeNanoseconds: member.mtimeNanoseconds ?? row.mtimeNanoseconds,
            mode: member.mode ?? row.mode
        )
    }

    /// The bytes and their hash; nil where there are more than are held.
    private static func hold(_ reader: RecordExtractor.ByteReader) throws -> (bytes: [UInt8], sha256: [UInt8])? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = try ByteSlices.fill(&buffer, from: reader)
            if count == 0 { return (bytes, Array(SHA256.hash(data: bytes))) }
            guard bytes.count + count <= heldBytes else { return nil }
            bytes += buffer[..<count]
        }
    }

    private static func hash(_ reader: RecordExtractor.ByteReader) throws -> (sha256: [UInt8], size: Int) {
        var hash = SHA256()
        var size = 0
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = try ByteSlices.fill(&buffer, from: reader)
            if count == 0 { return (Array(hash.finalize()), size) }
            hash.update(data: buffer[..<count])
            size += count
        }
    }
}
