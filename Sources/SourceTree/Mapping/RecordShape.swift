import Domain

/// How one record becomes the row of its own table and the further rows that it implies; compiled from a `shape`.
struct RecordShape: Sendable {
    let name: String
    let kind: String
    let table: CatalogTable
    let resolution: RecordResolution
    let naturalID: [ValueSource]
    let withoutID: MissingIDPolicy
    let recordTest: RecordTest
    let newest: [ValueSource]
    let row: RowProgram
    let rest: RestPolicy
    /// Columns whose names imply an agent.
    let agentColumns: [Int]
    let implied: [ImpliedRow]
    /// Every top-level member that any source reads, with its slot.
    let slots: MemberSlots
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
struct RowProgram: Sendable {
    let table: CatalogTable
    /// The number of mapped columns of the table.
    let width: Int
    let columns: [ColumnProgram]
    /// Whether a column holds the record's natural id.
    let usesNaturalID: Bool

    init(table: CatalogTable, columns: [ColumnProgram]) {
        self.table = table
        self.columns = columns
        width = table.mappedColumns.count
        usesNaturalID = columns.contains { $0.sources == [.naturalID] }
    }
}

/// How a column is filled.
struct ColumnProgram: Sendable {
    /// The place among the table's mapped columns.
    let target: Int
    let name: String
    let transform: ColumnTransform
    let sources: [ValueSource]
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

/// Where a value comes from.
indirect enum ValueSource: Sendable, Hashable {
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
    /// The path without `coordination/` and extension.
    case path
    /// The number of the top-level value in the file.
    case ordinal
    /// A fixed text.
    case constant(String)
    /// Whether the file's name ends so.
    case fileSuffix(String)
    /// Several of these, one behind the other; nothing when one of them is missing.
    case join([ValueSource])
}

/// Rows of other tables that a record implies.
struct ImpliedRow: Sendable {
    /// The stable role; elements of a list add `/<index>`.
    let role: String
    /// The list whose elements each imply a row; nil for one row per record.
    let each: MappingPointer?
    let conditions: [RecordCondition]
    let row: RowProgram
    /// Columns that must have a value, else there is no row.
    let required: [Int]
}

/// The top-level members that a shape reads, numbered.
struct MemberSlots: Sendable {
    private(set) var names: [String] = []
    private var numbers: [[UInt8]: Int] = [:]

    mutating func slot(for name: String) -> Int {
        let bytes = Array(name.utf8)
        if let number = numbers[bytes] { return number }
        numbers[bytes] = names.count
        names.append(name)
        return names.count - 1
    }

    func number(of key: [UInt8]) -> Int? {
        numbers[key]
    }
}
