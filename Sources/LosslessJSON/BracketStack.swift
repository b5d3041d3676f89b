/// The open brackets of a value, one bit each: 1 for an object, 0 for an array.
///
/// The innermost 64 are in one word, so that reading a usual value touches no other memory; the rest is spilled to an
/// array that the owner keeps. A value nested a million deep costs 128 KiB.
struct BracketStack: Hashable, Sendable {
    private(set) var depth = 0
    private var word: UInt64 = 0

    /// Whether no bracket is open.
    @inline(always)
    var isEmpty: Bool { depth == 0 }

    /// Whether the innermost open bracket is an object's; meaningless when empty.
    @inline(always)
    var isInObject: Bool { word & 1 == 1 }

    @inline(always)
    mutating func push(isObject: Bool, spilled: inout [UInt64]) {
        if depth & 63 == 0, depth > 0 { Self.spill(word, to: &spilled) }
        word = word << 1 | (isObject ? 1 : 0)
        depth &+= 1
    }

    @inline(always)
    mutating func pop(spilled: inout [UInt64]) {
        word >>= 1
        depth &-= 1
        if depth & 63 == 0, depth > 0 { word = Self.unspill(&spilled) }
    }

    @inline(never)
    private static func spill(_ word: UInt64, to spilled: inout [UInt64]) {
        spilled.append(word)
    }

    @inline(never)
    private static func unspill(_ spilled: inout [UInt64]) -> UInt64 {
        spilled.removeLast()
    }
}
