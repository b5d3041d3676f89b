/// A half-open range of bytes, absolute in the file or stream that was read.
public struct ByteSpan: Hashable, Sendable {
    /// The offset of the first byte.
    public var start: Int
    /// The offset behind the last byte.
    public var end: Int

    /// Makes the span from `start` up to, and without, `end`.
    @inlinable
    public init(start: Int, end: Int) {
        self.start = start
        self.end = end
    }

    /// The number of bytes.
    @inlinable
    public var count: Int { end - start }
}

extension ByteSpan: CustomStringConvertible {
    /// `start..<end`.
    public var description: String { "\(start)..<\(end)" }
}
