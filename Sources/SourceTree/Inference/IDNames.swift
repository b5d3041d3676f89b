import Domain

/// Names of members that ids go by.
enum IDNames {
    /// Names that mean an id wherever they stand, the best first.
    private static let strong = ["id", "uuid", "guid", "key", "identifier", "number"]
    /// Names that are ids where nothing better is there and nothing repeats.
    private static let weak = [
        "slug", "login", "username", "handle", "code", "sku", "ref", "name", "email", "path", "url",
    ]
    /// What a kind's name goes before: `ticket_id`.
    private static let endings = ["id", "uuid", "guid", "key", "number", "no", "code", "name"]

    /// Members that may be the id of a record of a kind, the best first; a member counts where nearly all records have it.
    static func candidates(in outline: ValueOutline, kind: String?) -> [String] {
        let order = order(for: kind)
        let found = outline.members.keys.compactMap { name -> (place: Int, name: ExactText)? in
            guard !name.text.isEmpty, !SecretDetector.isSecretName(name.text),
                let place = order.firstIndex(of: folded(name.text)), isUsual(name, in: outline)
            else { return nil }
            return (place, name)
        }
        return found.sorted { ($0.place, $0.name) < ($1.place, $1.name) }.prefix(mostCandidates).map(\.name.text)
    }

    /// Whether nearly all objects have a member that says which one they are.
    static func hasID(_ outline: ValueOutline, kind: String?) -> Bool {
        let names = ["id", "uuid", "guid", "key", "identifier"] + kindNames(kind, endings: ["id", "uuid", "key"])
        return outline.members.keys.contains { names.contains(folded($0.text)) && isUsual($0, in: outline) }
    }

    /// Whether a name stands for an id in its own right, so that it may also identify within a folder or file.
    static func isStrong(_ name: String, kind: String?) -> Bool {
        (strong + kindNames(kind, endings: endings)).contains(folded(name))
    }

    /// A name in lower case without `_` and `-`.
    static func folded(_ name: String) -> String {
        name.lowercased().filter { $0 != "_" && $0 != "-" && $0 != "$" }
    }

    private static let mostCandidates = 8

    private static func order(for kind: String?) -> [String] {
        let named = kindNames(kind, endings: endings)
        return Array(strong.prefix(3)) + named + strong.dropFirst(3) + weak
    }

    private static func kindNames(_ kind: String?, endings: [String]) -> [String] {
        guard let kind else { return [] }
        let words = kind.split(separator: "_")
        let stems = [words.joined(), words.last.map(String.init) ?? ""]
        return stems.flatMap { stem in endings.map { stem + $0 } }
    }

    /// Whether at least nine of ten objects have the member as a text or a number.
    private static func isUsual(_ name: ExactText, in outline: ValueOutline) -> Bool {
        guard let member = outline.members[name] else { return false }
        return outline.presence(of: name) >= 0.9 && member.scalars * 10 >= member.count * 9
    }
}
