/// What a reply may be at most.
///
/// Beyond it the decoder throws; the connection is of no use then.
public struct RESPLimits: Sendable, Hashable {
    /// How deep aggregates may nest; default 128.
    public var depth: Int
    /// How many values one reply may hold, all levels together; default 8,388,608.
    public var elements: Int
    /// The longest string in bytes; default 512 MiB, the most that Redis itself allows unless told otherwise.
    public var stringBytes: Int
    /// The longest line (simple strings, errors, numbers, lengths) in bytes; default 64 KiB.
    public var lineBytes: Int
    /// The longest reply in bytes, everything together; default 1 GiB.
    public var replyBytes: Int

    /// Sets what is given, else the defaults.
    public init(
        depth: Int = 128,
        elements: Int = 8 << 20,
        stringBytes: Int = 512 << 20,
        lineBytes: Int = 64 << 10,
        replyBytes: Int = 1 << 30
    ) {
        self.depth = depth
        self.elements = elements
        self.stringBytes = stringBytes
        self.lineBytes = lineBytes
        self.replyBytes = replyBytes
    }
}
