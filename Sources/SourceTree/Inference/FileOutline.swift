import Domain
import LosslessJSON

/// What one file holds, read as JSON: how many values, how many mistakes, and the outline of the values.
struct FileOutline: Sendable {
    /// Valid values at the top.
    private(set) var values = 0
    /// Stretches that are none.
    private(set) var mistakes = 0
    /// Whether text stands around the values.
    private(set) var hasText = false
    /// The outline of the values.
    private(set) var root = ValueOutline()

    /// Reads a file; `open` starts from its first byte each time.
    ///
    /// With `stopsAtMistake` the first one ends the reading: enough to know that the file is no JSON.
    static func read(
        stopsAtMistake: Bool = false,
        open: () throws -> RecordExtractor.ByteReader
    ) throws -> FileOutline {
        var outline = FileOutline()
        var scanner = JSONRecordScanner(reader: try open(), selectors: [.root], tolerance: .tolerant)
        var text: ArraySlice<UInt8>?
        reading: while let item = try scanner.next() {
            switch item {
            case .record(_, _, _, _, let bytes, _, _): text = bytes
            case .value(_, let span, let kind): outline.take(text, kind: kind, size: span.count)
            case .invalid:
                outline.mistakes += 1
                if stopsAtMistake { break reading }
            case .text: outline.hasText = true
            case .byteOrderMark: break
            }
        }
        if outline.values == 1, outline.mistakes == 0, outline.root.bytes > JSONLimits().maximumRecordBytes {
            try outline.readLarge(open: open)
        }
        return outline
    }

    private mutating func take(_ text: ArraySlice<UInt8>?, kind: JSONKind, size: Int) {
        values += 1
        guard let text, values <= ValueOutline.mostSamples, let value = Self.document(text)?.root else {
            return root.note(kind, bytes: size)
        }
        root.add(value)
    }

    /// The document in a text that the scanner found valid.
    static func document(_ text: ArraySlice<UInt8>) -> JSONDocument? {
        do {
            return try JSONDocument(tolerant: text)
        } catch {
            return nil
        }
    }

    // MARK: Values that are too large to hold

    /// Reads the only value again, member by member.
    private mutating func readLarge(open: () throws -> RecordExtractor.ByteReader) throws {
        let kind: JSONKind = root.objects > 0 ? .object : .array
        guard root.objects + root.arrays > 0 else { return }
        root = try Self.largeOutline(at: "", kind: kind, size: root.bytes, level: 0, open: open)
    }

    private static let deepestLarge = 3

    private static func largeOutline(
        at place: String,
        kind: JSONKind,
        size: Int,
        level: Int,
        open: () throws -> RecordExtractor.ByteReader
    ) throws -> ValueOutline {
        var outline = ValueOutline()
        outline.open(kind, bytes: size)
        var large: [(pointer: String, name: String, kind: JSONKind, size: Int)] = []
        var seen = 0
        let selector = try RecordSelector(pointer: place + "/*")
        var scanner = JSONRecordScanner(reader: try open(), selectors: [selector], tolerance: .tolerant)
        while let item = try scanner.next() {
            guard case .record(_, _, let pointer, let span, let bytes, let childKind, _) = item else { continue }
            let name = MappingPointer.split(pointer)?.last
            if kind == .object, bytes == nil, childKind.isContainer, let name, name != "*", level < deepestLarge {
                large.append((pointer, name, childKind, span.count))
                continue
            }
            seen += 1
            var child = ValueOutline()
            if seen <= ValueOutline.mostSamples, let value = bytes.flatMap({ document($0) })?.root {
                child.add(value, depth: level + 1)
            } else {
                child.note(childKind, bytes: span.count)
            }
            if kind == .object {
                outline.addMember(child, named: name.map(ExactText.init))
            } else {
                outline.addElement(child)
            }
        }
        for item in large {
            let child = try largeOutline(
                at: item.pointer,
                kind: item.kind,
                size: item.size,
                level: level + 1,
                open: open
            )
            outline.addMember(child, named: ExactText(item.name))
        }
        return outline
    }
}
