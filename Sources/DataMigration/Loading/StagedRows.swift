import Domain
import Postgres

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

    mutating func optional<Value>(_ value: Value?, _ write: (inout CopyBinaryEncoder, Value) -> Void) {
        if let value { write(&self, value) } else { null() }
    }

    mutating func values(_ values: [MappedValue]) throws {
        var skipped = 0
        for value in values {
            if case .null = value {
                skipped += 1
                continue
            }
            nulls(skipped)
            skipped = 0
            try self.value(value)
        }
        nulls(skipped)
    }

    private mutating func value(_ value: MappedValue) throws {
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
