/// Raw words of source files and the word of ours that each means.
public struct MappingVocabulary: Sendable, Hashable {
    /// The name by which columns refer to it.
    public let name: String
    /// Whether letters' case is ignored (ASCII letters only; a vocabulary is a list of program words).
    public let ignoresCase: Bool
    private let words: [String: String]
    /// The raw words in ASCII with ours, in an open hash table whose size is a power of two.
    ///
    /// A `Dictionary` would hash the hash again, for a word or two of every record.
    private let table: [Entry?]

    private struct Entry: Sendable, Hashable {
        let hash: UInt64
        let raw: [UInt8]
        let word: [UInt8]
    }

    init(name: String, ignoresCase: Bool, words: [String: String]) {
        self.name = name
        self.ignoresCase = ignoresCase
        self.words =
            ignoresCase ? Dictionary(words.map { (Self.folded($0.key), $0.value) }) { first, _ in first } : words
        let ascii = self.words.filter { $0.key.utf8.allSatisfy { $0 < 0x80 } }
        var size = 2
        while size < ascii.count * 2 { size *= 2 }
        var table = [Entry?](repeating: nil, count: size)
        for (raw, word) in ascii {
            let raw = Array(raw.utf8)
            let hash = raw.withUnsafeBufferPointer(NameHash.words)
            var place = Int(truncatingIfNeeded: hash) & (size - 1)
            while table[place] != nil { place = (place + 1) & (size - 1) }
            table[place] = Entry(hash: hash, raw: raw, word: Array(word.utf8))
        }
        self.table = table
    }

    /// Hands out our word for a raw one that is written in ASCII, its letters' case as it is listed; false where it takes a
    /// closer look to tell.
    func withWord(forASCII raw: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Void) -> Bool {
        let hash = NameHash.words(raw)
        var place = Int(truncatingIfNeeded: hash) & (table.count - 1)
        while let entry = table[place] {
            if entry.hash == hash, entry.raw.elementsEqual(raw) {
                entry.word.withUnsafeBufferPointer(body)
                return true
            }
            place = (place + 1) & (table.count - 1)
        }
        return false
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
