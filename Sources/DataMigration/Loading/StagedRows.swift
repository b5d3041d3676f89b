public import Domain
public import Postgres

/// Encoded rows of one table and how many there are.
struct StagedRows: Sendable {
    private(set) var encoder = CopyBinaryEncoder()
    private(set) var rowCount = 0

    /// Bytes held.
    var size: Int { encoder.count }

    /// The whole COPY but for its trailer.
    var bytes: [UInt8] { encoder.bytes }

    /// Adds a row that `write` fills with exactly `columns` values; gives its size in bytes.
    @discardableResult
    mutating func add(columns: Int, _ write: (inout CopyBinaryEncoder) throws -> Void) rethrows -> Int {
        let before = encoder.count
        encoder.startRow(columns: columns)
        try write(&encoder)
        rowCount += 1
        return encoder.count - before
    }
}

extension CopyBinaryEncoder {
    mutating func uuid(_ id: DeterministicID) {
        uuid(high: id.high, low: id.low)
    }

    /// Text that describes: U+0000, which keys of a tree may hold and a column may not, becomes its symbol.
    mutating func visibleText(_ text: String) {
        text.utf8.contains(0) ? self.text(text.replacing("\0", with: "\u{2400}")) : self.text(text)
    }

    mutating func optional<Value>(_ value: Value?, _ write: (inout CopyBinaryEncoder, Value) -> Void) {
        if let value { write(&self, value) } else { null() }
    }

    /// The values of a row that a mapping made, all of its columns.
    ///
    /// Throws `postgres.protocol` for a number that `numeric` cannot hold; nothing is added then.
    public mutating func values(_ values: MappedValues) throws {
        try values.bytes.withUnsafeBufferPointer { bytes in
            try add(atMost: values.count * CopyRow.overhead + bytes.count) { (row) throws(PostgresError) in
                for cell in values.cells { try row.append(cell, bytes) }
            }
        }
    }
}

extension CopyRow {
    @inline(__always)
    fileprivate mutating func append(
        _ cell: MappedValues.Cell,
        _ bytes: UnsafeBufferPointer<UInt8>
    ) throws(PostgresError) {
        switch cell.kind {
        case .null: null()
        case .text, .json: field(UnsafeBufferPointer(rebasing: bytes[cell.place]))
        case .integer: integer(cell.payload)
        case .numeric: try numeric(String(decoding: bytes[cell.place], as: UTF8.self))
        case .boolean: boolean(cell.payload != 0)
        case .instant: instant(microseconds: cell.payload)
        case .textArray: textArray(encoded: UnsafeBufferPointer(rebasing: bytes[cell.place]))
        }
    }
}
