/// What a statement gave.
public struct PostgresResult: Sendable {
    /// The rows, in the server's order.
    public let rows: [PostgresRow]
    /// How many rows the statement wrote or returned; 0 for those that do neither.
    public let affected: Int
    /// The names of the columns, in order.
    public let columns: [String]
    /// The command tag, such as `INSERT 0 3` or `CREATE TABLE`.
    public let commandTag: String

    /// The first row.
    public var first: PostgresRow? { rows.first }
}

/// The columns that the rows of one result share.
final class ColumnTable: Sendable {
    let names: [String]
    let types: [UInt32]
    private let positions: [String: Int]

    init(names: [String], types: [UInt32]) {
        self.names = names
        self.types = types
        positions = Dictionary(zip(names, names.indices), uniquingKeysWith: { first, _ in first })
    }

    func position(of name: String) -> Int? { positions[name] }
}

/// One row: its cells share one buffer.
public struct PostgresRow: Sendable {
    private let table: ColumnTable
    private let bytes: [UInt8]
    /// Where each cell ends in `bytes`; -1 minus that for NULL.
    private let ends: [Int]

    init(table: ColumnTable, bytes: [UInt8], ends: [Int]) {
        self.table = table
        self.bytes = bytes
        self.ends = ends
    }

    /// The names of the columns, in order.
    public var columns: [String] { table.names }

    /// How many cells there are.
    public var count: Int { ends.count }

    /// The cell of a column, the first if several have the name.
    ///
    /// The column must exist: naming one that the statement does not return is a mistake in the program.
    public subscript(_ column: String) -> PostgresCell {
        guard let position = table.position(of: column) else {
            preconditionFailure("no column \"\(column)\" in this result; it has \(table.names)")
        }
        return self[position]
    }

    /// The cell at a position from 0, which must exist.
    public subscript(_ index: Int) -> PostgresCell {
        let end = ends[index]
        guard end >= 0 else { return PostgresCell(raw: nil, type: table.types[index]) }
        let start = index == 0 ? 0 : ends[index - 1] >= 0 ? ends[index - 1] : -1 - ends[index - 1]
        return PostgresCell(raw: bytes[start..<end], type: table.types[index])
    }

    /// About how much memory the row takes.
    var size: Int { bytes.count + ends.count * 8 + 64 }
}

/// One value of a row, as the server's text.
public struct PostgresCell: Sendable, Hashable {
    /// The server's text as bytes; nil for NULL.
    public let raw: ArraySlice<UInt8>?
    /// The type's object id, such as 25 for `text` and 17 for `bytea`.
    public let type: UInt32

    /// Whether it is NULL.
    public var isNull: Bool { raw == nil }

    /// The text; nil for NULL.
    public var string: String? { raw.map { String(decoding: $0, as: UTF8.self) } }

    /// The whole number; nil for NULL and for what is none of 64 bits.
    public var integer: Int64? { string.flatMap { Int64($0) } }

    /// The floating-point number; nil for NULL and for what is none.
    public var double: Double? { string.flatMap { Double($0) } }

    /// True or false; nil for NULL and for what is neither `t` nor `f`.
    public var boolean: Bool? {
        switch raw.map(Array.init) {
        case [UInt8(ascii: "t")]?: true
        case [UInt8(ascii: "f")]?: false
        default: nil
        }
    }

    /// The bytes of a `bytea` decoded; of every other type the bytes of its text; nil for NULL.
    public var bytes: [UInt8]? {
        guard let raw else { return nil }
        return type == 17 ? Self.decodeHex(raw) : Array(raw)
    }

    /// The elements of a one-dimensional array of any type as texts; nil for NULL and for what is no such array, or
    /// holds a NULL.
    public var textArray: [String]? { raw.flatMap { ArrayLiteral.elements($0) } }

    /// Decodes `\x` and pairs of hexadecimal digits.
    private static func decodeHex(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        guard text.starts(with: "\\x".utf8), text.count.isMultiple(of: 2) else { return nil }
        var result: [UInt8] = []
        result.reserveCapacity(text.count / 2 - 1)
        var index = text.startIndex + 2
        while index < text.endIndex {
            guard let high = nibble(text[index]), let low = nibble(text[index + 1]) else { return nil }
            result.append(high << 4 | low)
            index += 2
        }
        return result
    }

    private static func nibble(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x61...0x66: digit - 0x61 + 10
        case 0x41...0x46: digit - 0x41 + 10
        default: nil
        }
    }
}
