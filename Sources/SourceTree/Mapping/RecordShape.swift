import Domain

/// How one record becomes the row of its own table and the further rows that it implies; compiled from a `shape`.
///
/// A class because every record refers to one: passing it on costs one reference, not a copy of each part.
final class RecordShape: Sendable {
    let name: String
    let kind: String
    let table: CatalogTable
    let resolution: RecordResolution
    let naturalID: [ValueSource]
    let withoutID: MissingIDPolicy
    let recordTest: RecordTest
    /// Members of which one makes the value a record, as the bits of their slots; what has none takes a closer look.
    let recordSlots: UInt64
    let newest: [ValueSource]
    /// What each of them reads of a member, without references; nil for other sources.
    let newestReads: [MemberRead?]
    /// The bits of the slots that are read for it as a whole.
    let newestSlots: UInt64
    let row: RowProgram
    let rest: RestPolicy
    /// Columns whose names imply an agent, each with the role of the row.
    let agentColumns: [AgentColumn]
    let agentTargets: [Int]
    /// The same as bits; columns beyond the 63rd share the last one.
    let agentTargetBits: UInt64
    let implied: [ImpliedRow]
    /// For each of them the bit of the slot without which it gives no row; every bit where there is none.
    let impliedSlots: [UInt64]
    /// Every top-level member that any source reads, with its slot.
    let slots: NumberedNames
    /// The bits of the slots whose names say that the value is a secret.
    let secretSlots: UInt64

    init(
        name: String,
        kind: String,
        table: CatalogTable,
        resolution: RecordResolution,
        naturalID: [ValueSource],
        withoutID: MissingIDPolicy,
        recordTest: RecordTest,
        newest: [ValueSource],
        row: RowProgram,
        rest: RestPolicy,
        agentColumns: [AgentColumn],
        implied: [ImpliedRow],
        slots: NumberedNames
    ) {
        self.name = name
        self.kind = kind
        self.table = table
        self.resolution = resolution
        self.naturalID = naturalID
        self.withoutID = withoutID
        self.recordTest = recordTest
        recordSlots = recordTest.anyOf.reduce(0) { bits, pointer in
            guard pointer.tokens.count == 1, let slot = slots.number(of: pointer.tokens[0]), slot < 63 else {
                return bits
            }
            return bits | NumberedNames.bit(slot)
        }
        self.newest = newest
        newestReads = newest.map(MemberRead.init)
        newestSlots = newestReads.reduce(0) { bits, read in
            guard let read, read.isWhole else { return bits }
            return bits | NumberedNames.bit(read.slot)
        }
        self.row = row
        self.rest = rest
        self.agentColumns = agentColumns
        agentTargets = agentColumns.map(\.target)
        agentTargetBits = agentTargets.reduce(0) { $0 | NumberedNames.bit($1) }
        self.implied = implied
        impliedSlots = implied.map { $0.eachSlot.map(NumberedNames.bit) ?? .max }
        self.slots = slots
        secretSlots = slots.all.enumerated().reduce(0) { bits, slot in
            SecretDetector.isSecretName(slot.element) ? bits | NumberedNames.bit(slot.offset) : bits
        }
    }
}

/// A column that holds an agent's name.
struct AgentColumn: Sendable, Hashable {
    let target: Int
    /// The role of the row that it implies, `agent/<column>`.
    let role: String
}

/// What happens to a record without any of its kind's ids.
enum MissingIDPolicy: String, Sendable, CaseIterable {
    /// It is quarantined.
    case quarantine
    /// It gets an id made of its file's path and place.
    case derive
    /// It is a row without id; only where rows are not found by id.
    case resolve
}

/// What a value needs to be a record at all.
struct RecordTest: Sendable {
    /// The kinds of JSON values that can be records, such as `object`.
    let kinds: [String]
    /// Members of which one must exist; empty: any object will do.
    let anyOf: [MappingPointer]
}

/// What becomes of the fields that no column consumed.
enum RestPolicy: Sendable {
    /// They are collected as an object in this column.
    case collect(Int)
    /// The whole record is kept in this column.
    case whole(Int)
}

/// The values of a row, column by column.
///
/// A class, as `ColumnProgram` is: every record goes through all of them, and a copy would cost a reference count for
/// each part.
final class RowProgram: Sendable {
    let table: CatalogTable
    /// A row without values: to copy it costs less than to make one.
    let blank: MappedValues
    let columns: [ColumnProgram]
    /// What each column does in most records, without references.
    let steps: [ColumnStep]
    /// The words of the vocabularies that steps refer to.
    let vocabularies: [PlainWords]
    /// Whether a column holds the record's natural id.
    let usesNaturalID: Bool

    init(table: CatalogTable, columns: [ColumnProgram]) {
        self.table = table
        self.columns = columns
        var vocabularies: [PlainWords] = []
        steps = columns.map { ColumnStep($0, vocabularies: &vocabularies) }
        self.vocabularies = vocabularies
        blank = MappedValues(nulls: table.mappedColumns.count)
        usesNaturalID = columns.contains { $0.sources == [.naturalID] }
    }
}

/// How a column is filled.
final class ColumnProgram: Sendable {
    /// The place among the table's mapped columns.
    let target: Int
    let name: String
    let transform: ColumnTransform
    let sources: [ValueSource]
    /// For each of them the bit of the slot without which it gives nothing; every bit where there is none.
    let sourceSlots: [UInt64]
    /// The slot of the whole top-level member that is the only source; nil for all other columns.
    let onlySlot: Int?

    init(target: Int, name: String, transform: ColumnTransform, sources: [ValueSource]) {
        self.target = target
        self.name = name
        self.transform = transform
        self.sources = sources
        sourceSlots = sources.map { source in MemberRead(source).map { NumberedNames.bit($0.slot) } ?? .max }
        let only = sources.count == 1 ? MemberRead(sources[0]) : nil
        onlySlot = only?.isWhole == true ? only?.slot : nil
    }
}

/// What a column does in most records: it takes one member as a whole, or none.
///
/// No references, because each record goes through the steps of all columns.
struct ColumnStep: Sendable {
    /// The place among the table's mapped columns.
    let target: Int
    /// The slots of the members that the column's sources read, as bits; every bit where there are other sources.
    let slots: UInt64
    /// Those that are read as a whole and have a bit of their own.
    private let wholeSlots: UInt64
    /// What is done to a value that needs no closer look.
    let plain: PlainTransform

    init(_ column: ColumnProgram, vocabularies: inout [PlainWords]) {
        target = column.target
        plain = PlainTransform(column, vocabularies: &vocabularies)
        let members = column.sources.compactMap(MemberRead.init)
        let hasOthers = members.count < column.sources.count
        slots = hasOthers ? .max : members.reduce(0) { $0 | NumberedNames.bit($1.slot) }
        // A slot of which a part is read too is no case for this.
        let parts = members.reduce(0) { $1.isWhole ? $0 : $0 | NumberedNames.bit($1.slot) }
        let ownBits = ~NumberedNames.bit(.max)
        wholeSlots = hasOthers ? 0 : slots & ownBits & ~parts
    }

    /// The slot of the whole member that the column is read from, where the record has no other one that it could be
    /// read from; nil where it takes a closer look to tell.
    @inline(__always)
    func onlySlot(of present: UInt64) -> Int? {
        let candidates = slots & present
        guard candidates & (candidates &- 1) == 0, candidates & wholeSlots != 0 else { return nil }
        return candidates.trailingZeroBitCount
    }
}

/// What is done to a value on its way into a column.
enum ColumnTransform: Sendable {
    case text
    /// Text with its ASCII letters lower-cased.
    case lowercase
    case integer
    case numeric
    case boolean
    /// A time, with the column that keeps the text where it is not exactly that instant.
    case instant(raw: Int?)
    case json
    case textArray
    /// A word of ours, with the column that keeps the word as written.
    case word(MappingVocabulary, raw: Int?)
    /// A word that means true or false.
    case flagWord(MappingVocabulary)
    /// `owner/name`, a bare name or a URL, over three columns; the column itself is the name's.
    case repository(owner: Int, url: Int?)
}

/// What a source reads of a top-level member; without references.
struct MemberRead: Sendable {
    let slot: Int
    /// Whether it reads the member itself, not something inside of it.
    let isWhole: Bool

    init?(_ source: ValueSource) {
        guard case .member(let slot, let pointer) = source else { return nil }
        self.slot = slot
        isWhole = pointer.tokens.count == 1
    }
}

/// What is done to a value that enters its column as it is written.
enum PlainTransform: Sendable {
    case text
    case integer
    case instant
    case json
    /// The place of the vocabulary among those of the row, and the column that keeps the word as written.
    case word(vocabulary: Int, raw: Int)
    /// The record's natural id as text, which comes from no member.
    case naturalID
    /// What takes the general way.
    case other

    init(_ column: ColumnProgram, vocabularies: inout [PlainWords]) {
        switch column.transform {
        case .text: self = column.sources == [.naturalID] ? .naturalID : .text
        case .integer: self = .integer
        case .instant: self = .instant
        case .json: self = .json
        case .word(let vocabulary, let raw?):
            self = .word(vocabulary: vocabularies.count, raw: raw)
            vocabularies.append(vocabulary.plainWords)
        case .word, .lowercase, .numeric, .boolean, .textArray, .flagWord, .repository: self = .other
        }
    }
}

/// Where a value comes from.
enum ValueSource: Sendable, Hashable {
    /// A member of the record: the slot of the first token, then the others.
    case member(slot: Int, pointer: MappingPointer)
    /// The whole record.
    case record
    /// The current element of an implied row's list, or a member of it.
    case element(MappingPointer)
    /// The record's natural id.
    case naturalID
    /// The last token of the record's pointer: its key in a keyed object.
    case key
    /// The same, but nothing where it could be the index of a list (digits only).
    case memberName
    /// The token before that.
    case parentKey
    /// The file's name without extension.
    case stem
    /// The file's name.
    case fileName
    /// The file's name with `%XX` decoded, from behind so many colons.
    case nameBehind(colons: Int)
    /// The path without `coordination/` and extension.
    case path
    /// The number of the top-level value in the file.
    case ordinal
    /// The path of the folder that the file is in.
    case folder
    /// The whole path, the number of the top-level value and the record's pointer; see `RecordPlaceText`.
    case place
    /// A fixed text.
    case constant(String)
    /// Whether the file's name ends so.
    case fileSuffix(String)
    /// Several of these, one behind the other; nothing when one of them is missing.
    case join([ValueSource])
}

/// Rows of other tables that a record implies.
final class ImpliedRow: Sendable {
    /// The stable role; elements of a list add `/<index>`.
    let role: String
    /// The list whose elements each imply a row; nil for one row per record.
    let each: MappingPointer?
    /// The slot of the list's first token; nil where `each` names none.
    let eachSlot: Int?
    let conditions: [RecordCondition]
    let row: RowProgram
    /// Columns that must have a value, else there is no row.
    let required: [Int]

    init(
        role: String,
        each: MappingPointer?,
        eachSlot: Int?,
        conditions: [RecordCondition],
        row: RowProgram,
        required: [Int]
    ) {
        self.role = role
        self.each = each
        self.eachSlot = eachSlot
        self.conditions = conditions
        self.row = row
        self.required = required
    }
}
