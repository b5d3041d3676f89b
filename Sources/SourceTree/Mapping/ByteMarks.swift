/// Tests of several bytes at a time.
enum ByteMarks {
    typealias Bytes = SIMD16<UInt8>
    typealias Marks = SIMDMask<SIMD16<Int8>>

    /// The bytes that equal one.
    @inline(__always)
    static func equal(_ bytes: Bytes, to byte: UInt8) -> Marks {
        bytes .== Bytes(repeating: byte)
    }

    /// The letters, digits, `_` and `-`.
    @inline(__always)
    static func wordBytes(_ bytes: Bytes) -> Marks {
        // In lower case no other byte is a letter.
        let letters = (bytes | Bytes(repeating: 0x20)) &- Bytes(repeating: UInt8(ascii: "a"))
        let digits = bytes &- Bytes(repeating: UInt8(ascii: "0"))
        return (letters .<= Bytes(repeating: 25)) .| (digits .<= Bytes(repeating: 9))
            .| equal(bytes, to: UInt8(ascii: "_")) .| equal(bytes, to: UInt8(ascii: "-"))
    }

    /// Whether one of the marks is set.
    @inline(__always)
    static func isAny(_ marks: Marks) -> Bool {
        let halves = unsafeBitCast(marks, to: SIMD2<UInt64>.self)
        return halves[0] | halves[1] != 0
    }

    /// The marks as sixteen bits, that of the first byte lowest.
    @inline(__always)
    static func bits(_ marks: Marks) -> UInt64 {
        let halves = unsafeBitCast(marks, to: SIMD2<UInt64>.self)
        return bits(halves[0]) | bits(halves[1]) << 8
    }

    /// Whether two texts are the same, eight bytes at a time.
    @inline(__always)
    static func areEqual(_ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        let (left, right) = (UnsafeRawBufferPointer(left), UnsafeRawBufferPointer(right))
        var place = 0
        while place + 8 <= left.count {
            guard
                left.loadUnaligned(fromByteOffset: place, as: UInt64.self)
                    == right.loadUnaligned(fromByteOffset: place, as: UInt64.self)
            else { return false }
            place += 8
        }
        while place < left.count {
            guard left[place] == right[place] else { return false }
            place += 1
        }
        return true
    }

    /// One bit of each of eight bytes that have all bits or none, that of the lowest byte lowest.
    @inline(__always)
    private static func bits(_ marks: UInt64) -> UInt64 {
        ((marks & 0x0101_0101_0101_0101) &* 0x0102_0408_1020_4080) >> 56
    }
}
