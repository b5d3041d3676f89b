import Domain
import LosslessJSON

/// What stands in a file for the value of a column: the inverse of its transform.
struct ColumnInverse {
    let column: ColumnProgram
    let wanted: [MappedValue]

    private var value: MappedValue { wanted[column.target] }

    /// Whether the column, and those that are filled with it, are to be NULL.
    var isNothing: Bool {
        switch column.transform {
        case .word(let vocabulary, let raw):
            return value == .null && (raw.flatMap { unknownWord($0, vocabulary) } == nil)
        case .instant(let raw): return value == .null && raw.flatMap(rawTime) == nil
        case .repository(let owner, let url):
            return value == .null && wanted[owner] == .null && (url.map { wanted[$0] == .null } ?? true)
        case .text, .lowercase, .integer, .numeric, .boolean, .json, .textArray, .flagWord: return value == .null
        }
    }

    /// JSON text; nil where none says it.
    ///
    /// `old` is what stands there now: its kind and spelling are kept where they can.
    func text(inPlaceOf old: JSONValue?) -> [UInt8]? {
        switch (column.transform, value) {
        case (.text, .text(let text)), (.lowercase, .text(let text)): return Self.string(text)
        case (.integer, .integer(let number)): return Array(String(number).utf8)
        case (.numeric, .numeric(let text)): return Array(text.utf8)
        case (.boolean, .boolean(let flag)): return Array((flag ? "true" : "false").utf8)
        case (.json, .json(let bytes)): return bytes
        case (.textArray, .textArray(let texts)): return Self.list(texts, inPlaceOf: old)
        case (.word(let vocabulary, let raw), _): return word(vocabulary, raw: raw, inPlaceOf: old)
        case (.flagWord(let vocabulary), .boolean(let flag)): return Self.flag(flag, vocabulary, inPlaceOf: old)
        case (.instant(let raw), _): return instant(raw: raw, inPlaceOf: old)
        case (.repository(let owner, let url), _): return repository(owner: owner, url: url)
        default: return nil
        }
    }

    private static func string(_ text: String) -> [UInt8] {
        var output: [UInt8] = []
        JSONText.append(text, to: &output)
        return output
    }

    private static func list(_ texts: [String], inPlaceOf old: JSONValue?) -> [UInt8] {
        // One text can stand for a list of one.
        if let only = texts.first, texts.count == 1, old?.kind == .string { return string(only) }
        var output: [UInt8] = [UInt8(ascii: "[")]
        for (index, text) in texts.enumerated() {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            JSONText.append(text, to: &output)
        }
        return output + [UInt8(ascii: "]")]
    }

    // MARK: Words

    /// The word as written that goes with a normalised word of NULL: one that the vocabulary does not know.
    private func unknownWord(_ raw: Int, _ vocabulary: MappingVocabulary) -> String? {
        wanted[raw].asText.flatMap { vocabulary.word(for: $0) == nil ? $0 : nil }
    }

    /// The word as written if it means what is wanted, else our own word if the vocabulary knows it, else the first that
    /// means the same.
    private func word(_ vocabulary: MappingVocabulary, raw: Int?, inPlaceOf old: JSONValue?) -> [UInt8]? {
        let wantedWord = value.asText
        let written = raw.flatMap { wanted[$0].asText }
        let word: String
        if let written, vocabulary.word(for: written) == wantedWord {
            word = written
        } else if let wantedWord {
            guard let known = vocabulary.spelling(of: wantedWord) else { return nil }
            word = known
        } else {
            return nil
        }
        // A number that meant a word stays one.
        if old?.kind == .number, let number = Int64(word), String(number) == word { return Array(word.utf8) }
        return Self.string(word)
    }

    private static func flag(_ flag: Bool, _ vocabulary: MappingVocabulary, inPlaceOf old: JSONValue?) -> [UInt8] {
        let literal = flag ? "true" : "false"
        guard old?.kind == .string, let word = vocabulary.spelling(of: literal) else { return Array(literal.utf8) }
        return string(word)
    }

    // MARK: Times and repositories

    /// The text beside an instant, if it can be what the instant was read from.
    private func rawTime(_ raw: Int) -> String? {
        wanted[raw].asText.flatMap { RowWish.belongs($0, to: value) ? $0 : nil }
    }

    private func instant(raw: Int?, inPlaceOf old: JSONValue?) -> [UInt8]? {
        if let text = raw.flatMap(rawTime) { return Self.string(text) }
        guard case .instant(let microseconds) = value else { return nil }
        return InstantSpelling(of: old?.string ?? "").text(microseconds: microseconds).map(Self.string)
    }

    private func repository(owner: Int, url: Int?) -> [UInt8]? {
        if let url = url.flatMap({ wanted[$0].asText }) { return value == .null ? Self.string(url) : nil }
        guard let name = value.asText else { return nil }
        return Self.string(wanted[owner].asText.map { $0 + "/" + name } ?? name)
    }
}

extension MappingVocabulary {
    /// A raw word that means one of ours: that word itself, else the first in the order of their bytes; nil if none does.
    func spelling(of word: String) -> String? {
        self.word(for: word) == word ? word : rawWords.filter { self.word(for: $0) == word }.min()
    }
}
