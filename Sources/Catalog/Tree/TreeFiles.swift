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
    /// Directories that are left out.
    let excluding: [String]

    /// Files up to this size are held in memory while they are read; bytes.
    static let heldBytes = 64 << 20
    /// Two ticks of the slowest kernel clock: a write within one may not show; nanoseconds.
    private static let freshness: Int64 = 20_000_000

    // MARK: Looking

    /// What changed in the tree since an index of it was made.
    ///
    /// A file that keeps changing while it is read is taken as it was before. Throws when the tree cannot be walked.
    func changes(since known: ByteMap<IndexedFile>) throws -> [TreeFileChange] {
        let walker = try TreeWalker(root: source, excluding: excluding)
        var changes: [TreeFileChange] = []
        var seen: Set<[UInt8]> = []
        while let entry = try walker.next() {
            guard entry.type == .file else { continue }
            seen.insert(entry.path)
            let old = known[entry.path]
            if let old, old.isCurrent(entry.fingerprint) { continue }
            if let sight = try look(at: entry.path, old) { changes.append(sight.change) }
        }
        for entry in known.entries where !seen.contains(entry.key) {
            changes.append(TreeFileChange(path: entry.key, file: nil))
        }
        return changes
    }

    /// What a second look at a file found, and its bytes where they were read and held.
    struct Sight {
        let change: TreeFileChange
        let content: TreeEdit.Content?
    }

    /// What changed in one file; nil for nothing.
    func sight(of path: [UInt8], _ old: IndexedFile?) throws -> Sight? {
        if let old, try isCurrent(old) { return nil }
        return try look(at: path, old)
    }

    private func isCurrent(_ file: IndexedFile) throws -> Bool {
        guard !file.isFresh else { return false }
        do throws(SourceTreeError) {
            return file.isCurrent(try StableFile(root: source, path: file.path).fingerprint())
        } catch {
            // Reading it tells what that means.
            return false
        }
    }

    /// Reads a file that may have changed; nil where it has to be taken as it was before.
    private func look(at path: [UInt8], _ old: IndexedFile?) throws -> Sight? {
        do {
            let now = Self.now
            let content = try stable(path)
            let file = try index(content, path: path, readAt: now, old)
            let held = content.bytes.map { TreeEdit.Content(bytes: $0, fingerprint: content.digest.fingerprint) }
            return Sight(change: TreeFileChange(path: path, file: file), content: held)
        } catch let error as SourceTreeError {
            // What stood in it before is better than nothing; what is gone or closed to us is not there.
            if error.reason == .hot || error.reason == .changedSinceHashed || old == nil { return nil }
            return Sight(change: TreeFileChange(path: path, file: nil), content: nil)
        }
    }

    /// A file as it stood at one instant.
    private func index(
        _ content: StableFileContent,
        path: [UInt8],
        readAt now: Int64,
        _ old: IndexedFile?
    ) throws -> IndexedFile {
        let digest = content.digest
        let isFresh = Self.isFresh(digest.fingerprint, at: now)
        if let old, old.sha256 == digest.sha256 { return old.found(as: digest.fingerprint, isFresh: isFresh) }
        return IndexedFile(
            path: path,
            fingerprint: digest.fingerprint,
            sha256: digest.sha256,
            isFresh: isFresh,
            records: try records(
                path: path,
                sha256: digest.sha256,
                size: digest.size,
                mtime: digest.fingerprint.mtimeNanoseconds
            ) {
                if let bytes = content.bytes { return RecordExtractor.reader(of: bytes) }
                return try StableFile(root: source, path: path).open(expecting: digest).byteReader
            }
        )
    }

    private static func isFresh(_ fingerprint: FileFingerprint, at now: Int64) -> Bool {
        fingerprint.ctimeNanoseconds > now - freshness
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

    // MARK: Writing

    /// What a file would say with these bytes, written now.
    func imagined(_ path: [UInt8], bytes: [UInt8]) throws -> IndexedFile {
        let sha256 = Array(SHA256.hash(data: bytes))
        let now = Self.now
        return IndexedFile(
            path: path,
            fingerprint: FileFingerprint(
                size: Int64(bytes.count),
                mtimeNanoseconds: now,
                ctimeNanoseconds: now,
                inode: 0
            ),
            sha256: sha256,
            isFresh: true,
            records: try records(path: path, sha256: sha256, size: Int64(bytes.count), mtime: now) {
                RecordExtractor.reader(of: bytes)
            }
        )
    }

    /// A file that was put in its place with these bytes; `imagined` is what it was taken for before.
    func written(
        _ path: [UInt8],
        bytes: [UInt8],
        as fingerprint: FileFingerprint,
        imagined: IndexedFile?
    ) throws -> IndexedFile {
        let isSame = imagined.map { $0.sha256 == Array(SHA256.hash(data: bytes)) } ?? false
        let file = isSame ? imagined : nil
        return try (file ?? self.imagined(path, bytes: bytes))
            .found(as: fingerprint, isFresh: Self.isFresh(fingerprint, at: Self.now))
    }

    // MARK: Contents

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
