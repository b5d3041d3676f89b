import Domain
import LosslessJSON

/// One round of edits of a record: for each column that is not right, the field that it is read from.
struct RevisionStep {
    private let record: MappedRecord
    private let wish: RowWish
    private let shape: RecordShape
    private var plan = JSONPatchPlan()
    /// The fields that were written, each with the column that it was written for.
    private(set) var writtenBy: [MappingPointer: Int]

    init(record: MappedRecord, wish: RowWish, shape: RecordShape, writtenBy: [MappingPointer: Int]) {
        self.record = record
        self.wish = wish
        self.shape = shape
        self.writtenBy = writtenBy
    }

    /// The text with the edits; nil when there are none.
    mutating func apply() -> [UInt8]? {
        guard !plan.isEmpty else { return nil }
        return BytePatch.apply(plan.patches(), to: record.document.bytes)
    }

    private var root: JSONValue { record.document.root }

    /// Edits the field of a column.
    mutating func edit(_ index: Int) {
        let column = shape.row.columns[index]
        let inverse = ColumnInverse(column: column, wanted: wish.values)
        guard !inverse.isNothing else { return removeFields(of: column, index) }
        guard let (pointer, old) = field(of: column, index), let text = inverse.text(inPlaceOf: old),
            let new = try? JSONDocument(strict: text)  // NaN and what is no JSON cannot be said
        else { return }
        writtenBy[pointer] = index
        if let old {
            plan.change(old, to: new.root, in: Self.follow(pointer.tokens.dropLast(), root))
        } else {
            insert(new, at: pointer.tokens)
        }
    }

    // MARK: Which field

    private func sources(of column: ColumnProgram) -> [ValueSource] {
        column.sources == [.naturalID] ? shape.naturalID : column.sources
    }

    /// The first source that gives a value.
    private func chosen(of column: ColumnProgram) -> Int? {
        sources(of: column).firstIndex { source in
            switch record.mapper.resolve(source) {
            case .nothing: false
            case .json(let value, _): !value.isNull
            case .text, .boolean: true
            }
        }
    }

    /// The field to write, with its value if it has one; nil where the record has no place for the column.
    private func field(of column: ColumnProgram, _ index: Int) -> (MappingPointer, JSONValue?)? {
        let sources = sources(of: column)
        guard let chosen = chosen(of: column) else { return freeField(sources[...]).map { ($0, value(at: $0)) } }
        let earlier = freeField(sources[..<chosen])
        guard case .member(_, let pointer) = sources[chosen] else { return earlier.map { ($0, value(at: $0)) } }
        // A field inside of another one is a part of the rest, which says what it is to hold.
        if isShared(pointer, by: index) || pointer.tokens.count > 1, let earlier {
            return (earlier, value(at: earlier))
        }
        guard !isIdentity(pointer, besides: column), writtenBy[pointer].map({ $0 == index }) ?? true else {
            return nil
        }
        return (pointer, value(at: pointer))
    }

    /// The best of the fields that the record does not have: its own member before one inside of another.
    private func freeField(_ sources: ArraySlice<ValueSource>) -> MappingPointer? {
        let pointers = sources.compactMap { source -> MappingPointer? in
            guard case .member(_, let pointer) = source else { return nil }
            return value(at: pointer).map(\.isNull) ?? true ? pointer : nil
        }
        return pointers.first { $0.tokens.count == 1 } ?? pointers.first { hasRoom(for: $0) }
    }

    /// Whether the values on the way to a field are objects, as far as they exist.
    private func hasRoom(for pointer: MappingPointer) -> Bool {
        for count in 1..<max(pointer.tokens.count, 1) {
            guard let value = Self.follow(pointer.tokens.prefix(count), root) else { return true }
            if value.kind != .object { return false }
        }
        return true
    }

    /// Whether another column that is right reads this field too.
    private func isShared(_ pointer: MappingPointer, by index: Int) -> Bool {
        if let writer = writtenBy[pointer], writer != index { return true }
        if isIdentity(pointer, besides: shape.row.columns[index]) { return true }
        return shape.row.columns.indices.contains { other in
            guard other != index, wish.isMet(shape.row.columns[other], by: record.values) else { return false }
            let column = shape.row.columns[other]
            return chosen(of: column).map { sources(of: column)[$0].names(pointer) } ?? false
        }
    }

    /// Whether the record's id is read from this field.
    private func isIdentity(_ pointer: MappingPointer, besides column: ColumnProgram) -> Bool {
        guard column.sources != [.naturalID] else { return false }
        let first = shape.naturalID.first { source in
            switch record.mapper.resolve(source) {
            case .nothing: false
            case .json(let value, _): value.kind == .string || value.kind == .number
            case .text, .boolean: true
            }
        }
        return first?.names(pointer) ?? false
    }

    // MARK: Edits

    /// Removes every field that the column would be read from, so that no later candidate comes forward.
    private mutating func removeFields(of column: ColumnProgram, _ index: Int) {
        for source in sources(of: column) {
            guard case .member(_, let pointer) = source, let value = value(at: pointer), !value.isNull,
                !isIdentity(pointer, besides: column)
            else { continue }
            if isShared(pointer, by: index) && sources(of: column).count > 1 { continue }
            plan.remove(at: pointer.text, of: root)
        }
    }

    private mutating func insert(_ value: JSONDocument, at tokens: [String]) {
        var depth = tokens.count - 1
        while depth > 0, Self.follow(tokens.prefix(depth), root) == nil { depth -= 1 }
        guard let parent = Self.follow(tokens.prefix(depth), root), parent.kind == .object else { return }
        var text = Array(value.root.rawText)
        for token in tokens[(depth + 1)...].reversed() {
            var object: [UInt8] = [UInt8(ascii: "{")]
            JSONText.append(token, to: &object)
            text = object + [UInt8(ascii: ":")] + text + [UInt8(ascii: "}")]
        }
        guard let document = try? JSONDocument(strict: text) else { return }  // objects around a value are JSON
        plan.append(member: tokens[depth], document, to: parent)
    }

    private func value(at pointer: MappingPointer) -> JSONValue? { Self.follow(pointer.tokens[...], root) }

    private static func follow(_ tokens: ArraySlice<String>, _ root: JSONValue) -> JSONValue? {
        MappingPointer.follow(tokens, from: root)
    }
}

extension ValueSource {
    /// Whether it is this field.
    func names(_ pointer: MappingPointer) -> Bool {
        if case .member(_, let own) = self { own == pointer } else { false }
    }
}
