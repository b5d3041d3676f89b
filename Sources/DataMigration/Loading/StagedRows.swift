import Domain
import Postgres

/// Encoded rows of one table and how many there are.
struct StagedRows: Sendable {
    private(set) var encoder = CopyBinaryEncoder()
    private(set) var rowCount = 0

    /// Bytes held.
    var size: Int { encoder.count }

    /// Adds a row that `write` fills with exactly `columns` values.
    mutating func add(columns: Int, _ write: (inout CopyBinaryEncoder) throws -> Void) rethrows {
        encoder.startRow(columns: columns)
        try write(&encoder)
        rowCount += 1
    }

    /// The whole COPY, trailer included.
    func finished() -> [UInt8] {
        var encoder = encoder
        encoder.finish()
        return encoder.take()
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

    mutating func value(_ value: MappedValue) throws {
        switch value {
        case .null: null()
        case .text(let text): self.text(text)
        case .integer(let number): integer(number)
        case .numeric(let text): try numeric(text)
        case .boolean(let flag): boolean(flag)
        case .instant(let microseconds): instant(microseconds: microseconds)
        case .json(let bytes): json(bytes)
        case .textArray(let texts): textArray(texts)
        }
    }
}
