/// One reply of a server, in every type that RESP2 and RESP3 have.
///
/// RESP2's null bulk string and null array are `null`. A streamed string or aggregate is the value it adds up to.
public indirect enum RESPValue: Sendable, Hashable {
    /// `+`: a short text without line breaks.
    case simpleString([UInt8])
    /// `$`: any bytes.
    case blobString([UInt8])
    /// `-` or `!`: the server refused something. The text begins with its code word.
    case error([UInt8])
    /// `:`
    case integer(Int64)
    /// `,`: also infinities and NaN.
    case double(Double)
    /// `#`
    case boolean(Bool)
    /// `(`: an integer of any size, as its digits with an optional sign.
    case bigNumber([UInt8])
    /// `=`: a text and how it is written, such as `txt` or `mkd`.
    case verbatim(format: [UInt8], [UInt8])
    /// `_`, `$-1` or `*-1`.
    case null
    /// `*`
    case array([RESPValue])
    /// `%`: in the order sent, repeated keys kept.
    case map([RESPPair])
    /// `~`: in the order sent.
    case set([RESPValue])
    /// `>`: sent by the server on its own account; never inside of another value.
    case push([RESPValue])
    /// `|`: facts about a value, before the value itself.
    case attributed([RESPPair], RESPValue)
}

/// A key and its value in a map.
public struct RESPPair: Sendable, Hashable {
    /// The key.
    public let key: RESPValue
    /// The value.
    public let value: RESPValue

    /// Joins both.
    public init(_ key: RESPValue, _ value: RESPValue) {
        self.key = key
        self.value = value
    }
}

// MARK: Reading

extension RESPValue {
    /// The value without attributes around it.
    public var plain: RESPValue {
        var value = self
        while case .attributed(_, let inner) = value { value = inner }
        return value
    }

    /// The bytes of any kind of string that is no error; nil for everything else.
    public var bytes: [UInt8]? {
        switch self {
        case .simpleString(let bytes), .blobString(let bytes), .bigNumber(let bytes), .verbatim(_, let bytes): bytes
        case .attributed(_, let value): value.bytes
        default: nil
        }
    }

    /// The text of any kind of string that is no error; nil for everything else and for what is not UTF-8.
    public var text: String? {
        bytes.flatMap { String(validating: $0, as: UTF8.self) }
    }

    /// The integer, also where a string holds its decimal digits; nil for everything else.
    public var int: Int64? {
        switch self {
        case .integer(let number): number
        case .attributed(_, let value): value.int
        default: text.flatMap { Int64($0) }
        }
    }

    /// The number, also where RESP2 sends it as a string; nil for everything else.
    public var number: Double? {
        switch self {
        case .double(let number): number
        case .integer(let number): Double(number)
        case .attributed(_, let value): value.number
        default: bytes.flatMap { RESPNumber.double($0[...]) }
        }
    }

    /// The elements of an array, set or push; nil for everything else.
    public var elements: [RESPValue]? {
        switch self {
        case .array(let list), .set(let list), .push(let list): list
        case .attributed(_, let value): value.elements
        default: nil
        }
    }

    /// The pairs of a map, also where RESP2 sends it as a flat array; nil for everything else.
    public var pairs: [RESPPair]? {
        switch self {
        case .map(let pairs): return pairs
        case .attributed(_, let value): return value.pairs
        case .array(let list) where list.count.isMultiple(of: 2):
            return stride(from: 0, to: list.count, by: 2).map { RESPPair(list[$0], list[$0 + 1]) }
        default: return nil
        }
    }

    /// The text of an error reply; nil for everything else.
    public var errorText: [UInt8]? {
        switch self {
        case .error(let text): text
        case .attributed(_, let value): value.errorText
        default: nil
        }
    }
}
