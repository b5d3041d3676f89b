import Diagnostics
import Domain
import LosslessJSON
import SourceTree

/// A change of the tree's files that makes a row what it is to be, tried out in memory before anything is written.
struct TreeEdit {
    /// One file's new content.
    struct File {
        let path: [UInt8]
        /// What stands in it; nil for a file that is to be made.
        var before: Content?
        /// The new bytes; nil for a file that goes.
        var bytes: [UInt8]?

        /// Takes along what was appended since; false when something else changed.
        mutating func rebase(on content: Content) -> Bool {
            guard let before, let bytes, content.bytes.starts(with: before.bytes) else { return false }
            self.bytes = bytes + content.bytes[before.bytes.count...]
            self.before = content
            return true
        }
    }

    /// The bytes of a file, and by what a change of them shows.
    struct Content {
        let bytes: [UInt8]
        let fingerprint: FileFingerprint
    }

    private let files: TreeFiles
    private(set) var snapshot: TreeSnapshot
    /// The files in the order in which they are to be written.
    private(set) var changes: [File] = []
    /// What the changes are made of.
    private var contents: [[UInt8]: Content]

    /// A change of a tree; `contents` are the bytes of files that are known already.
    init(files: TreeFiles, snapshot: TreeSnapshot, contents: [[UInt8]: Content]) {
        self.files = files
        self.snapshot = snapshot
        self.contents = contents
    }

    // MARK: Setting

    /// Makes a row what is wanted, in its place or in a file of its own; throws `catalog.unwritable`, `TreeChanged`.
    mutating func set(_ key: DocumentKey, to wanted: RowValues) throws {
        let table = key.kind.table
        var wanted = wanted
        // Whom a record describes is defined by it.
        if table == .agents { wanted["origin"] = .text("defined") }
        let values = table.mappedColumns.map { wanted[$0.name] }
        let row = snapshot.row(table, key.text)
        if let row, row.role.isEmpty, row.record.member == nil {
            try revise(row, to: values, key: key)
        } else {
            try place(values, key: key)
        }
        try check(key, wanted)
    }

    private mutating func revise(_ row: TreeRow, to values: [MappedValue], key: DocumentKey) throws {
        let record = row.record
        let bytes = try bytes(record.path)
        let text = bytes[record.span.start..<record.span.end]
        guard let revision = files.extractor.revise(text, at: place(of: record), to: values) else {
            throw CatalogError.unwritable(key, "the mapping does not make the document of this record alone")
        }
        guard revision.unmet.isEmpty else { throw CatalogError.unwritable(key, fields: revision.unmet) }
        try put(
            record.path,
            Array(bytes[..<record.span.start]) + revision.text + Array(bytes[record.span.end...])
        )
    }

    private mutating func place(_ values: [MappedValue], key: DocumentKey) throws {
        let table = key.kind.table
        let prefix = files.source.pathPrefix
        var unmet: [String] = []
        for path in FilePlacement(table: table, key: key.text, values: values).paths where path.hasPrefix(prefix) {
            let stored = Array(path.utf8.dropFirst(prefix.utf8.count))
            guard TreePath.isSafe(stored), snapshot.files[stored] == nil else { continue }
            let source = RecordExtractor.Source(
                path: files.source.mappingPath(of: stored),
                fileID: DeterministicID(namespace: .file, parts: [stored]),
                size: 0
            )
            guard let revision = files.extractor.compose(values, of: table, as: source) else { continue }
            guard revision.unmet.isEmpty else {
                unmet = revision.unmet
                continue
            }
            return try put(stored, revision.text)
        }
        guard unmet.isEmpty else { throw CatalogError.unwritable(key, fields: unmet) }
        throw CatalogError.unwritable(key, "the mapping has no file for it")
    }

    /// The tree with the change must say what was asked for: another record could win, a value be read otherwise.
    private func check(_ key: DocumentKey, _ wanted: RowValues) throws(CatalogError) {
        guard let row = snapshot.row(key.kind.table, key.text) else {
            throw .unwritable(key, "its id is made of where it stands and what it says")
        }
        var fields: [String] = []
        for field in DocumentField.all(of: key.kind.table) {
            switch field.origin {
            case .follows, .resolves: continue
            case .written, .id: break
            }
            if !Self.mean(snapshot.value(field.name, of: row), wanted[field.name]) { fields.append(field.name) }
        }
        guard fields.isEmpty else { throw .unwritable(key, fields: fields) }
    }

    private static func mean(_ left: MappedValue, _ right: MappedValue) -> Bool {
        switch (left, right) {
        case (.json(let left), .json(let right)):
            guard left != right else { return true }
            // Both are values that were read.
            guard let left = try? JSONDocument(strict: left), let right = try? JSONDocument(strict: right) else {
                return false
            }
            return left.root.canonical == right.root.canonical
        case (.numeric(let left), .numeric(let right)): return PlainDecimal(left)?.text == PlainDecimal(right)?.text
        default: return left == right
        }
    }

    // MARK: Removing

    /// Takes every record of a row out of the tree; throws `catalog.unwritable` for what cannot be taken out.
    mutating func remove(_ key: DocumentKey) throws {
        let table = key.kind.table
        var removed = 0
        while let row = snapshot.row(table, key.text) {
            guard row.role.isEmpty else {
                // Others name it: a mere name stays, as long as they do.
                guard removed > 0 else { throw CatalogError.unwritable(key, "other records imply it") }
                break
            }
            guard row.record.member == nil else {
                throw CatalogError.unwritable(key, "a record of it is in an archive, which is kept as it is")
            }
            try take(row.record, key: key)
            removed += 1
        }
        // The record that counts goes last: cut off before, the tree still says what it said.
        changes.reverse()
    }

    private mutating func take(_ record: IndexedRecord, key: DocumentKey) throws {
        let bytes = try bytes(record.path)
        let inner = (snapshot.files[record.path]?.records ?? []).contains { other in
            other !== record && other.ordinal == record.ordinal && other.span.start >= record.span.start
                && other.span.end <= record.span.end && snapshot.outcome(of: other).outcome == .resolved
        }
        let place = place(of: record)
        let text = bytes[record.span.start..<record.span.end]
        if inner {
            guard let stripped = files.extractor.withoutID(text, at: place) else {
                throw CatalogError.unwritable(key, "its record holds others, which stay")
            }
            return try put(
                record.path,
                Array(bytes[..<record.span.start]) + stripped + Array(bytes[record.span.end...])
            )
        }
        if files.extractor.countsPlaces(at: place, kind: record.kind) {
            // Its neighbours keep their numbers.
            return try put(
                record.path,
                Array(bytes[..<record.span.start]) + Array("null".utf8) + Array(bytes[record.span.end...])
            )
        }
        if record.pointer.isEmpty, files.extractor.plan(for: place.source.path)?.format == .json {
            return try put(record.path, nil)
        }
        var scanner = JSONRemovalScanner([JSONRemoval(span: record.span, isTopLevel: record.pointer.isEmpty)])
        scanner.feed(bytes)
        guard let patches = scanner.finish(), let rest = BytePatch.apply(patches, to: bytes) else {
            throw TreeChanged()
        }
        try put(record.path, rest)
    }

    // MARK: Private parts

    private func place(of record: IndexedRecord) -> RecordExtractor.Place {
        RecordExtractor.Place(
            source: RecordExtractor.Source(
                path: files.source.mappingPath(of: record.path),
                fileID: record.fileID,
                size: snapshot.files[record.path].map { Int($0.fingerprint.size) } ?? 0
            ),
            pointer: record.pointer,
            ordinal: record.ordinal,
            byteStart: record.span.start
        )
    }

    /// The bytes of a file, with the changes so far.
    private mutating func bytes(_ path: [UInt8]) throws -> [UInt8] {
        if let changed = changes.first(where: { $0.path == path }) { return changed.bytes ?? [] }
        guard let file = snapshot.files[path] else { throw TreeChanged() }
        let content = try contents[path] ?? files.content(path)
        guard files.isSame(content, as: file) else { throw TreeChanged() }
        contents[path] = content
        return content.bytes
    }

    private mutating func put(_ path: [UInt8], _ bytes: [UInt8]?) throws {
        if let place = changes.firstIndex(where: { $0.path == path }) {
            changes[place].bytes = bytes
        } else {
            changes.append(File(path: path, before: contents[path], bytes: bytes))
        }
        snapshot.put([TreeFileChange(path: path, file: try bytes.map { try files.imagined(path, bytes: $0) })])
    }
}

extension CatalogError {
    static func unwritable(_ key: DocumentKey, _ reason: String) -> CatalogError {
        CatalogError(.catalogUnwritable, "the tree cannot hold that change of \(key.kind.rawValue): \(reason)")
    }

    static func unwritable(_ key: DocumentKey, fields: [String]) -> CatalogError {
        CatalogError(
            .catalogUnwritable,
            "the tree cannot hold that change of \(key.kind.rawValue): its place there does not say \(fields.joined(separator: ", "))",
            faults: fields.map { Fault(pointer: "/\($0)", message: "cannot be written in this place of the tree") }
        )
    }
}
