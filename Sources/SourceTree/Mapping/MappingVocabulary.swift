/// Raw words of source files and the word of ours that each means.
public struct MappingVocabulary: Sendable {
    /// The name by which columns refer to it.
    public let name: String
    /// Whether letters' case is ignored (ASCII letters only; a vocabulary is a list of program words).
    public let ignoresCase: Bool
    private let words: [String: String]
    /// Those of the raw words that are ASCII.
    let plainWords: PlainWords

    init(name: String, ignoresCase: Bool, words: [String: String]) {
        self.name = name
        self.ignoresCase = ignoresCase
        self.words =
            ignoresCase ? Dictionary(words.map { (Self.folded($0.key), $0.value) }) { first, _ in first } : words
        plainWords = PlainWords(self.words)
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

/// The raw words of a vocabulary that are ASCII, and the word of ours that each means; a word or two of every record are
/// looked up.
final class PlainWords: Sendable {
    private let raw: NumberedNames
    /// Ours for each of them, one behind the other, and where each begins.
    private let ours: [UInt8]
    private let starts: [Int]

    init(_ words: [String: String]) {
        var (raw, ours, starts): (NumberedNames, [UInt8], [Int]) = (NumberedNames(), [], [0])
        for (word, meaning) in words where word.utf8.allSatisfy({ $0 < 0x80 }) {
            _ = raw.add(word)
            ours += meaning.utf8
            starts.append(ours.count)
        }
        (self.raw, self.ours, self.starts) = (raw, ours, starts)
    }

    /// Hands out our word for a raw one, its letters' case as it is listed; false where it takes a closer look to tell.
    func withWord(for text: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Void) -> Bool {
        guard let number = raw.number(of: text) else { return false }
        ours.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[starts[number]..<starts[number + 1]])) }
        return true
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
