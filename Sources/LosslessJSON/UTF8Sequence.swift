/// The well-formed byte sequences of UTF-8 (Unicode 15, table 3-7).
enum UTF8Sequence: Hashable, Sendable {
    /// A well-formed sequence of this many bytes.
    case valid(Int)
    /// Not well-formed.
    case invalid
    /// Well-formed as far as it goes, cut by the end of the bytes.
    case incomplete

    /// Judges the sequence at `index`, whose first byte is above ASCII.
    @inline(always)
    static func judge(_ bytes: UnsafePointer<UInt8>, _ index: Int, _ end: Int) -> UTF8Sequence {
        let lead = bytes[index]
        let length: Int
        var lowest: UInt8 = 0x80
        var highest: UInt8 = 0xBF
        switch lead {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, lowest) = (3, 0xA0)
        case 0xE1...0xEC, 0xEE, 0xEF: length = 3
        case 0xED: (length, highest) = (3, 0x9F)
        case 0xF0: (length, lowest) = (4, 0x90)
        case 0xF1...0xF3: length = 4
        case 0xF4: (length, highest) = (4, 0x8F)
        default: return .invalid
        }
        var next = 1
        while next < length {
            guard index + next < end else { return .incomplete }
            let byte = bytes[index + next]
            guard byte >= lowest, byte <= highest else { return .invalid }
            (lowest, highest) = (0x80, 0xBF)
            next += 1
        }
        return .valid(length)
    }
}
