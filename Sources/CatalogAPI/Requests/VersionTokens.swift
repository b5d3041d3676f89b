import Catalog

/// The value of `Cortex-Min-Version`: which documents have to be at least at which version.
///
/// `tasks/<percent-encoded id>=<token>[, …]`; of `documents`, `documents/<kind>/<id>=<token>`.
struct VersionTokens: Equatable {
    private var tokens: [String: VersionToken] = [:]

    /// Reads the value; nil for what is none.
    init?(_ value: String) {
        for part in value.split(separator: ",") {
            let pair = part.trimming.split(separator: "=", maxSplits: 1)
            guard pair.count == 2, let token = VersionToken(String(pair[1].trimming)) else { return nil }
            let names = pair[0].split(separator: "/", omittingEmptySubsequences: false)
            let decoded = names.compactMap { PercentCoding.decoded($0) }
            guard decoded.count == names.count, let kind = CatalogKind(rawValue: decoded[0]) else { return nil }
            switch (kind, decoded.count) {
            case (.documents, 3): tokens[Self.name(.document(kind: decoded[1], id: decoded[2]))] = token
            case (.documents, _): return nil
            case (_, 2): tokens[Self.name(DocumentKey(kind, decoded[1]))] = token
            default: return nil
            }
        }
    }

    /// The least version of a document; nil where any will do.
    func least(of key: DocumentKey) -> VersionToken? { tokens[Self.name(key)] }

    private static func name(_ key: DocumentKey) -> String { "\(key.kind.rawValue)/\(key.text)" }
}
