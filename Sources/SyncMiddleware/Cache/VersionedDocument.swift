/// A row as clients get it, or its absence, at one version.
struct VersionedDocument: Sendable, Equatable {
    /// What the row was at that version.
    enum Content: Sendable, Equatable {
        /// The response body that PostgreSQL made.
        case present(body: [UInt8], sensitivity: String)
        /// The row did not exist.
        case absent
    }

    /// The row's version: +1 for each change, deletes included; 0 for a row that never was.
    let version: Int
    let content: Content

    /// The sensitivity whose bodies never go to Redis.
    static let secret = "secret"

    /// Whether this is the mark that stands in Redis for a secret document: look in PostgreSQL.
    var isSecretMark: Bool {
        guard case .present(let body, Self.secret) = content else { return false }
        return body.isEmpty
    }

    /// What may be stored in Redis: the document, or its mark when it is secret.
    var cacheable: VersionedDocument {
        guard case .present(_, Self.secret) = content else { return self }
        return VersionedDocument(version: version, content: .present(body: [], sensitivity: Self.secret))
    }

    /// The size of the body in bytes.
    var size: Int {
        if case .present(let body, _) = content { body.count } else { 0 }
    }
}
