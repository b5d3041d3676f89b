import Domain
import LosslessJSON

/// The row that a record is to become, compared with the one that it is.
struct RowWish {
    let values: [MappedValue]
    let shape: RecordShape
    /// Top-level fields that changed columns come from: the rest may hold copies of them, which do not count.
    ///
    /// Names are unescaped bytes: two spellings of one character are two fields, which Swift's strings take for one.
    private let copies: Set<[UInt8]>
    /// Those of them that are such a column's value as a whole: the column says what becomes of them.
    private let ownFields: Set<[UInt8]>
    /// The rest, or the whole record, as it is wanted; nil where there is to be none.
    private let rest: JSONDocument?
    private let isRestChanged: Bool

    init(values: [MappedValue], shape: RecordShape, original: MappedRecord) {
        self.values = values
        self.shape = shape
        var (copies, ownFields): (Set<[UInt8]>, Set<[UInt8]>) = ([], [])
        for column in shape.row.columns where !Self.isMet(column, wanted: values, by: original.values) {
            let fields = Self.fields(of: column, shape: shape, record: original)
            copies.formUnion(fields.all)
            if case .collect = shape.rest { ownFields.formUnion(fields.own) }
        }
        self.copies = copies
        self.ownFields = ownFields
        rest = Self.document(values[Self.restTarget(shape)])
        let was = Self.document(original.values[Self.restTarget(shape)])
        isRestChanged = !Self.mean(rest, was)
    }

    // MARK: Columns

    /// Whether a row has what this column is to hold.
    func isMet(_ column: ColumnProgram, by have: [MappedValue]) -> Bool {
        Self.isMet(column, wanted: values, by: have)
    }

    private static func isMet(_ column: ColumnProgram, wanted: [MappedValue], by have: [MappedValue]) -> Bool {
        let (want, got) = (wanted[column.target], have[column.target])
        switch column.transform {
        case .word(let vocabulary, let raw):
            guard want == got, let raw else { return want == got }
            guard let text = wanted[raw].asText else { return want != .null || have[raw] == .null }
            return wanted[raw] == have[raw] || vocabulary.word(for: text) != want.asText
        case .instant(let raw):
            guard want == got, let raw else { return want == got }
            guard let text = wanted[raw].asText else { return want != .null || have[raw] == .null }
            return wanted[raw] == have[raw] || !Self.belongs(text, to: want)
        case .repository(let owner, let url):
            return want == got && wanted[owner] == have[owner] && (url.map { wanted[$0] == have[$0] } ?? true)
        case .json, .numeric: return mean(want, got)
        case .text, .lowercase, .integer, .boolean, .textArray, .flagWord: return want == got
        }
    }

    /// Whether a text can stand beside an instant, or beside none: it is no exact time.
    static func belongs(_ raw: String, to value: MappedValue) -> Bool {
        switch (SourceInstant(raw), value) {
        case (.inexact(let time), .instant(let microseconds)): time == microseconds
        case (.zoneless, .null), (.notATime, .null): true
        default: false
        }
    }

    private static func mean(_ left: MappedValue, _ right: MappedValue) -> Bool {
        if left == right { return true }
        guard let left = document(left), let right = document(right) else { return false }
        return left.root.means(right.root)
    }

    private static func mean(_ left: JSONDocument?, _ right: JSONDocument?) -> Bool {
        guard let left, let right else { return left == nil && right == nil }
        return left.root.means(right.root)
    }

    /// JSON and numbers as documents; nil for NULL and for what is none.
    private static func document(_ value: MappedValue) -> JSONDocument? {
        switch value {
        case .json(let bytes): try? JSONDocument(strict: bytes)  // PostgreSQL took it as JSON
        case .numeric(let text): try? JSONDocument(strict: Array(text.utf8))  // NaN and infinities are none
        default: nil
        }
    }

    /// The names of columns that no program of the shape fills and that are to hold something else than they do.
    func unmappedColumns(besides have: [MappedValue]) -> [String] {
        var filled: Set<Int> = [Self.restTarget(shape)]
        for column in shape.row.columns {
            filled.insert(column.target)
            switch column.transform {
            case .word(_, let raw?), .instant(let raw?): filled.insert(raw)
            case .repository(let owner, let url): filled.formUnion([owner] + (url.map { [$0] } ?? []))
            default: break
            }
        }
        let columns = shape.table.mappedColumns
        return columns.indices.filter { !filled.contains($0) && !Self.mean(values[$0], have[$0]) }.map {
            columns[$0].name
        }
    }

    /// The top-level fields that a column's value is, is in, or would be read from when another one goes.
    private static func fields(
        of column: ColumnProgram,
        shape: RecordShape,
        record: MappedRecord
    ) -> (own: Set<[UInt8]>, all: Set<[UInt8]>) {
        let sources = column.sources == [.naturalID] ? shape.naturalID : column.sources
        var (own, all): (Set<[UInt8]>, Set<[UInt8]>) = ([], [])
        for source in sources {
            guard case .member(_, let pointer) = source, let token = pointer.tokens.first else { continue }
            let name = Array(token.utf8)
            if pointer.tokens.count == 1 { own.insert(name) }
            if case .json = record.mapper.resolve(source) { all.insert(name) }
        }
        return (own, all.union(own))
    }

    // MARK: The rest

    private static func restTarget(_ shape: RecordShape) -> Int {
        switch shape.rest {
        case .collect(let target), .whole(let target): target
        }
    }

    /// The column of what no other column holds.
    var restName: String { shape.table.mappedColumns[Self.restTarget(shape)].name }

    private var isWhole: Bool { if case .whole = shape.rest { true } else { false } }

    /// A row's values without what pointers name in the rest, or in the whole record that it keeps.
    static func removing(_ pointers: [String], from values: [MappedValue], shape: RecordShape) -> [MappedValue] {
        guard !pointers.isEmpty, let rest = document(values[restTarget(shape)]) else { return values }
        var plan = JSONPatchPlan()
        for pointer in pointers { plan.remove(at: pointer, of: rest.root) }
        guard let text = BytePatch.apply(plan.patches(), to: Array(rest.bytes)) else { return values }
        var values = values
        values[restTarget(shape)] = text == Array("{}".utf8) ? .null : .json(text)
        return values
    }

    /// Changes the fields of a record that no column holds, member by member.
    func changeRest(of record: MappedRecord, plan: inout JSONPatchPlan) {
        guard isRestChanged, rest != nil || !isWhole else { return }
        let root = record.document.root
        guard root.kind == .object, rest.map({ $0.root.kind == .object }) ?? true else {
            if let rest, isWhole { plan.change(root, to: rest.root) }
            return
        }
        let wanted = Self.members(rest?.root)
        let present = Self.members(isWhole ? root : Self.document(record.values[Self.restTarget(shape)])?.root)
        let members = Array(root.members)
        var places: [[UInt8]: [Int]] = [:]
        for (place, member) in members.enumerated() { places[member.key.unescaped, default: []].append(place) }
        let held = present.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        for (name, values) in held where !ownFields.contains(name) {
            // A name that is there several times is in the rest as often, whatever columns read of it.
            guard let old = places[name]?.prefix(values.count), let first = old.first else { continue }
            let new = wanted[name] ?? []
            for place in old.dropLast(new.count) { plan.remove(child: place, of: root) }
            for (place, value) in zip(old.suffix(new.count), new) {
                plan.change(members[place].value, to: value, in: root)
            }
            for value in new.dropFirst(old.count) {
                plan.append(rawMember: Array(members[first].key.rawText), JSONDocument(copying: value), to: root)
            }
        }
        for member in rest.map({ Array($0.root.members) }) ?? [] {
            let name = member.key.unescaped
            guard present[name] == nil, places[name] == nil, !ownFields.contains(name) else { continue }
            plan.append(rawMember: Array(member.key.rawText), JSONDocument(copying: member.value), to: root)
        }
    }

    /// Whether the rest is as it is to be, copies of changed columns aside.
    ///
    /// Where a row keeps the whole record, and there is none yet, any record will do.
    func isRestMet(by have: [MappedValue]) -> Bool {
        let got = Self.document(have[Self.restTarget(shape)])
        if isWhole && rest == nil { return true }
        if Self.mean(rest, got) { return true }
        let objects = [rest, got].allSatisfy { $0.map { $0.root.kind == .object } ?? true }
        guard objects else { return false }
        let (wanted, present) = (Self.members(rest?.root), Self.members(got?.root))
        return Set(wanted.keys).union(present.keys).subtracting(copies).allSatisfy { name in
            guard let left = wanted[name], let right = present[name] else { return false }
            return left.elementsEqual(right) { $0.means($1) }
        }
    }

    /// The values by name, in the order of the text: a name can be there several times.
    private static func members(_ object: JSONValue?) -> [[UInt8]: [JSONValue]] {
        var members: [[UInt8]: [JSONValue]] = [:]
        for member in object?.members ?? JSONDocument.emptyObject.root.members {
            members[member.key.unescaped, default: []].append(member.value)
        }
        return members
    }
}

extension JSONDocument {
    /// An object without members.
    static let emptyObject: JSONDocument = {
        guard let document = try? JSONDocument(strict: Array("{}".utf8)) else { preconditionFailure("{} is JSON") }
        return document
    }()
}
