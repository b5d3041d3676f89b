/// How far compressed data may expand before reading it is refused.
///
/// The ratio is not judged below `ratioFloor` expanded bytes: a small file of blanks shrinks a thousandfold
/// and harms nobody.
public struct ExpansionLimit: Sendable, Hashable {
    /// The most bytes that one compressed file may expand to; default 1 GiB.
    public var maximumBytes: Int
    /// The largest factor of expanded to compressed bytes; default 200.
    public var maximumRatio: Int
    /// From how many expanded bytes on the ratio counts; default 1 MiB.
    public var ratioFloor: Int

    /// Limits; the defaults are those of the documentation.
    public init(maximumBytes: Int = 1 << 30, maximumRatio: Int = 200, ratioFloor: Int = 1 << 20) {
        self.maximumBytes = maximumBytes
        self.maximumRatio = maximumRatio
        self.ratioFloor = ratioFloor
    }

    /// The default limits.
    public static let standard = ExpansionLimit()

    /// Throws when `expanded` bytes are too many in all or for `compressed` bytes.
    func check(expanded: Int, compressed: Int, offset: Int) throws(CompressionError) {
        if expanded > maximumBytes {
            throw CompressionError(
                .tooLarge,
                "The data expands to more than \(maximumBytes) bytes",
                offset: offset,
                expandedOffset: expanded
            )
        }
        let (allowed, overflow) = maximumRatio.multipliedReportingOverflow(by: compressed)
        if expanded > ratioFloor, !overflow, expanded > allowed {
            throw CompressionError(
                .ratioExceeded,
                "The data expands to more than \(maximumRatio) times its size",
                offset: offset,
                expandedOffset: expanded
            )
        }
    }
}
