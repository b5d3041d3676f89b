import LosslessJSON

/// A JSON pointer (RFC 6901) split once, when the mapping is read.
///
/// A class: sources of columns hold one, and records go through all of those.
final class MappingPointer: Sendable, Hashable {
    let text: String
    let tokens: [String]
    /// The same in UTF-8, by which members are found.
    private let names: [[UInt8]]

    /// Splits a pointer; nil when it neither is empty nor begins with `/`, or holds a bad escape.
    init?(_ text: String) {
        guard let names = JSONPointer.components(of: text) else { return nil }
        self.text = text
        self.names = names
        tokens = names.map { String(decoding: $0, as: UTF8.self) }
    }

    static func == (left: MappingPointer, right: MappingPointer) -> Bool { left.names == right.names }

    func hash(into hasher: inout Hasher) { hasher.combine(names) }

    /// The tokens of a concrete pointer.
    static func split(_ text: String) -> [String]? {
        JSONPointer.components(of: text)?.map { String(decoding: $0, as: UTF8.self) }
    }

    /// The value that tokens lead to from a value; of duplicate keys the last.
    static func follow(_ tokens: some Collection<String>, from value: JSONValue) -> JSONValue? {
        var current = value
        for token in tokens {
            switch current.kind {
            case .object:
                guard let next = current[token] else { return nil }
                current = next
            case .array:
                guard let next = current.value(at: "/\(token)") else { return nil }
                current = next
            default: return nil
            }
        }
        return current
    }

    /// The value that the tokens from a place on lead to from a value; of duplicate keys the last.
    ///
    /// As the other one, but members are found by names that are in UTF-8 already.
    func follow(from value: JSONValue, behind first: Int = 0) -> JSONValue? {
        var current = value
        for place in first..<max(first, names.count) {
            guard current.kind == .object else { return Self.follow(tokens[place...], from: current) }
            guard let next = current[names[place]] else { return nil }
            current = next
        }
        return current
    }
}
