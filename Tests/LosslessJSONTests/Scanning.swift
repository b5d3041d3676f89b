import LosslessJSON

/// Feeds bytes to a scanner in pieces.
final class PieceReader {
    private var rest: ArraySlice<UInt8>
    private var nextSize: () -> Int
    private(set) var reads = 0

    init(_ bytes: [UInt8], nextSize: @escaping () -> Int = { .max }) {
        rest = bytes[...]
        self.nextSize = nextSize
    }

    func read(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        reads += 1
        let count = min(rest.count, buffer.count, max(nextSize(), 1))
        buffer.copyBytes(from: rest.prefix(count))
        rest = rest.dropFirst(count)
        return count
    }
}

/// All items of a text.
func scan(
    _ bytes: [UInt8],
    selectors: [RecordSelector] = [],
    tolerance: JSONTolerance = .tolerant,
    limits: JSONLimits = JSONLimits(),
    readsRecords: Bool = false,
    pieces: @escaping () -> Int = { .max }
) throws -> [ScanItem] {
    let source = PieceReader(bytes, nextSize: pieces)
    var scanner = JSONRecordScanner(
        reader: source.read,
        selectors: selectors,
        tolerance: tolerance,
        limits: limits,
        readsRecords: readsRecords
    )
    var items: [ScanItem] = []
    while let item = try scanner.next() { items.append(item) }
    return items
}

/// The records of a text as they come, and what came read of them, nil where nothing did.
func records(
    _ bytes: [UInt8],
    selectors: [RecordSelector],
    limits: JSONLimits = JSONLimits(),
    pieces: @escaping () -> Int = { .max }
) throws -> [(span: ByteSpan, bytes: ArraySlice<UInt8>?, read: JSONDocument?)] {
    try scan(bytes, selectors: selectors, limits: limits, readsRecords: true, pieces: pieces).compactMap { item in
        guard case .record(_, _, _, let span, let bytes, _, let read) = item else { return nil }
        return (span, bytes, read)
    }
}

/// Everything that a document knows of its parts.
func parts(of document: JSONDocument) -> [String] {
    var parts: [String] = []
    _ = document.allParts { _, part in
        let isContainer = part.kind == .object || part.kind == .array
        parts.append(
            "\(part.kind) \(part.isName) \(part.hasEscapes) \(isContainer ? part.next : 0) "
                + String(decoding: part.rawText, as: UTF8.self)
        )
        return true
    }
    return parts
}

/// The items of a text, one a string: `value`, `invalid`, `text`, `bom` or `record <pointer>`, then what it spans.
func outline(
    _ text: String,
    selectors: [RecordSelector] = [],
    tolerance: JSONTolerance = .tolerant,
    limits: JSONLimits = JSONLimits(),
    pieces: @escaping () -> Int = { .max }
) throws -> [String] {
    let bytes = Array(text.utf8)
    let items = try scan(bytes, selectors: selectors, tolerance: tolerance, limits: limits, pieces: pieces)
    return items.map { item in
        let spanned = String(decoding: bytes[item.span.start..<item.span.end], as: UTF8.self)
        return switch item {
        case .value: "value \(spanned)"
        case .invalid: "invalid \(spanned)"
        case .text: "text \(spanned)"
        case .byteOrderMark: "bom"
        case .record(let selector, _, let pointer, _, _, _, _): "record \(selector) \(pointer) \(spanned)"
        }
    }
}

extension ScanItem {
    var span: ByteSpan {
        switch self {
        case .record(_, _, _, let span, _, _, _), .value(_, let span, _), .invalid(_, let span, _), .text(let span),
            .byteOrderMark(let span):
            span
        }
    }

    var isRecord: Bool {
        if case .record = self { true } else { false }
    }

    var error: JSONSyntaxError? {
        if case .invalid(_, _, let error) = self { error } else { nil }
    }
}
