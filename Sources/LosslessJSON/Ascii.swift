/// The bytes that JSON's grammar knows by name.
enum Ascii: Sendable {
    static let tab: UInt8 = 0x09
    static let newline: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    static let space: UInt8 = 0x20
    static let quote: UInt8 = 0x22
    static let plus: UInt8 = 0x2B
    static let comma: UInt8 = 0x2C
    static let minus: UInt8 = 0x2D
    static let dot: UInt8 = 0x2E
    static let slash: UInt8 = 0x2F
    static let zero: UInt8 = 0x30
    static let nine: UInt8 = 0x39
    static let colon: UInt8 = 0x3A
    static let upperE: UInt8 = 0x45
    static let openBracket: UInt8 = 0x5B
    static let backslash: UInt8 = 0x5C
    static let closeBracket: UInt8 = 0x5D
    static let e: UInt8 = 0x65
    static let f: UInt8 = 0x66
    static let n: UInt8 = 0x6E
    static let t: UInt8 = 0x74
    static let u: UInt8 = 0x75
    static let openBrace: UInt8 = 0x7B
    static let closeBrace: UInt8 = 0x7D

    /// The UTF-8 form of U+FEFF.
    static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
}

extension UInt8 {
    /// Space, tab, line feed or carriage return: the white space of RFC 8259.
    @inline(always)
    var isJSONWhitespace: Bool { self == 0x20 || self == 0x0A || self == 0x0D || self == 0x09 }

    /// `0` to `9`.
    @inline(always)
    var isDigit: Bool { self &- 0x30 < 10 }

    /// `A` to `Z` or `a` to `z`.
    var isLetter: Bool { (self | 0x20) &- 0x61 < 26 }

    /// The value of a hexadecimal digit.
    @inline(always)
    var hexValue: UInt32? {
        switch self {
        case 0x30...0x39: UInt32(self &- 0x30)
        case 0x41...0x46: UInt32(self &- 0x37)
        case 0x61...0x66: UInt32(self &- 0x57)
        default: nil
        }
    }

    /// `{` or `[`.
    var opensContainer: Bool { self == Ascii.openBrace || self == Ascii.openBracket }

    /// `,`, `:`, `}` or `]`: bytes that can stand in JSON only inside a value.
    var isInnerPunctuation: Bool {
        self == Ascii.comma || self == Ascii.colon || self == Ascii.closeBrace || self == Ascii.closeBracket
    }

    /// A byte that can begin a string, a number or a literal.
    var beginsScalar: Bool {
        self == Ascii.quote || self == Ascii.minus || isDigit || self == Ascii.t || self == Ascii.f || self == Ascii.n
    }
}
