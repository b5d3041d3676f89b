public import Diagnostics

/// Why compressed or archived data could not be read, with the place.
public struct CompressionError: CortexError, Sendable {
    /// What is wrong with the data.
    public enum Reason: String, Sendable, CaseIterable {
        /// The data does not start as gzip.
        case notGzip = "not_gzip"
        /// The data does not start as a tar archive.
        case notTar = "not_tar"
        /// The data ends in the middle.
        case truncated
        /// The data contradicts its own format.
        case damaged
        /// The checksum or length at the end differs from what was read.
        case checksumMismatch = "checksum_mismatch"
        /// The data expands to more bytes than allowed.
        case tooLarge = "too_large"
        /// The data expands by a larger factor than allowed.
        case ratioExceeded = "ratio_exceeded"
        /// The format is valid but uses something that is not supported.
        case unsupported
        /// The library was used in a wrong order, such as writing after the end.
        case misuse
    }

    /// What is wrong.
    public let reason: Reason
    /// Where in the compressed or archived bytes, from 0; nil where there is no such place.
    public let offset: Int?
    /// How many bytes had been expanded before; nil for data that is not compressed.
    public let expandedOffset: Int?
    /// What happened, without the place.
    public let summary: String

    /// An error at a place.
    public init(_ reason: Reason, _ summary: String, offset: Int? = nil, expandedOffset: Int? = nil) {
        self.reason = reason
        self.summary = summary
        self.offset = offset
        self.expandedOffset = expandedOffset
    }

    /// Always `compression.invalid`, except `internal` for misuse.
    public var code: ErrorCode { reason == .misuse ? .internal : .compressionInvalid }

    /// What happened and where.
    public var message: String {
        switch (offset, expandedOffset) {
        case (let offset?, let expanded?): "\(summary), at byte \(offset) (\(expanded) bytes expanded before)"
        case (let offset?, nil): "\(summary), at byte \(offset)"
        default: summary
        }
    }

    /// What to do about it.
    public var hint: String? {
        switch reason {
        case .truncated: "Check whether the file was still being written, then copy it again"
        case .tooLarge, .ratioExceeded: "Expand the file by hand if it can be trusted"
        case .damaged, .checksumMismatch, .notGzip, .notTar: "Restore the file from a backup if its content matters"
        case .unsupported, .misuse: nil
        }
    }

    /// `reason`, and `offset` and `expanded_offset` where known.
    public var details: [String: String] {
        var details = ["reason": reason.rawValue]
        details["offset"] = offset.map(String.init)
        details["expanded_offset"] = expandedOffset.map(String.init)
        return details
    }
}
