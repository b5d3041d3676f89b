/// How a child process ended and what it wrote.
public struct ChildResult: Sendable {
    /// The ways in which a process ends.
    public enum Ending: Sendable, Hashable {
        /// It exited with this status.
        case exited(Int32)
        /// It was ended by this signal.
        case signalled(Int32)
    }

    /// How it ended.
    public let ending: Ending
    /// The first bytes of its standard output, up to the limit.
    public let output: [UInt8]
    /// The first bytes of its standard error, up to the limit.
    public let errorOutput: [UInt8]
    /// Whether more was written than the limit; the rest was read and dropped.
    public let isTruncated: Bool

    /// Whether it exited with status 0.
    public var succeeded: Bool { ending == .exited(0) }

    /// Standard output as text, without white space at its end.
    public var outputText: String { Self.text(output) }

    /// Standard error as text, without white space at its end.
    public var errorText: String { Self.text(errorOutput) }

    private static func text(_ bytes: [UInt8]) -> String {
        var end = bytes.count
        while end > 0, bytes[end - 1] == 0x0a || bytes[end - 1] == 0x20 || bytes[end - 1] == 0x0d { end -= 1 }
        return String(decoding: bytes[..<end], as: UTF8.self)
    }
}
