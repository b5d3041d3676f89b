import Domain
import SourceTree

/// Walks a tree and reads what an earlier scan has not read.
struct DiscoveryScanner: Sendable {
    private let source: SourceRoot
    private let rules: AssetRules
    private let excluded: [String]

    /// A scanner of a tree that leaves out these directories.
    init(source: SourceRoot, rules: AssetRules, excluding excluded: [String] = []) {
        self.source = source
        self.rules = rules
        self.excluded = excluded
    }

    /// Up to this size a file is held in memory while it is looked at; a larger one is read twice.
    private static let heldBytes = 8 << 20

    /// Scans the tree and brings the cache up to date with it.
    ///
    /// What is wrong with single files is in their notes. Throws only when the tree itself cannot be walked, and
    /// `CancellationError`.
    func scan(_ cache: inout ContentCache) throws -> DiscoveryScan {
        var scan = DiscoveryScan()
        scan.scope = source.pathPrefix
        var seen = ContentCache()
        let walker = try TreeWalker(root: source, excluding: excluded)
        while let entry = try walker.next() {
            try Task.checkCancellation()
            let path = source.mappingPath(of: entry.path)
            let text = TreePath.text(path)
            if entry.type == .unreadable, entry.mode & 0o170_000 == 0o040_000 {
                scan.closedFolders.append(.init(path: text, reason: entry.error ?? "it cannot be listed"))
                continue
            }
            guard entry.type != .dir else { continue }
            guard !rules.skips(path) else {
                scan.skipped += 1
                continue
            }
            var note = Self.note(entry, path: text)
            if entry.type == .file {
                let known = cache.entries[text].flatMap { $0.fingerprint == entry.fingerprint ? $0 : nil }
                do throws(SourceTreeError) {
                    var content = known
                    if content == nil { content = try read(entry, &scan) }
                    guard let content else { continue }
                    seen.entries[text] = content
                    Self.fill(&note, content)
                } catch {
                    note.content = error.reason == .hot ? .changing : .unreadable
                    note.error = error.summary
                }
            }
            note.looksSecret =
                note.looksSecret || SecretScan.looksSecret(path)
                || entry.linkTarget.map(SecretScan.looksSecret) ?? false
            scan.files.append(ScannedFile(path: path, note: note))
        }
        scan.files.sort { $0.path.lexicographicallyPrecedes($1.path) }
        cache = seen
        return scan
    }

    /// What the walk says about an entry.
    private static func note(_ entry: TreeEntry, path: String) -> DiscoveryNote {
        let isKnown = entry.mode != 0
        return DiscoveryNote(
            path: path,
            entry: entry.type,
            content: entry.type == .file || entry.type == .unreadable ? .unreadable : .none,
            size: isKnown && entry.type != .link ? entry.size : nil,
            modifiedMicroseconds: isKnown ? microseconds(entry.mtimeNanoseconds) : nil,
            target: entry.linkTarget.map(TreePath.text),
            error: entry.error
        )
    }

    private static func fill(_ note: inout DiscoveryNote, _ content: ContentCache.Entry) {
        note.content = .hashed
        note.size = content.fingerprint.size
        note.modifiedMicroseconds = microseconds(content.fingerprint.mtimeNanoseconds)
        note.sha256 = content.sha256
        note.looksSecret = content.looksSecret
    }

    /// Whole microseconds, as documents have them.
    private static func microseconds(_ nanoseconds: Int64) -> Int64 {
        let (quotient, remainder) = nanoseconds.quotientAndRemainder(dividingBy: 1_000)
        return remainder < 0 ? quotient - 1 : quotient
    }

    // MARK: Content

    /// Reads a file; nil for one that went away.
    private func read(
        _ entry: TreeEntry,
        _ scan: inout DiscoveryScan
    ) throws(SourceTreeError) -> ContentCache.Entry? {
        scan.read += 1
        let file = StableFile(root: source, path: entry.path)
        do throws(SourceTreeError) {
            let content = try file.read(limit: Self.heldBytes)
            let looksSecret: Bool
            if let bytes = content.bytes {
                looksSecret = SecretScan.looksSecret(bytes)
            } else {
                looksSecret = try Self.looksSecret(try file.open(expecting: content.digest))
            }
            let digits = Array("0123456789abcdef".utf8)
            let hex = content.digest.sha256.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
            return ContentCache.Entry(
                fingerprint: content.digest.fingerprint,
                sha256: String(decoding: hex, as: UTF8.self),
                looksSecret: looksSecret
            )
        } catch {
            if error.reason == .vanished { return nil }
            throw error
        }
    }

    private static func looksSecret(_ reader: StableFileReader) throws(SourceTreeError) -> Bool {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { buffer.deallocate() }
        var scan = SecretScan()
        while !scan.isFound {
            let count = try reader.read(into: buffer)
            if count == 0 { break }
            scan.take(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
        return scan.isFound
    }
}
