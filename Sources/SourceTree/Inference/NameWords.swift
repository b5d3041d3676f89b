/// The words of a name, in lower case: `userProfiles-2024.v2` gives user, profiles, v.
struct NameWords: Sendable, Hashable {
    /// The words; numbers are none.
    private(set) var words: [String] = []

    /// Names that say nothing about what a file holds.
    private static let generic: Set<String> = [
        "index", "data", "export", "exports", "dump", "dumps", "output", "out", "items", "item", "list", "lists", "all",
        "records", "record", "rows", "row", "results", "result", "entries", "values", "value", "elements", "objects",
        "db", "database", "store", "storage", "json", "jsonl", "ndjson", "file", "files", "content", "contents", "main",
        "src", "source", "tmp", "temp", "part", "page", "pages", "chunk", "shard", "full", "latest", "current", "the",
        "gz", "tar", "tgz",
    ]

    /// The words of these bytes.
    init(_ name: some Sequence<UInt8>) {
        var word = ""
        var wasLower = false
        for scalar in String(decoding: Array(name), as: UTF8.self).unicodeScalars {
            let properties = scalar.properties
            let isLetter = properties.isAlphabetic && scalar != "\u{FFFD}"
            if !isLetter || (wasLower && properties.isUppercase) {
                if !word.isEmpty { words.append(word) }
                word = ""
            }
            if isLetter { word += properties.lowercaseMapping }
            wasLower = properties.isLowercase
        }
        if !word.isEmpty { words.append(word) }
    }

    /// Nil unless a word says what the things are.
    var telling: [String]? {
        let telling = words.filter { !Self.generic.contains($0) && !PlaceRank.isRankWord($0) }
        guard telling.contains(where: { $0.unicodeScalars.count >= 3 || !$0.utf8.allSatisfy { $0 < 0x80 } }) else {
            return nil
        }
        return telling
    }

    /// The name of a kind made of these words, its last word in the singular; nil unless a word tells something.
    var kind: String? {
        guard var words = telling?.suffix(4), let last = words.popLast() else { return nil }
        words.append(Self.singular(last))
        let name = words.joined(separator: "_")
        return name.count <= Self.longest ? name : String(name.suffix(Self.longest)).trimmingUnderscores
    }

    private static let longest = 48
    private static let irregular = [
        "people": "person", "children": "child", "indices": "index", "indexes": "index", "matrices": "matrix",
        "vertices": "vertex", "criteria": "criterion", "men": "man", "women": "woman", "series": "series",
        "species": "species", "news": "news", "movies": "movie", "cookies": "cookie", "caches": "cache",
        "databases": "database", "cases": "case", "releases": "release", "purchases": "purchase", "licenses": "license",
        "responses": "response", "expenses": "expense", "houses": "house", "leaves": "leaf", "axes": "axis",
    ]

    /// The singular of an English word; a word that does not look like a plural stays as it is.
    static func singular(_ word: String) -> String {
        if let known = irregular[word] { return known }
        if word.count > 4, word.hasSuffix("ies") { return word.dropLast(3) + "y" }
        for ending in ["sses", "xes", "ches", "shes", "zzes", "uses"] where word.count > 4 && word.hasSuffix(ending) {
            return String(word.dropLast(2))
        }
        for ending in ["ss", "us", "is"] where word.hasSuffix(ending) { return word }
        return word.count > 3 && word.hasSuffix("s") ? String(word.dropLast()) : word
    }
}

extension String {
    fileprivate var trimmingUnderscores: String { String(drop { $0 == "_" }) }
}
