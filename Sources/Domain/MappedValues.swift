/// The values of a row, packed: all that they hold lies in one piece of memory.
///
/// A row has some forty columns, of which a record fills a third. A list of `MappedValue` would hold a reference for
/// each text and ask of each value what it is; millions of rows are made, encoded and forgotten.
public struct MappedValues: Sendable {
    /// What a value is.
    public enum Kind: UInt8, Sendable {
        /// No value.
        case null
        /// Text: UTF-8.
        case text
        /// A whole number.
        case integer
        /// An exact decimal as JSON number text.
        case numeric
        /// True or false, as 1 or 0.
        case boolean
        /// Microseconds since 1970-01-01T00:00:00Z.
        case instant
        /// JSON as its exact text.
        case json
        /// Texts, each behind its length in bytes as four bytes, highest first.
        case textArray
    }

    /// One value: a number, or where its bytes are.
    public struct Cell: Sendable {
        /// The number, or the place of the first byte.
        public let payload: Int64
        /// The number of bytes.
        private let size: UInt32
        /// What it is.
        public let kind: Kind

        init(_ kind: Kind, payload: Int64 = 0, size: Int = 0) {
            self.kind = kind
            self.payload = payload
            self.size = UInt32(size)
        }

        /// Where the bytes are of what is no number.
        public var place: Range<Int> { Int(payload)..<Int(payload) + Int(size) }
    }

    /// The cells, one for each column.
    public private(set) var cells: [Cell]
    /// What texts and JSON hold; a value that was set twice has left its first bytes behind.
    public private(set) var bytes: [UInt8] = []

    /// So many values that are null.
    public init(nulls count: Int) {
        cells = [Cell](repeating: Cell(.null), count: count)
    }

    /// These values.
    public init(_ values: some Collection<MappedValue>) {
        self.init(nulls: values.count)
        for (index, value) in values.enumerated() { self[index] = value }
    }

    /// Makes room for what is going to be set; bytes.
    public mutating func reserve(_ count: Int) {
        bytes.reserveCapacity(count)
    }

    /// The value of a column.
    public subscript(_ index: Int) -> MappedValue {
        get { value(of: cells[index]) }
        set { set(index, to: newValue) }
    }

    /// Sets a column to text, which must be UTF-8 without U+0000.
    public mutating func setText(_ index: Int, to text: UnsafeBufferPointer<UInt8>) {
        setBytes(index, .text, text)
    }

    /// Sets a column to JSON, which must be valid.
    public mutating func setJSON(_ index: Int, to text: UnsafeBufferPointer<UInt8>) {
        setBytes(index, .json, text)
    }

    /// Sets a column to JSON that `append` adds to the bytes, which it must not change otherwise.
    public mutating func setJSON(_ index: Int, appending append: (inout [UInt8]) -> Void) {
        let start = bytes.count
        append(&bytes)
        cells[index] = Cell(.json, payload: Int64(start), size: bytes.count - start)
    }

    /// Sets a column to an instant.
    public mutating func setInstant(_ index: Int, microseconds: Int64) {
        cells[index] = Cell(.instant, payload: microseconds)
    }

    /// Sets a column to a whole number.
    public mutating func setInteger(_ index: Int, to number: Int64) {
        cells[index] = Cell(.integer, payload: number)
    }

    /// Whether there is nothing in a column: NULL or an empty text.
    public func isMissing(_ index: Int) -> Bool {
        let cell = cells[index]
        return cell.kind == .null || cell.kind == .text && cell.place.isEmpty
    }

    /// Hands out the bytes of a text; nil for everything else.
    public func withText<Result>(_ index: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result? {
        let cell = cells[index]
        guard cell.kind == .text else { return nil }
        return bytes.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[cell.place])) }
    }

    private mutating func setBytes(_ index: Int, _ kind: Kind, _ text: UnsafeBufferPointer<UInt8>) {
        cells[index] = Cell(kind, payload: Int64(bytes.count), size: text.count)
        bytes.append(contentsOf: text)
    }

    private mutating func set(_ index: Int, to value: MappedValue) {
        switch value {
        case .null: cells[index] = Cell(.null)
        case .text(var text): text.withUTF8 { setBytes(index, .text, $0) }
        case .integer(let number): setInteger(index, to: number)
        case .numeric(var text): text.withUTF8 { setBytes(index, .numeric, $0) }
        case .boolean(let flag): cells[index] = Cell(.boolean, payload: flag ? 1 : 0)
        case .instant(let microseconds): setInstant(index, microseconds: microseconds)
        case .json(let text): text.withUnsafeBufferPointer { setBytes(index, .json, $0) }
        case .textArray(let texts):
            let start = bytes.count
            for text in texts {
                withUnsafeBytes(of: UInt32(text.utf8.count).bigEndian) { bytes.append(contentsOf: $0) }
                bytes.append(contentsOf: text.utf8)
            }
            let size = bytes.count - start
            cells[index] = Cell(.textArray, payload: Int64(start), size: size)
        }
    }

    private func value(of cell: Cell) -> MappedValue {
        switch cell.kind {
        case .null: .null
        case .text: .text(String(decoding: bytes[cell.place], as: UTF8.self))
        case .integer: .integer(cell.payload)
        case .numeric: .numeric(String(decoding: bytes[cell.place], as: UTF8.self))
        case .boolean: .boolean(cell.payload != 0)
        case .instant: .instant(microseconds: cell.payload)
        case .json: .json(Array(bytes[cell.place]))
        case .textArray: .textArray(texts(of: cell))
        }
    }

    private func texts(of cell: Cell) -> [String] {
        var rest = bytes[cell.place]
        var texts: [String] = []
        while !rest.isEmpty {
            let length = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
            texts.append(String(decoding: rest.dropFirst(4).prefix(length), as: UTF8.self))
            rest = rest.dropFirst(4 + length)
        }
        return texts
    }
}

extension MappedValues: RandomAccessCollection {
    /// The first column.
    public var startIndex: Int { 0 }
    /// Behind the last column.
    public var endIndex: Int { cells.count }
}

extension MappedValues: Equatable {
    /// Whether each column has the same value, wherever its bytes are.
    public static func == (left: MappedValues, right: MappedValues) -> Bool {
        left.elementsEqual(right)
    }
}
