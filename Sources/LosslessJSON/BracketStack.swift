/// The open brackets of a value, one bit each: 1 for an object, 0 for an array.
///
/// The innermost 64 are in one word; a value nested a million deep costs 128 KiB.
struct BracketStack: Sendable {
    private(set) var depth = 0
    private var word: UInt64 = 0
    private var spilled: [UInt64] = []

    /// Whether no bracket is open.
    @inline(always)
    var isEmpty: Bool { depth == 0 }

    /// Whether the innermost open bracket is an object's; meaningless when empty.
    @inline(always)
    var isInObject: Bool { word & 1 == 1 }

    @inline(always)
    mutating func push(isObject: Bool) {
        if depth & 63 == 0, depth > 0 { spilled.append(word) }
        word = word << 1 | (isObject ? 1 : 0)
        depth += 1
    }

    @inline(always)
    mutating func pop() {
        word >>= 1
        depth -= 1
        if depth & 63 == 0, depth > 0 { word = spilled.removeLast() }
    }

    mutating func removeAll() {
        depth = 0
        spilled.removeAll(keepingCapacity: false)
    }
}
