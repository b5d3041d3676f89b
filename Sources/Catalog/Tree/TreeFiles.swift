import Crypto
import Diagnostics
import Domain
import Foundation
import LosslessJSON
import SourceTree

/// Reads the files of a tree into an index; a file that did not change is not read again.
struct TreeFiles: Sendable {
    let source: SourceRoot
    let extractor: RecordExtractor

    /// Files up to this size are held in memory while they are read; bytes.
    static let heldBytes = 64 << 20
    /// Up to this size the bytes of files that were just written are kept; bytes.
    private static let freshBytes = 8 << 20
    /// Two ticks of the slowest kernel clock: a write within one may not show; nanoseconds.
    private static let freshness: Int64 = 20_000_000

    /// The index of the tree as it is now.
    ///
    /// A file that keeps changing while it is read is taken as it was before. Throws when the tree cannot be walked.
    func index(after known: [[UInt8]: IndexedFile]) throws -> [[UInt8]: IndexedFile] {
        let walker = try TreeWalker(root: source, excluding: [])
        var index: [[UInt8]: IndexedFile] = [:]
        while let entry = try walker.next() {
            guard entry.type == .file else { continue }
            if let old = known[entry.path], !old.isFresh, old.fingerprint == entry.fingerprint {
                index[entry.path] = old
                continue
            }
            do {
                index[entry.path] = try read(entry.path)
            } catch let error as SourceTreeError {
                // What stood in it before is better than nothing; what is gone or closed to us is not there.
                if error.reason == .hot || error.reason == .changedSinceHashed { index[entry.path] = known[entry.path] }
            }
        }
        return index
    }

    /// Reads one file, as it stood at one instant.
    func read(_ path: [UInt8]) throws -> IndexedFile {
        let file = StableFile(root: source, path: path)
        let now = Self.now
        let content = try stable(path)
        let digest = content.digest
        let records = try records(
            path: path,
            sha256: digest.sha256,
            size: digest.size,
            mtime: digest.fingerprint.mtimeNanoseconds
        ) {
            if let bytes = content.bytes { return RecordExtractor.reader(of: bytes) }
            return try file.open(expecting: digest).byteReader
        }
        let isFresh = digest.fingerprint.ctimeNanoseconds > now - Self.freshness
        return IndexedFile(
            path: path,
            fingerprint: digest.fingerprint,
            sha256: digest.sha256,
            isFresh: isFresh,
            freshBytes: isFresh && digest.size <= Self.freshBytes ? content.bytes : nil,
            records: records
        )
    }

    /// The bytes of a file as they are now; throws `TreeChanged` where it is gone, or changes faster than it can be read.
    func content(_ path: [UInt8]) throws -> TreeEdit.Content {
        do {
            let content = try stable(path)
            guard let bytes = content.bytes else { throw TreeChanged() }
            return TreeEdit.Content(bytes: bytes, fingerprint: content.digest.fingerprint)
        } catch let error as SourceTreeError where error.reason == .hot || error.reason == .vanished {
            throw TreeChanged()
        }
    }

    /// Whether bytes are those that were indexed.
    func isSame(_ content: TreeEdit.Content, as file: IndexedFile) -> Bool {
        Array(SHA256.hash(data: content.bytes)) == file.sha256
    }

    /// A file as it stood at one instant.
    ///
    /// Many short tries: between two of the writes of a busy program there is time for one, not for a long pause.
    private func stable(_ path: [UInt8]) throws -> StableFileContent {
        let file = StableFile(root: source, path: path, configuration: StableFile.Configuration(attempts: 3))
        for _ in 1..<Self.tries {
            do throws(SourceTreeError) {
                return try file.read(limit: Self.heldBytes)
            } catch {
                guard error.reason == .hot else { throw error }
            }
        }
        return try file.read(limit: Self.heldBytes)
    }

    private static let tries = 8

    /// What a file would say with these bytes, written now.
    func imagined(_ path: [UInt8], bytes: [UInt8]) throws -> IndexedFile {
        let sha256 = Array(SHA256.hash(data: bytes))
        let records = try records(path: path, sha256: sha256, size: Int64(bytes.count), mtime: Self.now) {
            RecordExtractor.reader(of: bytes)
        }
        let fingerprint = FileFingerprint(
            size: Int64(bytes.count),
            mtimeNanoseconds: Self.now,
            ctimeNanoseconds: Self.now,
            inode: 0
        )
        return IndexedFile(
            path: path,
            fingerprint: fingerprint,
            sha256: sha256,
            isFresh: true,
            freshBytes: nil,
            records: records
        )
    }

    /// The text of a record; nil where it cannot be had any more.
    func text(of record: IndexedRecord) -> [UInt8]? {
        // A file that went away meanwhile has no text to show.
        guard let content = try? StableFile(root: source, path: record.path).read(limit: Self.heldBytes),
            let whole = content.bytes
        else { return nil }
        var bytes: [UInt8]? = whole
        if let wanted = record.member, let container = Container(path: record.path) {
            bytes = nil
            // A damaged container has no text to show.
            try? container.forEachMember(size: Int64(whole.count), source: RecordExtractor.reader(of: whole)) {
                _,
                member,
                reader in
                if bytes == nil, member.path == wanted { bytes = try Self.held(reader) }
            }
        }
        guard let bytes, record.span.start >= 0, record.span.end <= bytes.count else { return nil }
        return Array(bytes[record.span.start..<record.span.end])
    }

    /// Nanoseconds since 1970.
    private static var now: Int64 { Int64(Date().timeIntervalSince1970 * 1_000_000_000) }

    // MARK: Records

    private func records(
        path: [UInt8],
        sha256: [UInt8],
        size: Int64,
        mtime: Int64,
        open: () throws -> RecordExtractor.ByteReader
    ) throws -> [IndexedRecord] {
        var records = try extract(path: path, member: nil, sha256: sha256, size: size, mtime: mtime, open: open)
        guard let container = Container(path: path) else { return records }
        do {
            try container.forEachMember(size: size, source: try open()) { _, member, reader in
                guard let bytes = try Self.held(reader) else { return }
                records += try extract(
                    path: path,
                    member: member.path,
                    sha256: Array(SHA256.hash(data: bytes)),
                    size: Int64(bytes.count),
                    mtime: member.mtimeNanoseconds ?? mtime,
                    open: { RecordExtractor.reader(of: bytes) }
                )
            }
        } catch let error as any CortexError where error.code == .compressionInvalid {
            // Damaged: what could be read of it counts, as in an import.
            return records
        }
        return records
    }

    private func extract(
        path: [UInt8],
        member: [UInt8]?,
        sha256: [UInt8],
        size: Int64,
        mtime: Int64,
        open: () throws -> RecordExtractor.ByteReader
    ) throws -> [IndexedRecord] {
        let fileID = DeterministicID(namespace: .file, parts: [path, member ?? [], sha256])
        var records: [IndexedRecord] = []
        let source = RecordExtractor.Source(
            path: source.mappingPath(of: path),
            member: member,
            fileID: fileID,
            size: Int(size)
        )
        _ = try extractor.extract(source, open: open) { record in
            records.append(IndexedRecord(record, fileID: fileID, path: path, member: member, mtime: mtime))
        }
        return records
    }

    /// The bytes of a member; nil where there are more than are held.
    private static func held(_ reader: RecordExtractor.ByteReader) throws -> [UInt8]? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = try buffer.withUnsafeMutableBytes { try reader($0) }
            if count == 0 { return bytes }
            guard bytes.count + count <= heldBytes else { return nil }
            bytes += buffer[..<count]
        }
    }
}

/// A file changed since it was indexed: look again.
struct TreeChanged: Error {}
