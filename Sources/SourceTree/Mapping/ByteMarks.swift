/// Tests of eight bytes at a time: each byte's highest bit says whether it passes.
enum ByteMarks {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highs: UInt64 = 0x8080_8080_8080_8080

    /// The bytes that equal one.
    @inline(__always)
    static func equal(_ word: UInt64, to byte: UInt8) -> UInt64 {
        let difference = word ^ ones &* UInt64(byte)
        return ~((difference & ~highs) &+ ~highs | difference) & highs
    }

    /// The bytes of ASCII from one to another.
    @inline(__always)
    static func between(_ word: UInt64, _ first: UInt8, _ last: UInt8) -> UInt64 {
        let low = word & ~highs
        let fromFirst = low &+ ones &* UInt64(0x80 - first)
        let behindLast = low &+ ones &* UInt64(0x7F - last)
        return fromFirst & ~behindLast & ~word & highs
    }

    /// The letters, digits, `_` and `-`.
    @inline(__always)
    static func wordBytes(_ word: UInt64) -> UInt64 {
        // In lower case `_` is DEL and `-` itself; no other byte becomes a letter by it but `@` and brackets, which
        // stand beside the letters.
        between(word | ones &* 0x20, UInt8(ascii: "a"), UInt8(ascii: "z"))
            | between(word, UInt8(ascii: "0"), UInt8(ascii: "9"))
            | equal(word, to: UInt8(ascii: "_")) | equal(word, to: UInt8(ascii: "-"))
    }

    /// The marks as eight bits, that of the lowest byte lowest.
    @inline(__always)
    static func bits(_ marks: UInt64) -> UInt64 {
        ((marks >> 7) &* 0x0102_0408_1020_4080) >> 56
    }
}
