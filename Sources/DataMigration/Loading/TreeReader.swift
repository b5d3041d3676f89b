import Diagnostics
import Domain
import SourceTree

/// What a reading of a tree is made of; `TreeReading` does one.
struct TreeReader: Sendable {
    let source: SourceRoot
    let extractor: RecordExtractor
    let options: MigrationOptions
    let importID: Int64
    /// Whether the bytes of files are handed out beside their records; a verification has no use for them.
    var storesBytes = true

    /// Walks the tree and hands out batches; blocks, so it runs on a thread of its own.
    ///
    /// Files in `known` are only noted as seen. Throws what the walk throws; what is wrong with single entries
    /// becomes findings. A file that changes faster than it can be read is left for the next pass, or, when this pass
    /// `isLast`, noted as unreadable.
    func read(known: KnownFiles, isLast: Bool, into pipe: BatchPipe<StagingBatch>) throws {
        let walker = try TreeWalker(root: source, excluding: options.excludedDirectories)
        try read(known: known, isLast: isLast, into: pipe) { try walker.next() }
    }

    /// Reads these entries, as `read(known:isLast:into:)` does those of a walk.
    func read(
        _ entries: [TreeEntry],
        known: KnownFiles,
        isLast: Bool,
        into pipe: BatchPipe<StagingBatch>
    ) throws {
        var rest = entries[...]
        try read(known: known, isLast: isLast, into: pipe) { rest.popFirst() }
    }

    private func read(
        known: KnownFiles,
        isLast: Bool,
        into pipe: BatchPipe<StagingBatch>,
        next: () throws -> TreeEntry?
    ) throws {
        let reading = TreeReading(reader: self, known: known, isLast: isLast) { try pipe.put($0) }
        while let entry = try next() {
            if pipe.isCancelled { throw CancellationError() }
            try options.beforeEntry(entry)
            try reading.take(entry)
        }
        try reading.finish()
    }
}

/// One reading: takes the walk's entries and fills batches.
///
/// Not safe for use from several threads.
final class TreeReading {
    private let reader: TreeReader
    private let known: KnownFiles
    private let isLast: Bool
    private let sink: FileSink

    init(reader: TreeReader, known: KnownFiles, isLast: Bool, put: @escaping (StagingBatch) throws -> Void) {
        self.reader = reader
        self.known = known
        self.isLast = isLast
        self.sink = FileSink(put: put)
    }

    /// Hands out what is left.
    func finish() throws {
        try sink.flush()
    }

    /// Reads an entry.
    func take(_ entry: TreeEntry) throws {
        guard entry.type == .file else { return try takeOther(entry) }
        let file = StableFile(root: reader.source, path: entry.path)
        var attempts = 0
        while true {
            attempts += 1
            do {
                try takeFile(entry, file: file, content: try file.read(limit: Self.heldBytes))
            } catch let error as SourceTreeError where error.isChange && attempts < Self.mostAttempts {
                continue
            } catch let error as SourceTreeError {
                try takeUnreadable(entry, error: error)
            }
            break
        }
        sink.batch.progress.files += 1
        try sink.flushIfLarge()
    }

    /// So often a large file that changes while its records are taken is read anew before it counts as hot.
    private static let mostAttempts = 3

    /// Files up to this size are held in memory, larger ones are read twice; bytes.
    private static let heldBytes = 1 << 20

    // MARK: Entries that are no files

    private func takeOther(_ entry: TreeEntry) throws {
        var row = row(entry, sha256: nil)
        row.reason = entry.error
        sink.batch.addSeen(row.fileID, path: entry.path, fingerprint: entry.fingerprint, mode: entry.mode)
        if !known.contains(row.fileID) {
            sink.batch.add(row, reading: nil)
            if entry.type == .unreadable {
                let finding = Finding(rule: .unreadableEntry, message: entry.error ?? "cannot be read")
                sink.batch.add(finding, fileID: row.fileID, recordID: nil)
            }
            if let finding = oddName(entry.path) { sink.batch.add(finding, fileID: row.fileID, recordID: nil) }
        }
        try sink.flushIfLarge()
    }

    private func takeUnreadable(_ entry: TreeEntry, error: SourceTreeError) throws {
        switch error.reason {
        case .vanished: return
        case .hot where !isLast, .changedSinceHashed where !isLast:
            sink.batch.progress.pending += 1
            return
        default: break
        }
        var row = row(entry, sha256: nil)
        row.entryType = .unreadable
        row.reason = error.message
        row.fileID = id(path: entry.path, member: nil, content: Array("unreadable".utf8))
        sink.batch.addSeen(row.fileID, path: entry.path, fingerprint: entry.fingerprint, mode: entry.mode)
        guard !known.contains(row.fileID) else { return }
        sink.batch.add(row, reading: nil)
        let rule: FindingRule = error.reason == .hot || error.isChange ? .hotFile : .unreadableEntry
        sink.batch.add(Finding(rule: rule, message: error.message), fileID: row.fileID, recordID: nil)
    }

    // MARK: Files

    private func takeFile(_ entry: TreeEntry, file: StableFile, content: StableFileContent) throws {
        let digest = content.digest
        var row = row(entry, sha256: digest.sha256)
        row.size = digest.size
        row.mtimeNanoseconds = digest.fingerprint.mtimeNanoseconds
        sink.batch.addSeen(row.fileID, path: entry.path, fingerprint: digest.fingerprint, mode: entry.mode)
        sink.batch.progress.bytes += Int(digest.size)
        guard !known.contains(row.fileID) else { return }
        sink.begin(row)
        do {
            if let finding = oddName(entry.path) { sink.add(finding) }
            let bytes = content.bytes
            try store(row: row, bytes: bytes, open: { try file.open(expecting: digest) })
            let open: () throws -> RecordExtractor.ByteReader = {
                if let bytes { return RecordExtractor.reader(of: bytes) }
                return try file.open(expecting: digest).byteReader
            }
            try FileExtraction(reader: reader, sink: sink).extract(row, open: open)
            // A write during the extraction has changed the file's facts: records of two versions may stand side by side.
            if bytes == nil { _ = try file.open(expecting: digest) }
        } catch let error as SourceTreeError {
            try sink.abandon(row)
            throw error
        }
    }

    /// The bytes as chunks; a large file is read a second time and must be what it was the first time.
    private func store(row: StagingBatch.FileRow, bytes: [UInt8]?, open: () throws -> StableFileReader) throws {
        guard reader.storesBytes, let sha256 = row.sha256, let size = row.size else { return }
        var ordinal: Int32 = 0
        if let bytes {
            for start in stride(from: 0, to: bytes.count, by: Self.chunkBytes) {
                let chunk = bytes[start..<min(start + Self.chunkBytes, bytes.count)]
                sink.batch.addBlobChunk(sha256: sha256, ordinal: ordinal, bytes: chunk)
                ordinal += 1
            }
        } else {
            let second = try open()
            var buffer = [UInt8](repeating: 0, count: Self.chunkBytes)
            while true {
                let count = try ByteSlices.fill(&buffer, from: second.byteReader)
                if count == 0 { break }
                sink.batch.addBlobChunk(sha256: sha256, ordinal: ordinal, bytes: buffer[..<count])
                ordinal += 1
                try sink.flushIfLarge()
            }
            try second.finish()
        }
        sink.batch.addBlob(sha256: sha256, size: size)
    }

    /// The size of a stored chunk; bytes.
    static let chunkBytes = 256 << 10

    // MARK: Identity

    private func row(_ entry: TreeEntry, sha256: [UInt8]?) -> StagingBatch.FileRow {
        let content = sha256 ?? Array(entry.type.rawValue.utf8) + [0] + (entry.linkTarget ?? [])
        return StagingBatch.FileRow(
            fileID: id(path: entry.path, member: nil, content: content),
            importID: reader.importID,
            entryType: entry.type,
            path: entry.path,
            linkTarget: entry.linkTarget,
            sha256: sha256,
            mtimeNanoseconds: entry.mtimeNanoseconds,
            mode: entry.mode
        )
    }

    private func id(path: [UInt8], member: [UInt8]?, content: [UInt8]) -> DeterministicID {
        FileExtraction.fileID(path: path, member: member, content: content)
    }

    private func oddName(_ path: [UInt8]) -> Finding? {
        let isOdd = path.contains { $0 < 0x20 || $0 == 0x7F } || String(validating: path, as: UTF8.self) == nil
        return isOdd ? Finding(rule: .oddName, message: "the path reads \(TreePath.text(path))") : nil
    }
}

extension SourceTreeError {
    /// Whether the file was written to between two passes over it.
    fileprivate var isChange: Bool { reason == .changedSinceHashed }
}
