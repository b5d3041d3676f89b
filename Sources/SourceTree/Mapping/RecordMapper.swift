import Domain
import LosslessJSON

/// Makes the rows of one record: one value per column, nothing guessed, and what no column holds into the rest.
struct RecordMapper {
    let shape: RecordShape
    let rank: Int
    let path: MappingPath
    let agents: InferredAgents
    /// The record's own pointer, as text: few shapes ask for its parts.
    let pointerText: String
    let ordinal: Int
    var fields: RecordFields
    var findings: RecordFindings
    private(set) var naturalID: String?
    /// The member that the natural id was read from as a whole.
    private var naturalIDPlace = FieldPlace.elsewhere
    /// The latest of the exact times of members that columns were filled with, and the bits of those members' slots.
    private var notedTime: Int64?
    private var notedSlots: UInt64 = 0

    /// The longest natural id in bytes: index entries of PostgreSQL hold no more than 2,704.
    static let longestID = 2_000
    /// Where implied rows rank: behind every record that defines the thing itself.
    static let impliedRank = 1_000
    /// Where rows made of a mere name rank: behind everything.
    static let inferredRank = 1_000_000

    init(
        shape: RecordShape,
        rank: Int,
        path: MappingPath,
        agents: InferredAgents,
        pointer: String,
        ordinal: Int,
        record: JSONValue,
        limit: Int
    ) {
        self.shape = shape
        self.rank = rank
        self.path = path
        self.agents = agents
        pointerText = pointer
        self.ordinal = ordinal
        fields = RecordFields(record: record, shape: shape)
        findings = RecordFindings(limit: limit)
    }

    /// Finds the id and makes the rows.
    mutating func map() -> (disposition: ExtractedRecord.Disposition, rows: [MappedRow]) {
        if let reason = notARecordReason() {
            findings.add(.notARecord, reason, at: fields.record.span.start)
            return (.notARecord(reason), [])
        }
        if let problem = findNaturalID() { return (.quarantined(problem), []) }
        let own = ownRow()
        var rows: [MappedRow] = []
        rows.reserveCapacity(1 + shape.implied.count + shape.agentColumns.count)
        rows.append(own)
        addImpliedRows(to: &rows)
        addInferredAgents(of: own.packed, to: &rows)
        return (.candidate, rows)
    }

    /// The latest exact time that the record names.
    func newestTime() -> Int64? {
        var newest = notedTime
        for (number, read) in shape.newestReads.enumerated() {
            if let read {
                let bit = NumberedNames.bit(read.slot)
                guard fields.presentSlots & bit != 0, !read.isWhole || notedSlots & bit == 0 else { continue }
            }
            guard case .json(let value, _) = resolve(shape.newest[number]) else { continue }
            switch Self.instant(value) {
            case .exact(let time), .inexact(let time): newest = max(newest ?? time, time)
            case .zoneless, .notATime, nil: break
            }
        }
        return newest
    }

    /// Remembers the exact time that a member names, whose slot has a bit of its own.
    mutating func noteTime(_ microseconds: Int64, slot: Int) {
        let bit = NumberedNames.bit(slot)
        guard shape.newestSlots & bit != 0 else { return }
        notedSlots |= bit
        notedTime = max(notedTime ?? microseconds, microseconds)
    }

    /// The time that a string names; nil for what is no text.
    static func instant(_ value: JSONValue) -> SourceInstant? {
        if let text = value.plainText { return SourceInstant(utf8: text) }
        return value.string.map { SourceInstant($0) }
    }

    // MARK: Is it a record, and which one

    private func notARecordReason() -> String? {
        let test = shape.recordTest
        let kind = fields.record.kind
        guard test.kinds.contains(kind.word) else {
            return "\(kind.article) where a record of kind \(shape.kind) is \(test.kinds.joined(separator: " or "))"
        }
        guard !test.anyOf.isEmpty, kind == .object else { return nil }
        guard fields.presentSlots & shape.recordSlots == 0 else { return nil }
        guard !test.anyOf.contains(where: { $0.follow(from: fields.record) != nil }) else { return nil }
        return "an object with none of the fields \(test.anyOf.map(\.text).joined(separator: ", "))"
    }

    /// Sets the natural id; returns why the record cannot do without.
    private mutating func findNaturalID() -> String? {
        for source in shape.naturalID {
            let found = resolve(source)
            guard let text = identifier(found) else { continue }
            if let naturalID {
                if ExactText(text) != ExactText(naturalID), case .json(let value, _) = found {
                    findings.add(
                        .contradictingFields,
                        "another field gives the id \(RecordFindings.quote(text)), not \(RecordFindings.quote(naturalID))",
                        at: value.span.start
                    )
                }
                continue
            }
            naturalID = text
            if case .json(let value, let place) = found, value.kind == .string { naturalIDPlace = place }
            // Later candidates only matter as contradictions while they are fields too.
            guard case .json = found else { break }
        }
        guard let naturalID else { return missingIDReason() }
        guard naturalID.utf8.count <= Self.longestID else {
            self.naturalID = nil
            findings.add(
                .missingID,
                "the id has \(naturalID.utf8.count) bytes; \(Self.longestID) can be a key",
                at: offset
            )
            return "the id is too long to be a key"
        }
        checkName(naturalID, column: "id", at: offset)
        return nil
    }

    private mutating func missingIDReason() -> String? {
        switch shape.withoutID {
        case .resolve: return nil
        case .derive:
            // A key on the way may hold U+0000, which no column can.
            naturalID =
                "\(readableText(path.documentID))#\(ordinal)\(pointer.map { "/" + JSONPointer.escaped($0) }.joined())"
                .replacing("\0", with: "\u{2400}")
            return nil
        case .quarantine:
            let places = shape.naturalID.map(\.description).joined(separator: ", ")
            findings.add(.missingID, "none of \(places) gives an id", at: offset)
            return "missing_id"
        }
    }

    private mutating func identifier(_ found: FoundValue) -> String? {
        switch found {
        case .nothing, .boolean: return nil
        case .text(let text): return text.isEmpty || text.holdsNUL ? nil : text
        case .json(let value, _):
            switch value.kind {
            case .string:
                guard let text = value.string, !text.isEmpty, !text.holdsNUL else { return nil }
                return text
            case .number: return value.integer == nil ? nil : value.numberText
            case .object, .array, .true, .false, .null: return nil
            }
        }
    }

    var offset: Int { fields.record.span.start }

    /// The tokens of the record's own pointer.
    private var pointer: [String] { MappingPointer.split(pointerText) ?? [] }

    // MARK: Sources

    /// What a source gave.
    enum FoundValue {
        case nothing
        case json(JSONValue, FieldPlace)
        case text(String)
        case boolean(Bool)
    }

    /// The value of a source; JSON `null` counts as a value here.
    func resolve(_ source: ValueSource, element: JSONValue? = nil) -> FoundValue {
        switch source {
        case .member(let slot, let pointer):
            guard let member = fields.member(slot: slot) else { return .nothing }
            guard pointer.tokens.count > 1 else { return .json(member.value, .member(member.index)) }
            guard let value = pointer.follow(from: member.value, behind: 1) else { return .nothing }
            return .json(value, .inside)
        case .record: return .json(fields.record, .record)
        case .element(let pointer):
            guard let element, let value = pointer.follow(from: element) else { return .nothing }
            return .json(value, .inside)
        case .naturalID: return naturalID.map { .text($0) } ?? .nothing
        case .key: return pointer.last.map { .text($0) } ?? .nothing
        case .memberName:
            guard let name = pointer.last, !name.utf8.allSatisfy({ (48...57).contains($0) }) else { return .nothing }
            return .text(name)
        case .parentKey: return pointer.dropLast().last.map { .text($0) } ?? .nothing
        case .stem: return .text(readableText(path.stem))
        case .fileName: return .text(readableText(path.name))
        case .nameBehind(let colons): return path.decodedName(behindColons: colons).map { .text($0) } ?? .nothing
        case .path: return .text(readableText(path.documentID))
        case .ordinal: return .text(String(ordinal))
        case .folder: return .text(TreePath.text(Array(TreePath.split(path.bytes).parent)))
        case .place: return .text(RecordPlaceText.text(path: path, ordinal: ordinal, pointer: pointer))
        case .constant(let text): return .text(text)
        case .fileSuffix(let suffix): return .boolean(path.hasSuffix(Array(suffix.utf8)))
        case .join(let parts): return join(parts, element: element)
        }
    }

    private func join(_ parts: [ValueSource], element: JSONValue?) -> FoundValue {
        var text = ""
        for part in parts {
            switch resolve(part, element: element) {
            case .text(let piece): text += piece
            case .json(let value, _):
                guard let piece = value.string ?? value.numberText else { return .nothing }
                text += piece
            case .nothing, .boolean: return .nothing
            }
        }
        return .text(text)
    }

    /// The first source with a value that is not null; others that differ are reported.
    mutating func firstValue(of column: ColumnProgram, element: JSONValue?) -> FoundValue {
        if let slot = column.onlySlot {
            guard let member = fields.member(slot: slot), !member.value.isNull else { return .nothing }
            return .json(member.value, .member(member.index))
        }
        var chosen = FoundValue.nothing
        for (number, slots) in column.sourceSlots.enumerated() where slots & fields.presentSlots != 0 || slots == .max {
            let found = resolve(column.sources[number], element: element)
            if case .nothing = found { continue }
            if case .json(let value, _) = found, value.isNull { continue }
            guard case .nothing = chosen else {
                reportContradiction(chosen, found, column: column)
                continue
            }
            chosen = found
            guard case .json = found else { return chosen }
        }
        return chosen
    }

    private mutating func reportContradiction(_ chosen: FoundValue, _ other: FoundValue, column: ColumnProgram) {
        // Candidates inside members are fallbacks by design; two members of one meaning are not.
        guard case .json(let first, .member) = chosen, case .json(let second, .member) = other,
            !first.rawText.elementsEqual(second.rawText)
        else { return }
        findings.add(
            .contradictingFields,
            "two fields give \(column.name) different values; the one at byte \(first.span.start) is used",
            pointer: pointerText(of: second, in: column),
            at: second.span.start
        )
    }

    /// The pointer of the source that gave a value, for findings.
    func pointerText(of value: JSONValue, in column: ColumnProgram) -> String {
        for source in column.sources {
            if case .member(_, let pointer) = source, case .json(let found, _) = resolve(source),
                found.span == value.span
            {
                return pointer.text
            }
        }
        return ""
    }

    // MARK: Rows

    private mutating func ownRow() -> MappedRow {
        var values = run(shape.row, element: nil)
        switch shape.rest {
        case .whole(let target):
            fields.record.rawText.withUnsafeBufferPointer { values.setJSON(target, to: $0) }
        case .collect(let target):
            if shape.row.usesNaturalID { fields.consume(naturalIDPlace) }
            fields.putRest(in: target, of: &values)
        }
        return MappedRow(table: shape.table, role: "", values: values, rank: rank)
    }

    private mutating func run(_ program: RowProgram, element: JSONValue?) -> MappedValues {
        var values = program.blank
        // The record's own row holds about what the record does, implied ones little.
        values.reserve(program === shape.row ? fields.record.span.count : 64)
        let (record, present) = (fields.record, fields.presentSlots)
        record.withParts { parts in
            for (index, step) in program.steps.enumerated() where step.slots & present != 0 || step.slots == .max {
                if case .naturalID = step.plain {
                    if var text = naturalID { text.withUTF8 { values.setText(step.target, to: $0) } }
                    continue
                }
                if let slot = step.onlySlot(of: present),
                    applyPlain(step, slot: slot, of: program, parts: parts, values: &values)
                {
                    continue
                }
                let column = program.columns[index]
                let found = firstValue(of: column, element: element)
                if case .nothing = found { continue }
                apply(column, to: found, values: &values)
            }
        }
        return values
    }

    private mutating func addImpliedRows(to rows: inout [MappedRow]) {
        for (number, slots) in shape.impliedSlots.enumerated() where mayImply(slots) {
            let implied = shape.implied[number]
            guard implied.conditions.allSatisfy({ $0.holds(for: fields.record) }) else { continue }
            guard let each = implied.each else {
                if let row = impliedRow(implied, role: implied.role, element: nil) { rows.append(row) }
                continue
            }
            guard let list = list(each, slot: implied.eachSlot), list.kind == .array else { continue }
            for (index, element) in list.elements.enumerated() {
                if let row = impliedRow(implied, role: "\(implied.role)/\(index)", element: element) {
                    rows.append(row)
                }
            }
        }
    }

    /// Whether a record may have what an implied row of such slots needs; only objects have members.
    private func mayImply(_ slots: UInt64) -> Bool {
        slots & fields.presentSlots != 0 || slots == .max || fields.record.kind != .object
    }

    private func list(_ pointer: MappingPointer, slot: Int?) -> JSONValue? {
        guard let slot, fields.record.kind == .object else { return pointer.follow(from: fields.record) }
        guard let member = fields.member(slot: slot) else { return nil }
        return pointer.follow(from: member.value, behind: 1)
    }

    private mutating func impliedRow(_ implied: ImpliedRow, role: String, element: JSONValue?) -> MappedRow? {
        let values = run(implied.row, element: element)
        guard implied.required.allSatisfy({ !values.isMissing($0) }) else { return nil }
        return MappedRow(table: implied.row.table, role: role, values: values, rank: Self.impliedRank + rank)
    }

    private func addInferredAgents(of values: MappedValues, to rows: inout [MappedRow]) {
        for (number, target) in shape.agentTargets.enumerated() {
            let agent: MappedValues?? = values.withText(target) { name in
                guard !name.isEmpty, name.count <= Self.longestID else { return nil }
                let isRepeated = shape.agentTargets[..<number].contains { earlier in
                    values.withText(earlier) { ByteMarks.areEqual($0, name) } ?? false
                }
                return isRepeated ? nil : agents.values(named: name)
            }
            guard case .some(.some(let agent)) = agent else { continue }
            let role = shape.agentColumns[number].role
            rows.append(MappedRow(table: .agents, role: role, values: agent, rank: Self.inferredRank))
        }
    }

    /// Reports white space at the ends of a name, and control characters in it.
    mutating func checkName(
        _ name: String,
        column: String,
        at offset: Int,
        pointer: String = ""
    ) {
        guard Self.isOdd(name) else { return }
        findings.add(
            .whitespaceInName,
            "\(column) is \(RecordFindings.quote(name)); it is kept as it is",
            pointer: pointer,
            at: offset
        )
    }

    static func isOdd(_ name: String) -> Bool {
        var (hasControls, isASCII) = (false, true)
        var text = name
        text.withUTF8 { bytes in
            for byte in bytes {
                if byte < 0x20 { hasControls = true }
                if byte >= 0x80 { isASCII = false }
            }
        }
        if hasControls || name.utf8.first == 0x20 || name.utf8.last == 0x20 { return true }
        guard !isASCII, let first = name.unicodeScalars.first, let last = name.unicodeScalars.last else { return false }
        return first.properties.isWhitespace || last.properties.isWhitespace
    }
}

extension String {
    /// Whether it holds U+0000, which no column can.
    var holdsNUL: Bool {
        var text = self
        return text.withUTF8 { $0.contains(0) }
    }
}

extension RecordCondition {
    func holds(for record: JSONValue) -> Bool {
        switch self {
        case .exists(let pointer): return pointer.follow(from: record) != nil
        case .missing(let pointer): return pointer.follow(from: record) == nil
        case .isKind(let word): return record.kind.word == word
        case .equals(let pointer, let text):
            guard let value = pointer.follow(from: record) else { return false }
            if let string = value.string { return string == text }
            return value.rawText.elementsEqual(text.utf8)
        }
    }
}

extension ValueSource: CustomStringConvertible {
    var description: String {
        switch self {
        case .member(_, let pointer): pointer.text
        case .record: "$record"
        case .element(let pointer): "$element\(pointer.text)"
        case .naturalID: "$id"
        case .key: "$key"
        case .memberName: "$member"
        case .parentKey: "$parent-key"
        case .stem: "$stem"
        case .fileName: "$name"
        case .nameBehind(let colons): "$behind/\(colons)"
        case .path: "$path"
        case .ordinal: "$ordinal"
        case .folder: "$folder"
        case .place: "$place"
        case .constant(let text): "\"\(text)\""
        case .fileSuffix(let suffix): "file-suffix \(suffix)"
        case .join(let parts): parts.map(\.description).joined(separator: "+")
        }
    }
}
