/// The seven kinds of JSON value.
public enum JSONKind: UInt8, Hashable, Sendable, CaseIterable {
    /// `{…}`
    case object
    /// `[…]`
    case array
    /// `"…"`
    case string
    /// A number, kept as text.
    case number
    /// The literal `true`.
    case `true`
    /// The literal `false`.
    case `false`
    /// The literal `null`.
    case null
}

extension JSONKind {
    /// The kind of a valid value that starts with `byte`.
    init(firstByte byte: UInt8) {
        switch byte {
        case Ascii.openBrace: self = .object
        case Ascii.openBracket: self = .array
        case Ascii.quote: self = .string
        case Ascii.t: self = .true
        case Ascii.f: self = .false
        case Ascii.n: self = .null
        default: self = .number
        }
    }
}
