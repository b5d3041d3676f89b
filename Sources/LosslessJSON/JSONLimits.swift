/// What a reader accepts before it reports a limit instead of a value.
public struct JSONLimits: Hashable, Sendable {
    /// The deepest nesting of objects and arrays; default 1,000.
    ///
    /// A deeper value is an error at the bracket that exceeds it.
    public var maximumDepth: Int
    /// The largest record in bytes whose bytes the scanner keeps and hands out; default 8 MiB.
    ///
    /// A larger record is still checked and located. Also the largest member name on the way to a selected record.
    public var maximumRecordBytes: Int
    /// The work in bytes that may be spent on finding where to resume behind one invalid stretch; default 64 MiB.
    ///
    /// When it is used up, the stretch reaches to the end of the stream.
    public var maximumRecoveryBytes: Int

    /// Makes limits; every limit has the default named at its property.
    public init(
        maximumDepth: Int = 1_000,
        maximumRecordBytes: Int = 8 << 20,
        maximumRecoveryBytes: Int = 64 << 20
    ) {
        self.maximumDepth = maximumDepth
        self.maximumRecordBytes = maximumRecordBytes
        self.maximumRecoveryBytes = maximumRecoveryBytes
    }
}
