/// Reads the inside of one token as far as the bytes go; nothing here knows about nesting.
enum TokenScanner: Sendable {
    /// Why the inside of a token stopped; one byte, because it is answered for every token.
    enum Stop: UInt8, Hashable, Sendable {
        /// The token is complete; the index is behind it.
        case closed
        /// The bytes ended; the index is where to go on with more of them.
        case starved
        /// The byte at the index is no digit.
        case digit
        /// The byte at the index is not the literal's next letter.
        case literal
        /// The byte at the index is no escape letter.
        case escape
        /// The byte at the index is no hexadecimal digit.
        case hexDigit
        /// The byte at the index is a control character.
        case control
        /// The bytes from the index on are no UTF-8.
        case utf8

        /// What was expected instead.
        var expectation: Expectation {
            switch self {
            case .digit: .digit
            case .literal: .literal
            case .escape: .escape
            case .hexDigit: .hexDigit
            case .utf8: .utf8
            case .control: .noControl
            case .closed, .starved: .closingQuote
            }
        }
    }

    /// Where the digits of a number are.
    enum NumberPart: UInt8, Hashable, Sendable {
        case start
        case minus
        case zero
        case integer
        case dot
        case fraction
        case exponent
        case exponentSign
        case exponentDigits

        /// Whether a number may end here.
        @inline(always)
        var isComplete: Bool {
            self == .integer || self == .zero || self == .fraction || self == .exponentDigits
        }
    }

    /// Reads string characters from `start` to behind the closing quote.
    ///
    /// An escape or a character that is cut by `end` is left unread. `\u` escapes are checked for digits only: a lone
    /// surrogate is grammatical.
    @inline(always)
    static func string(
        _ bytes: UnsafePointer<UInt8>,
        _ start: Int,
        _ end: Int,
        hasEscapes: inout Bool
    ) -> (index: Int, stop: Stop) {
        var index = start
        while true {
            while index &+ 8 <= end {
                let stops = ByteSearch.stringStops(ByteSearch.word(bytes + index))
                if stops != 0 {
                    index += stops.trailingZeroBitCount >> 3
                    break
                }
                index &+= 8
            }
            guard index < end else { return (index, .starved) }
            let byte = bytes[index]
            if byte == Ascii.quote { return (index + 1, .closed) }
            if byte == Ascii.backslash {
                hasEscapes = true
                let (next, stop) = escape(bytes, index, end)
                guard stop == .closed else { return (next, stop) }
                index = next
            } else if byte < 0x20 {
                return (index, .control)
            } else if byte >= 0x80 {
                switch UTF8Sequence.judge(bytes, index, end) {
                case .valid(let length): index += length
                case .invalid: return (index, .utf8)
                case .incomplete: return (index, .starved)
                }
            } else {
                index += 1
            }
        }
    }

    private static func escape(
        _ bytes: UnsafePointer<UInt8>,
        _ start: Int,
        _ end: Int
    ) -> (index: Int, stop: Stop) {
        guard start + 1 < end else { return (start, .starved) }
        switch bytes[start + 1] {
        case 0x22, 0x2F, 0x5C, 0x62, 0x66, 0x6E, 0x72, 0x74: return (start + 2, .closed)
        case Ascii.u: break
        default: return (start + 1, .escape)
        }
        for index in start + 2..<start + 6 {
            guard index < end else { return (start, .starved) }
            guard bytes[index].hexValue != nil else { return (index, .hexDigit) }
        }
        return (start + 6, .closed)
    }

    /// Reads a number on from `part`; `.closed` when a byte follows that cannot belong to it.
    @inline(always)
    static func number(
        _ bytes: UnsafePointer<UInt8>,
        _ start: Int,
        _ end: Int,
        part: inout NumberPart
    ) -> (index: Int, stop: Stop) {
        var index = start
        while index < end {
            let byte = bytes[index]
            if byte.isDigit {
                switch part {
                case .start, .minus: part = byte == Ascii.zero ? .zero : .integer
                case .zero: return (index, .closed)
                case .dot: part = .fraction
                case .exponent, .exponentSign: part = .exponentDigits
                case .integer, .fraction, .exponentDigits: break
                }
                index &+= 1
                while index < end, bytes[index].isDigit, part != .zero { index &+= 1 }
                continue
            }
            if part.isComplete, byte == Ascii.comma { return (index, .closed) }
            switch (part, byte) {
            case (.start, Ascii.minus): part = .minus
            case (.zero, Ascii.dot), (.integer, Ascii.dot): part = .dot
            case (.zero, Ascii.e), (.integer, Ascii.e), (.fraction, Ascii.e): part = .exponent
            case (.zero, Ascii.upperE), (.integer, Ascii.upperE), (.fraction, Ascii.upperE): part = .exponent
            case (.exponent, Ascii.plus), (.exponent, Ascii.minus): part = .exponentSign
            default: return (index, part.isComplete ? .closed : .digit)
            }
            index += 1
        }
        return (index, .starved)
    }

    /// Reads the literal that begins with the byte at `start`; unread when it is cut by `end`.
    @inline(always)
    static func literal(
        _ bytes: UnsafePointer<UInt8>,
        _ start: Int,
        _ end: Int
    ) -> (index: Int, stop: Stop) {
        let rest: StaticString
        switch bytes[start] {
        case Ascii.t: rest = "true"
        case Ascii.f: rest = "false"
        default: rest = "null"
        }
        let expected = rest.utf8Start
        for offset in 1..<rest.utf8CodeUnitCount {
            guard start + offset < end else { return (start, .starved) }
            guard bytes[start + offset] == expected[offset] else { return (start + offset, .literal) }
        }
        return (start + rest.utf8CodeUnitCount, .closed)
    }
}
