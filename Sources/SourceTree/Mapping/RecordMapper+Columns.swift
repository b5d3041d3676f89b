import Domain
import LosslessJSON

// How a value enters a column. A member is consumed only when the column, with its raw column, holds it exactly.

extension RecordMapper {
    /// Applies the whole member of a slot where its text enters the column as it is written; false where it needs a
    /// closer look.
    ///
    /// Most columns of most records take this way, which makes no text and no reference on its own. `parts` are those of the
    /// record's document.
    mutating func applyPlain(
        _ step: ColumnStep,
        slot: Int,
        of program: RowProgram,
        parts: JSONParts,
        values: inout MappedValues
    ) -> Bool {
        guard let (index, place) = fields.place(slot: slot) else { return true }
        let (target, value) = (step.target, parts.value(at: place))
        switch step.plain {
        case .text:
            guard let text = value.plainText else { return false }
            let isName = shape.agentTargetBits & NumberedNames.bit(target) != 0
            guard !isName || Self.isEvenASCII(text) else { return false }
            values.setText(target, to: text)
        case .integer:
            guard value.kind == .number, let number = Self.plainInteger(value.rawText) else { return false }
            values.setInteger(target, to: number)
        case .instant:
            guard let text = value.plainText, case .exact(let time) = SourceInstant(utf8: text) else { return false }
            values.setInstant(target, microseconds: time)
            noteTime(time, slot: slot)
        case .json:
            guard value.kind != .null else { return true }
            values.setJSON(target, to: value.rawText)
        case .word(let vocabulary, let raw):
            guard let text = value.plainText else { return false }
            let isKnown = program.vocabularies[vocabulary].withWord(for: text) { values.setText(target, to: $0) }
            guard isKnown else { return false }
            values.setText(raw, to: text)
        case .naturalID, .other: return false
        }
        fields.consume(.member(index))
        return true
    }

    /// A whole number of at most eighteen digits, written as it would be written anew; nil for all others.
    private static func plainInteger(_ text: UnsafeBufferPointer<UInt8>) -> Int64? {
        guard (1...18).contains(text.count) else { return nil }
        var number: Int64 = 0
        for byte in text {
            guard (48...57).contains(byte) else { return nil }
            number = number * 10 + Int64(byte - 48)
        }
        return number
    }

    /// Whether a text is surely no odd name: ASCII, and no space at its ends.
    ///
    /// Control characters do not stand in JSON as they are.
    private static func isEvenASCII(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let first = text.first, let last = text.last else { return true }
        return first > 0x20 && last > 0x20 && text.allSatisfy { $0 < 0x80 }
    }

    mutating func apply(_ column: ColumnProgram, to found: FoundValue, values: inout MappedValues) {
        switch found {
        case .nothing: break
        case .text(let text): applyText(column, text, values: &values)
        case .boolean(let flag): values[column.target] = .boolean(flag)
        case .json(let value, let place): applyJSON(column, value, place, values: &values)
        }
    }

    private mutating func applyText(_ column: ColumnProgram, _ text: String, values: inout MappedValues) {
        guard !text.holdsNUL else { return }
        switch column.transform {
        case .word(let vocabulary, let raw):
            if let raw { values[raw] = .text(text) }
            values[column.target] = vocabulary.word(for: text).map { .text($0) } ?? .null
        case .lowercase: values[column.target] = .text(MappingVocabulary.folded(text))
        case .textArray: values[column.target] = .textArray([text])
        case .text: values[column.target] = .text(text)
        case .integer, .numeric, .boolean, .instant, .json, .repository, .flagWord: break
        }
    }

    private mutating func applyJSON(
        _ column: ColumnProgram,
        _ value: JSONValue,
        _ place: FieldPlace,
        values: inout MappedValues
    ) {
        let target = column.target
        switch column.transform {
        case .text, .lowercase: applyString(column, value, place, values: &values)
        case .integer: applyInteger(column, value, place, values: &values)
        case .numeric: applyNumeric(column, value, place, values: &values)
        case .boolean:
            guard let flag = value.boolean else { return wrongType(value, column, expected: "a boolean") }
            values[target] = .boolean(flag)
            fields.consume(place)
        case .instant(let raw): applyInstant(column, value, place, raw: raw, values: &values)
        case .json:
            values[target] = .json(Array(value.rawText))
            fields.consume(place)
        case .textArray: applyTexts(column, value, place, values: &values)
        case .word(let vocabulary, let raw):
            applyWord(column, value, place, vocabulary: vocabulary, raw: raw, values: &values)
        case .flagWord(let vocabulary): applyFlagWord(column, value, place, vocabulary: vocabulary, values: &values)
        case .repository(let owner, let url):
            applyRepository(column, value, place, owner: owner, url: url, values: &values)
        }
    }

    // MARK: Texts

    /// The text of a string that PostgreSQL can hold.
    ///
    /// What cannot be held was reported by the inspector with its place.
    private func storableText(_ value: JSONValue) -> String? {
        value.hasNUL ? nil : value.string
    }

    private mutating func applyString(
        _ column: ColumnProgram,
        _ value: JSONValue,
        _ place: FieldPlace,
        values: inout MappedValues
    ) {
        guard value.kind == .string else { return wrongType(value, column, expected: "a string") }
        guard let text = storableText(value) else { return }
        if case .lowercase = column.transform {
            let folded = MappingVocabulary.folded(text)
            values[column.target] = .text(folded)
            if folded == text { fields.consume(place) }
        } else {
            values[column.target] = .text(text)
            fields.consume(place)
        }
        if shape.agentTargets.contains(column.target), Self.isOdd(text) {
            checkName(text, column: column.name, at: value.span.start, pointer: pointerText(of: value, in: column))
        }
    }

    private mutating func applyWord(
        _ column: ColumnProgram,
        _ value: JSONValue,
        _ place: FieldPlace,
        vocabulary: MappingVocabulary,
        raw: Int?,
        values: inout MappedValues
    ) {
        let word: String
        switch value.kind {
        case .string:
            guard let text = storableText(value) else { return }
            word = text
        case .number: word = value.numberText ?? ""
        case .object, .array, .true, .false, .null: return wrongType(value, column, expected: "a word")
        }
        let ours = vocabulary.word(for: word)
        values[column.target] = ours.map { .text($0) } ?? .null
        if let raw { values[raw] = .text(word) }
        if ours == nil { reportUnknownWord(word, value, column, vocabulary) }
        guard value.kind == .string, raw != nil || ours == word else { return }
        fields.consume(place)
    }

    private mutating func applyFlagWord(
        _ column: ColumnProgram,
        _ value: JSONValue,
        _ place: FieldPlace,
        vocabulary: MappingVocabulary,
        values: inout MappedValues
    ) {
        if let flag = value.boolean {
            values[column.target] = .boolean(flag)
            fields.consume(place)
            return
        }
        guard value.kind == .string else { return wrongType(value, column, expected: "a word") }
        guard let word = storableText(value) else { return }
        guard let meaning = vocabulary.word(for: word) else {
            return reportUnknownWord(word, value, column, vocabulary)
        }
        values[column.target] = .boolean(meaning == "true")
    }

    private mutating func reportUnknownWord(
        _ word: String,
        _ value: JSONValue,
        _ column: ColumnProgram,
        _ vocabulary: MappingVocabulary
    ) {
        findings.add(
            .unknownWord,
            "\(RecordFindings.quote(word)) is no word of \(vocabulary.name); \(column.name) stays NULL",
            pointer: pointerText(of: value, in: column),
            at: value.span.start
        )
    }

    private mutating func applyTexts(
        _ column: ColumnProgram,
        _ value: JSONValue,
        _ place: FieldPlace,
        values: inout MappedValues
    ) {
        switch value.kind {
        case .string:
            // One text stands for a list of one; the field is kept too because its form changed.
            if let text = storableText(value) { values[column.target] = .textArray([text]) }
        case .array:
            var texts: [String] = []
            for (index, element) in value.elements.enumerated() {
                guard element.kind == .string else {
                    let place = pointerText(of: value, in: column) + "/\(index)"
                    return wrongType(element, column, expected: "a string", pointer: place)
                }
                guard let text = storableText(element) else { return }
                texts.append(text)
            }
            values[column.target] = .textArray(texts)
            fields.consume(place)
        case .object, .number, .true, .false, .null: wrongType(value, column, expected: "a list of strings")
        }
    }

    private mutating func applyRepository(
        _ column: ColumnProgram,
        _ value: JSONValue,
        _ place: FieldPlace,
        owner: Int,
        url: Int?,
        values: inout MappedValues
    ) {
        guard value.kind == .string else { return wrongType(value, column, expected: "owner/name, a name or a URL") }
        if let text = value.plainText, let slash = Self.onlySlash(of: text) {
            text[..<slash].withUnsafeBufferPointer { values.setText(owner, to: $0) }
            text[(slash + 1)...].withUnsafeBufferPointer { values.setText(column.target, to: $0) }
            return fields.consume(place)
        }
        guard let text = storableText(value) else { return }
        if text.utf8.contains(UInt8(ascii: ":")), text.contains("://") {
            guard let url else { return }
            values[url] = .text(text)
            fields.consume(place)
            return
        }
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty }), let name = parts.last.map(Substring.init) else {
            return wrongType(value, column, expected: "owner/name, a name or a URL")
        }
        values[column.target] = .text(String(name))
        if parts.count == 2 { values[owner] = .text(String(Substring(parts[0]))) }
        fields.consume(place)
    }

    /// The place of the slash of `owner/name`; nil for every other text.
    private static func onlySlash(of text: ArraySlice<UInt8>) -> Int? {
        var slash: Int?
        for (place, byte) in zip(text.indices, text) {
            if byte == UInt8(ascii: ":") { return nil }
            guard byte == UInt8(ascii: "/") else { continue }
            guard slash == nil, place > text.startIndex, place < text.endIndex - 1 else { return nil }
            slash = place
        }
        return slash
    }

    // MARK: Numbers and times

    private mutating func applyInteger(
        _ column: ColumnProgram,
        _ value: JSONValue,
        _ place: FieldPlace,
        values: inout MappedValues
    ) {
        guard value.kind == .number else { return wrongType(value, column, expected: "a whole number") }
        guard let number = value.integer else {
            let isWhole = !value.rawText.contains { [0x2E, 0x65, 0x45].contains($0) }
            guard isWhole else { return wrongType(value, column, expected: "a whole number") }
            findings.add(
                .numberOutOfRange,
                "the number does not fit 64 bits; \(column.name) stays NULL",
                pointer: pointerText(of: value, in: column),
                at: value.span.start
            )
            return
        }
        values[column.target] = .integer(number)
        if value.rawText.elementsEqual(String(number).utf8) { fields.consume(place) }
    }

    private mutating func applyNumeric(
        _ column: ColumnProgram,
        _ value: JSONValue,
        _ place: FieldPlace,
        values: inout MappedValues
    ) {
        guard let text = value.numberText else { return wrongType(value, column, expected: "a number") }
        // What `numeric` cannot hold was reported by the inspector.
        guard NumericRange.holds(value.rawText) else { return }
        values[column.target] = .numeric(text)
        if NumericRange.keepsSpelling(value.rawText) { fields.consume(place) }
    }

    private mutating func applyInstant(
        _ column: ColumnProgram,
        _ value: JSONValue,
        _ place: FieldPlace,
        raw: Int?,
        values: inout MappedValues
    ) {
        guard value.kind == .string else { return wrongType(value, column, expected: "a time as text") }
        guard !value.hasNUL, let instant = Self.instant(value) else { return }
        if case .exact(let time) = instant {
            values[column.target] = .instant(microseconds: time)
            return fields.consume(place)
        }
        guard let text = value.string else { return }
        if case .inexact(let time) = instant {
            values[column.target] = .instant(microseconds: time)
        } else {
            reportTime(instant, text, value, column)
        }
        if let raw {
            values[raw] = .text(text)
            fields.consume(place)
        }
    }

    private mutating func reportTime(
        _ instant: SourceInstant,
        _ text: String,
        _ value: JSONValue,
        _ column: ColumnProgram
    ) {
        let pointer = pointerText(of: value, in: column)
        if instant == .zoneless {
            findings.add(
                .instantWithoutZone,
                "\(RecordFindings.quote(text)) has no time zone; \(column.name) stays NULL, the text is kept",
                pointer: pointer,
                at: value.span.start
            )
        } else {
            findings.add(
                .notAnInstant,
                "\(RecordFindings.quote(text)) is no time; \(column.name) stays NULL, the text is kept",
                pointer: pointer,
                at: value.span.start
            )
        }
    }

    private mutating func wrongType(
        _ value: JSONValue,
        _ column: ColumnProgram,
        expected: String,
        pointer: String? = nil
    ) {
        findings.add(
            .wrongType,
            "\(value.kind.article) where \(column.name) takes \(expected); the field is kept in the rest",
            pointer: pointer ?? pointerText(of: value, in: column),
            at: value.span.start
        )
    }
}
