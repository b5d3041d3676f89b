/// One repair inside a text.
struct RepairStep: Hashable, Sendable {
    let rule: JSONRepair.Rule
    let offset: Int
    let length: Int
    let replacement: [UInt8]

    /// What it does, for people.
    var words: String {
        let text = String(decoding: replacement, as: UTF8.self)
        return switch rule {
        case .missingValue: "insert the missing value as `\(text)`"
        case .bareWord: "put quotes around a bare word"
        case .foreignLiteral: "write the literal as `\(text)`"
        case .trailingComma: "remove the comma before the closing bracket"
        case .missingBracket: replacement.isEmpty ? "remove the last comma" : "add the missing `\(text)`"
        }
    }
}

/// Reads a text once; at each fault it feeds the grammar the repair instead, and goes on behind it.
struct RepairRun {
    let text: UnsafeRawBufferPointer
    private var machine: GrammarStateMachine
    private var sink = LastScalarSink()
    private var steps: [RepairStep] = []
    private var index: Int

    init(text: UnsafeRawBufferPointer, limits: JSONLimits) {
        self.text = text
        machine = GrammarStateMachine(maximumDepth: limits.maximumDepth, isLenient: false)
        index = text.starts(with: Ascii.byteOrderMark) ? Ascii.byteOrderMark.count : 0
    }

    /// The repairs; nil when a fault has none.
    mutating func collect() -> [RepairStep]? {
        while steps.count < JSONRepair.maximumPatches {
            let (next, outcome) = machine.run(text, from: index, base: 0, isFinal: true, sink: &sink)
            index = next
            guard case .failed(let fault) = outcome else { return steps }
            guard let made = repairs(of: fault) else { return nil }
            for step in made {
                steps.append(step)
                guard accept(step) else { return nil }
            }
        }
        return nil
    }

    /// Feeds the replacement to the grammar and steps over what it replaces.
    private mutating func accept(_ step: RepairStep) -> Bool {
        if step.replacement.isEmpty {
            machine.forgetComma()
            return true
        }
        let outcome = step.replacement.withUnsafeBytes { bytes in
            machine.run(bytes, from: 0, base: step.offset, isFinal: false, sink: &sink).outcome
        }
        index = max(index, step.offset + step.length)
        if case .failed = outcome { return false }
        return true
    }
}

// MARK: - Rules

extension RepairRun {
    private func repairs(of fault: Fault) -> [RepairStep]? {
        guard let found = fault.found else { return closing(at: text.count) }
        switch (machine.state, found) {
        case (.memberValue, Ascii.comma), (.memberValue, Ascii.closeBrace):
            return [insertion(.missingValue, "null", at: fault.offset)]
        case (.memberValue, Ascii.closeBracket):
            // Inside an array the object is not closed either: `[{"a": ]`.
            return [
                insertion(.missingValue, "null", at: fault.offset), insertion(.missingBracket, "}", at: fault.offset),
            ]
        case (.element, Ascii.closeBracket), (.name, Ascii.closeBrace):
            return lastComma(.trailingComma).map { [$0] }
        case (.memberValue, _), (.element, _), (.firstElement, _):
            return word().map { [$0] }
        default:
            return nil
        }
    }

    /// A word that stands where a value should, up to the punctuation or line end behind it.
    private func word() -> RepairStep? {
        var end = index
        while end < text.count, isWordByte(text[end], isFirst: end == index) { end += 1 }
        guard end > index, end - index <= 256, isFollowedByEnd(end) else { return nil }
        let word = String(decoding: text[index..<end], as: UTF8.self)
        switch word {
        case "True", "False": return replacement(.foreignLiteral, word.lowercased(), end: end)
        case "None", "undefined": return replacement(.foreignLiteral, "null", end: end)
        // What these mean in a format without them is not ours to decide.
        case "NaN", "Infinity": return nil
        default: return replacement(.bareWord, "\"\(word)\"", end: end)
        }
    }

    private func isWordByte(_ byte: UInt8, isFirst: Bool) -> Bool {
        if byte.isLetter || byte == 0x5F { return true }  // _
        return !isFirst && (byte.isDigit || byte == Ascii.minus || byte == Ascii.dot)
    }

    /// Whether nothing but blanks stands between `end` and a comma, a closing bracket or the end of the line.
    private func isFollowedByEnd(_ end: Int) -> Bool {
        var next = end
        while next < text.count, text[next] == Ascii.space || text[next] == Ascii.tab { next += 1 }
        guard next < text.count else { return false }
        let byte = text[next]
        return byte == Ascii.comma || byte == Ascii.closeBrace || byte == Ascii.closeBracket
            || byte == Ascii.newline || byte == Ascii.carriageReturn
    }

    /// The brackets missing at the end of a truncated text.
    ///
    /// Nil when the text ends inside a token, or right behind a number or a name: who knows how it went on.
    private func closing(at end: Int) -> [RepairStep]? {
        var steps: [RepairStep] = []
        switch machine.state {
        case .afterValue where sink.lastNumberEnd == end: return nil
        case .afterValue, .firstElement, .firstName: break
        case .memberValue: steps.append(insertion(.missingValue, "null", at: end))
        case .element, .name:
            guard let comma = lastComma(.missingBracket) else { return nil }
            steps.append(comma)
        case .value, .colon, .string, .nameText, .number, .done: return nil
        }
        let missing = String(decoding: machine.missingBrackets, as: UTF8.self)
        steps.append(insertion(.missingBracket, missing, at: end))
        return steps
    }

    private func lastComma(_ rule: JSONRepair.Rule) -> RepairStep? {
        var place = index - 1
        while place >= 0, text[place].isJSONWhitespace { place -= 1 }
        guard place >= 0, text[place] == Ascii.comma else { return nil }
        return RepairStep(rule: rule, offset: place, length: 1, replacement: [])
    }

    private func insertion(_ rule: JSONRepair.Rule, _ text: String, at offset: Int) -> RepairStep {
        RepairStep(rule: rule, offset: offset, length: 0, replacement: Array(text.utf8))
    }

    private func replacement(_ rule: JSONRepair.Rule, _ text: String, end: Int) -> RepairStep {
        RepairStep(rule: rule, offset: index, length: end - index, replacement: Array(text.utf8))
    }
}

/// Remembers where the last number ended.
private struct LastScalarSink: GrammarSink {
    private(set) var lastNumberEnd = -1

    mutating func open(isObject: Bool, at offset: Int) {}
    mutating func close(end: Int) {}
    mutating func name(start: Int, end: Int, hasEscapes: Bool, in bytes: UnsafeRawBufferPointer, base: Int) {}
    mutating func scalar(_ kind: JSONKind, start: Int, end: Int, hasEscapes: Bool) {
        if kind == .number { lastNumberEnd = end }
    }
}
