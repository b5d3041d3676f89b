/// Raw words of source files and the word of ours that each means.
public struct MappingVocabulary: Sendable, Hashable {
    /// The name by which columns refer to it.
    public let name: String
    /// Whether letters' case is ignored (ASCII letters only; a vocabulary is a list of program words).
    public let ignoresCase: Bool
    private let words: [String: String]
    /// The raw words in ASCII by their hash, with ours.
    private let table: [UInt64: Entry]

    private struct Entry: Sendable, Hashable {
        let raw: [UInt8]
        let word: String
    }

    init(name: String, ignoresCase: Bool, words: [String: String]) {
        self.name = name
        self.ignoresCase = ignoresCase
        self.words =
            ignoresCase ? Dictionary(words.map { (Self.folded($0.key), $0.value) }) { first, _ in first } : words
        let ascii = self.words.filter { $0.key.utf8.allSatisfy { $0 < 0x80 } }
        table = Dictionary(
            ascii.map { raw, word in
                let raw = Array(raw.utf8)
                return (raw.withUnsafeBufferPointer(NameHash.words), Entry(raw: raw, word: word))
            }
        ) { first, _ in first }
    }

    /// Our word for a raw one that is written in ASCII, its letters' case as it is listed; nil where it takes a closer
    /// look to tell.
    func word(forASCII raw: UnsafeBufferPointer<UInt8>) -> String? {
        guard let entry = table[NameHash.words(raw)], entry.raw.elementsEqual(raw) else { return nil }
        return entry.word
    }

    /// Our word for a raw one; nil when it is unknown.
    public func word(for raw: String) -> String? {
        if let exact = words[raw] { return exact }
        return ignoresCase ? words[Self.folded(raw)] : nil
    }

    /// Every raw word, folded where letters' case is ignored.
    var rawWords: Dictionary<String, String>.Keys { words.keys }

    /// Every word of ours that the vocabulary can give.
    var results: Set<String> { Set(words.values) }

    static func folded(_ text: String) -> String {
        String(decoding: text.utf8.map { (65...90).contains($0) ? $0 + 32 : $0 }, as: UTF8.self)
    }
}

/// The closed sets of words that columns of the public tables take.
enum CatalogWords {
    /// The words of a column, nil where it takes any text.
    static func allowed(table: String, column: String) -> Set<String>? {
        switch column {
        case "agent_type": ["master", "worker", "observer", "external"]
        case "agent_status": ["active", "idle", "suspended", "terminated"]
        case "origin": ["defined", "inferred"]
        case "task_status": ["pending", "in_progress", "completed", "failed", "cancelled", "blocked"]
        case "task_priority", "handoff_priority": ["low", "medium", "high", "critical"]
        case "handoff_status": ["pending", "accepted", "completed", "rejected", "cancelled"]
        case "run_status": ["pending", "running", "completed", "failed", "cancelled", "stuck"]
        case "sensitivity": ["public", "internal", "confidential", "restricted", "secret"]
        case "severity": ["debug", "info", "low", "medium", "high", "critical"]
        case "lineage_type" where table == "task_lineage": ["spawned", "depends_on", "blocks", "part_of"]
        case "violation_status": ["open", "acknowledged", "resolved"]
        case "basis": ["reported", "modelled", "imported"]
        default: nil
        }
    }
}
