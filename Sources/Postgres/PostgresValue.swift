/// A bound parameter.
///
/// Everything goes as text of no declared type, so that the server infers the type from the statement (write `$1::bigint`
/// where it cannot), except bytes, instants and UUIDs, which go in binary with their type.
public enum PostgresValue: Sendable, Hashable {
    /// SQL NULL.
    case null
    /// Text; U+0000 is refused, PostgreSQL cannot hold it.
    case text(String)
    /// A whole number.
    case integer(Int64)
    /// A floating-point number, sent with the shortest digits that give the same value.
    case double(Double)
    /// An exact decimal as text.
    case numeric(String)
    /// True or false.
    case boolean(Bool)
    /// `bytea`.
    case bytes([UInt8])
    /// `timestamptz`: microseconds since 1970-01-01T00:00:00Z.
    case instant(microseconds: Int64)
    /// `uuid`.
    case uuid(high: UInt64, low: UInt64)
    /// JSON text for `json` or `jsonb`; must be UTF-8.
    case json([UInt8])
    /// A one-dimensional array of texts (`text[]`, `uuid[]`, … as the statement says).
    case textArray([String])
    /// A one-dimensional array of whole numbers.
    case integerArray([Int64])
}

extension PostgresValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByNilLiteral
{
    /// Text.
    public init(stringLiteral value: String) { self = .text(value) }
    /// A whole number.
    public init(integerLiteral value: Int64) { self = .integer(value) }
    /// A floating-point number.
    public init(floatLiteral value: Double) { self = .double(value) }
    /// True or false.
    public init(booleanLiteral value: Bool) { self = .boolean(value) }
    /// NULL.
    public init(nilLiteral: ()) { self = .null }

    /// Text, or NULL for nil.
    public static func optional(_ text: String?) -> PostgresValue { text.map { .text($0) } ?? .null }
    /// A whole number, or NULL for nil.
    public static func optional(_ integer: Int64?) -> PostgresValue { integer.map { .integer($0) } ?? .null }
}
