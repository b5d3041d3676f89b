import Foundation

/// Where a list goes on: behind this document.
struct ListCursor {
    let key: DocumentKey

    init(_ key: DocumentKey) {
        self.key = key
    }

    /// Reads a cursor; throws `catalog.invalid` for one that is not of this kind's lists.
    init(_ text: String, kind: CatalogKind) throws(CatalogError) {
        let padded =
            text.replacing("-", with: "+").replacing("_", with: "/")
            + String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        let prefix = Array("\(kind.rawValue)\u{1f}".utf8)
        guard let data = Data(base64Encoded: padded), data.starts(with: prefix),
            let id = String(validating: data.dropFirst(prefix.count), as: UTF8.self)
        else { throw .invalid("/cursor", "is no cursor of this list") }
        key = DocumentKey(kind, id)
        guard key.canExist else { throw .invalid("/cursor", "is no cursor of this list") }
    }

    /// The cursor's text: letters, digits, `-` and `_`.
    var text: String {
        Data("\(key.kind.rawValue)\u{1f}\(key.text)".utf8).base64EncodedString()
            .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}

extension ListQuery {
    /// Checks what does not depend on the home of the data; throws `catalog.invalid`.
    func start() throws(CatalogError) -> DocumentKey? {
        guard (1...Self.maximumLimit).contains(limit) else {
            throw .invalid("/limit", "must be 1 to \(Self.maximumLimit)")
        }
        guard let cursor else { return nil }
        return try ListCursor(cursor, kind: kind).key
    }
}
