import Domain
import LosslessJSON

/// Names one document.
public struct DocumentKey: Sendable, Hashable {
    /// The kind.
    public let kind: CatalogKind
    /// The id; of `documents` the kind of the record and its id, joined with U+001F, as `document(kind:id:)` makes it.
    public let text: String

    /// A document of a kind other than `documents`.
    public init(_ kind: CatalogKind, _ id: String) {
        self.kind = kind
        text = id
    }

    /// A document without a table of its own.
    public static func document(kind: String, id: String) -> DocumentKey {
        DocumentKey(.documents, "\(kind)\u{1f}\(id)")
    }

    /// Names the document that a creation's body describes: by its id field.
    ///
    /// - Parameters:
    ///   - kind: the kind.
    ///   - documentKind: of `documents` the kind of the record; nil for all others.
    ///   - body: the JSON text.
    /// - Throws: `catalog.invalid` for a body that is no JSON object with a usable id.
    public init(ofNew kind: CatalogKind, documentKind: String? = nil, body: [UInt8]) throws(CatalogError) {
        let document = try DocumentBody.object(body)
        let pointer = "/\(kind.idField)"
        guard let value = document.root[kind.idField] else { throw .invalid(pointer, "an id is required") }
        guard let id = value.string else { throw .invalid(pointer, "an id is a text") }
        try Self.check(id, at: pointer)
        if let documentKind {
            try Self.check(documentKind, at: "/kind")
            self = .document(kind: documentKind, id: id)
        } else {
            self.init(kind, id)
        }
    }

    /// Keys are 1 to 1,024 bytes of text without U+0000.
    private static func check(_ id: String, at pointer: String) throws(CatalogError) {
        guard (1...1_024).contains(id.utf8.count), !id.utf8.contains(0) else {
            throw .invalid(pointer, "an id is 1 to 1,024 bytes of text without U+0000")
        }
    }

    /// The id as clients write it.
    public var id: String { parts.last ?? text }

    /// Of `documents` the kind of the record.
    public var documentKind: String? { kind == .documents ? parts.first : nil }

    /// Whether any document can have this key: texts without U+0000, not too long; of some kinds a UUID in lower case.
    var canExist: Bool {
        guard !text.utf8.contains(0), text.utf8.count <= 2_049, parts.count == kind.table.key.count else {
            return false
        }
        return !kind.table.hasDerivedKey
            || text.wholeMatch(of: /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/) != nil
    }

    /// The values of the table's key columns.
    var parts: [String] {
        guard kind == .documents else { return [text] }
        return text.split(separator: "\u{1f}", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    }
}
