/// The value of a column as a mapping made it from a record.
public enum MappedValue: Sendable, Equatable {
    /// No value; a missing value is never invented.
    case null
    /// Text.
    case text(String)
    /// A whole number.
    case integer(Int64)
    /// An exact decimal as JSON number text.
    case numeric(String)
    /// True or false.
    case boolean(Bool)
    /// Microseconds since 1970-01-01T00:00:00Z.
    case instant(microseconds: Int64)
    /// JSON as its exact text, without U+0000 escapes that `json` refuses on access; the bytes are valid UTF-8.
    case json([UInt8])
    /// A list of texts.
    case textArray([String])

    /// Texts are compared by their bytes, as PostgreSQL does.
    public static func == (first: MappedValue, second: MappedValue) -> Bool {
        switch (first, second) {
        case (.null, .null): true
        case (.text(let first), .text(let second)), (.numeric(let first), .numeric(let second)):
            ExactText(first) == ExactText(second)
        case (.integer(let first), .integer(let second)): first == second
        case (.boolean(let first), .boolean(let second)): first == second
        case (.instant(let first), .instant(let second)): first == second
        case (.json(let first), .json(let second)): first == second
        case (.textArray(let first), .textArray(let second)):
            first.elementsEqual(second) { ExactText($0) == ExactText($1) }
        default: false
        }
    }

    /// The text; nil for everything else.
    public var asText: String? { if case .text(let text) = self { text } else { nil } }
}

/// A row that a record becomes in a public table, before foreign keys are derived.
public struct MappedRow: Sendable {
    /// The table.
    public var table: CatalogTable
    /// Which row of the record it is: empty for the record's own row, else a stable name such as `agent` or
    /// `depends_on/3`.
    ///
    /// Derived keys are made of table, record and role.
    public var role: String
    /// Values in the order of `table.mappedColumns`.
    public var packed: MappedValues
    /// How good a candidate for its key the row is: lower wins.
    ///
    /// The record's own rows have the rank of its source; rows that a record merely implies (an agent named by a task)
    /// rank behind all of those.
    public var rank: Int

    /// A row.
    public init(table: CatalogTable, role: String, values: MappedValues, rank: Int) {
        self.table = table
        self.role = role
        packed = values
        self.rank = rank
    }

    /// The values one by one, in the order of `table.mappedColumns`.
    public var values: [MappedValue] { Array(packed) }
}
