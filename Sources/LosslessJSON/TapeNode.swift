/// One value or member name of a document, in the order of the text.
///
/// Sixteen bytes, no references.
@usableFromInline
struct TapeNode: Sendable {
    /// The offset of the first byte in the document.
    @usableFromInline var start: UInt32
    /// The offset behind the last byte.
    @usableFromInline var end: UInt32
    /// For an object or array: the index of the node behind its contents.
    @usableFromInline var next: UInt32
    /// Kind, flags and number of elements or members.
    @usableFromInline var shape: UInt32

    @inline(always)
    init(kind: JSONKind, start: Int, end: Int, next: Int, hasEscapes: Bool, isName: Bool = false) {
        self.start = UInt32(truncatingIfNeeded: start)
        self.end = UInt32(truncatingIfNeeded: end)
        self.next = UInt32(truncatingIfNeeded: next)
        shape = UInt32(kind.rawValue) | (hasEscapes ? Self.escapeFlag : 0) | (isName ? Self.nameFlag : 0)
    }

    @usableFromInline static let kindMask: UInt32 = 0x07
    @usableFromInline static let escapeFlag: UInt32 = 0x08
    @usableFromInline static let nameFlag: UInt32 = 0x10
    private static let countShift: UInt32 = 5
    /// Counts from here on are not kept: they are counted when asked for.
    static let countLimit = (1 << 27) - 1

    @inlinable
    var kind: JSONKind { JSONKind(rawValue: UInt8(shape & Self.kindMask)) ?? .null }

    /// Whether a string holds a backslash.
    @inlinable
    var hasEscapes: Bool { shape & Self.escapeFlag != 0 }

    /// Whether it is the name of a member.
    @inlinable
    var isName: Bool { shape & Self.nameFlag != 0 }

    /// The number of members or elements, at most `countLimit`.
    @inline(always)
    var count: Int { Int(shape >> Self.countShift) }

    @inline(always)
    mutating func countOne() {
        if count < Self.countLimit { shape += 1 << Self.countShift }
    }
}
