/// Searches over raw bytes, eight at a time.
///
/// A byte in a word is found with the zero-byte test `(x - 0x01…) & ~x & 0x80…` (Alan Mycroft, 1987): its lowest set bit
/// is exact, higher ones may be false.
enum ByteSearch: Sendable {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highs: UInt64 = 0x8080_8080_8080_8080

    /// The eight bytes at `pointer`, the first one lowest.
    @inline(always)
    static func word(_ pointer: UnsafePointer<UInt8>) -> UInt64 {
        UInt64(littleEndian: UnsafeRawPointer(pointer).loadUnaligned(as: UInt64.self))
    }

    /// Marks the bytes that end a run of plain string characters: `"`, `\`, controls and everything above ASCII.
    @inline(always)
    static func stringStops(_ word: UInt64) -> UInt64 {
        let quotes = word ^ (ones &* 0x22)
        let backslashes = word ^ (ones &* 0x5C)
        let marks =
            ((quotes &- ones) & ~quotes) | ((backslashes &- ones) & ~backslashes)
            | ((word &- (ones &* 0x20)) & ~word) | word
        return marks & highs
    }

    /// How often `byte` stands in `start..<end`: sixteen bytes at a time, each lane counting for itself.
    static func count(of byte: UInt8, in bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> Int {
        typealias Lanes = SIMD16<UInt8>
        let pattern = Lanes(repeating: byte)
        var (index, total) = (start, 0)
        while index &+ 16 <= end {
            var lanes = Lanes.zero
            // A lane holds no more than 255.
            let stop = min(end &- 15, index &+ 16 &* 255)
            while index < stop {
                let piece = UnsafeRawPointer(bytes + index).loadUnaligned(as: Lanes.self)
                lanes = lanes &+ Lanes.zero.replacing(with: 1, where: piece .== pattern)
                index &+= 16
            }
            total += Int(SIMD16<UInt16>(truncatingIfNeeded: lanes).wrappedSum())
        }
        while index < end {
            if bytes[index] == byte { total += 1 }
            index &+= 1
        }
        return total
    }

    /// The index of the first byte from `start` that is no JSON white space, or `end`.
    @inline(always)
    static func skipWhitespace(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> Int {
        var index = start
        while index < end {
            let byte = bytes[index]
            if byte > 0x20 { return index }
            guard byte.isJSONWhitespace else { return index }
            index &+= 1
            // Indentation: runs of spaces.
            while index &+ 8 <= end {
                let difference = word(bytes + index) ^ (ones &* 0x20)
                guard difference == 0 else {
                    index &+= difference.trailingZeroBitCount >> 3
                    break
                }
                index &+= 8
            }
        }
        return index
    }

    /// The index of the first `byte` in `start..<end`, or nil.
    static func first(_ byte: UInt8, in bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> Int? {
        var index = start
        let pattern = ones &* UInt64(byte)
        while index &+ 8 <= end {
            let difference = word(bytes + index) ^ pattern
            let marks = (difference &- ones) & ~difference & highs
            if marks != 0 { return index + marks.trailingZeroBitCount >> 3 }
            index &+= 8
        }
        while index < end {
            if bytes[index] == byte { return index }
            index += 1
        }
        return nil
    }

    /// The index behind the last byte in `start..<end` that is no white space, or nil when all are.
    static func contentEnd(in bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> Int? {
        var index = end
        while index > start {
            if !bytes[index - 1].isJSONWhitespace { return index }
            index -= 1
        }
        return nil
    }
}
