/// A name with its numbers left open: `ticket-17` and `ticket-18` have the same pattern, `ticket-*`.
struct NamePattern: Sendable, Hashable {
    /// What a pattern is made of.
    private enum Part: Sendable, Hashable {
        case text([UInt8])
        case number
    }

    private var parts: [Part] = []

    /// The pattern of a name.
    ///
    /// Digits, and with `keepingWords` unset words of eight or more hexadecimal digits too, are numbers; numbers with
    /// only punctuation between them are one.
    init(_ name: some Collection<UInt8>, keepingWords: Bool = false) {
        var rest = Array(name)[...]
        while let byte = rest.first {
            let word = rest.prefix(while: Self.isWordByte)
            if !keepingWords, Self.isHexadecimal(word) {
                appendNumber()
                rest = rest.dropFirst(word.count)
            } else if Self.isDigit(byte) {
                appendNumber()
                rest = rest.drop(while: Self.isDigit)
            } else {
                let text = word.isEmpty ? rest.prefix(1) : word.prefix { !Self.isDigit($0) }
                append(text)
                rest = rest.dropFirst(text.count)
            }
        }
    }

    /// Whether a number is left open.
    var isOpen: Bool { parts.contains(.number) }

    /// The text of the name without its numbers, a blank for each.
    var words: [UInt8] {
        parts.flatMap { part -> [UInt8] in
            switch part {
            case .text(let text): text
            case .number: [0x20]
            }
        }
    }

    /// The pattern as a glob of the mapping.
    var glob: String {
        parts.map { part in
            switch part {
            case .text(let text): Self.escaped(text)
            case .number: "*"
            }
        }.joined()
    }

    /// A name as a glob that takes it alone: what means something in globs is escaped.
    ///
    /// Bytes that are no UTF-8 cannot stand in a mapping; each becomes `?`.
    static func escaped(_ name: some Collection<UInt8>) -> String {
        var result = ""
        var rest = Array(name)[...]
        while let byte = rest.first {
            var decoder = UTF8()
            var iterator = rest.prefix(4).makeIterator()
            guard case .scalarValue(let scalar) = decoder.decode(&iterator) else {
                result += "?"
                rest = rest.dropFirst()
                continue
            }
            if "*?{}\\".utf8.contains(byte) { result += "\\" }
            result.unicodeScalars.append(scalar)
            rest = rest.dropFirst(UTF8.width(scalar))
        }
        return result
    }

    // MARK: Making

    private mutating func append(_ text: ArraySlice<UInt8>) {
        if case .text(let before) = parts.last {
            parts[parts.count - 1] = .text(before + text)
        } else {
            parts.append(.text(Array(text)))
        }
    }

    private mutating func appendNumber() {
        if case .text(let between) = parts.last, parts.count > 1, !between.contains(where: Self.isWordByte) {
            parts.removeLast()
            return
        }
        if parts.last != .number { parts.append(.number) }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        isDigit(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte >= 0x80
    }

    private static func isHexadecimal(_ word: ArraySlice<UInt8>) -> Bool {
        word.count >= 8 && word.contains(where: isDigit)
            && word.allSatisfy { isDigit($0) || (65...70).contains($0) || (97...102).contains($0) }
    }
}
