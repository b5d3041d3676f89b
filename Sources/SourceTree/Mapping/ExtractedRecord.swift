import Crypto
public import Domain
import Foundation
public import LosslessJSON

/// A record of a file: where it is, what it says, and the rows that it becomes.
public struct ExtractedRecord: Sendable {
    /// The stable id: file id, pointer, ordinal and first byte.
    public var recordID: DeterministicID
    /// JSON pointer inside the top-level value; empty for the whole value.
    public var pointer: String
    /// The number of the top-level value in the file, from 0.
    public var ordinal: Int
    /// The bytes in the file or member; in the repaired text where `isRepaired`.
    public var span: ByteSpan
    /// The kind, `unknown` where no rule takes the file.
    public var kind: String
    /// The id within the kind; nil where the record has none.
    public var naturalID: String?
    /// The exact bytes; nil when there are more than the limit.
    public var text: ArraySlice<UInt8>?
    /// SHA-256 of the canonical form; of the exact bytes where the text is no valid JSON; nil when it is too large.
    ///
    /// Made each time that it is asked for: whoever wants the rows alone does not pay for it.
    public var sha256: [UInt8]? { value.map(Self.sha256) ?? text.map { Self.sha256(of: Array($0)) } }
    /// The parsed text; nil where it is no valid JSON.
    let value: JSONValue?
    /// Why `jsonb` cannot hold the record; nil when it can.
    public var docReason: String?
    /// How the rows of the kind are found.
    public var resolution: RecordResolution
    /// How far the source is from the live file: 0 live, 10 backup, 20 archive, 30 embedded copy; lower wins.
    public var sourceRank: Int
    /// The newest time that the record names, microseconds since 1970; nil where it names none.
    public var newestTime: Int64?
    /// Whether the record can become rows.
    public var disposition: Disposition
    /// Whether a repair proposal was applied to get the record; the span then refers to the repaired text.
    public var isRepaired: Bool
    /// The record's own row first (role empty), then implied ones; empty unless a candidate.
    public var rows: [MappedRow]
    /// Observations; offsets are absolute in the file, pointers relative to the record.
    public var findings: [Finding]

    private static func sha256(of value: JSONValue) -> [UInt8] {
        var canonical: [UInt8] = []
        canonical.reserveCapacity(value.rawText.count)
        value.appendCanonical(to: &canonical)
        return sha256(of: canonical)
    }

    private static func sha256(of bytes: [UInt8]) -> [UInt8] {
        SHA256.hash(data: bytes).withUnsafeBytes { Array($0) }
    }

    /// What the record can become.
    public enum Disposition: Sendable, Equatable {
        /// Rows, if it wins.
        case candidate
        /// Nothing; a person must look at it, for this reason.
        case quarantined(String)
        /// Nothing; the value is no record of its kind, for this reason.
        case notARecord(String)
    }
}

/// What reading a file as JSON gave.
public struct FileReading: Sendable {
    /// The state of the whole file.
    public var state: ParseState
    /// The first mistake; nil when there is none.
    public var error: JSONSyntaxError?
    /// The rule that took the file; nil when none did.
    public var rule: String?
    /// Valid top-level values.
    public var values = 0
    /// Stretches that are no valid values.
    public var invalidStretches = 0
    /// Records that were handed out, quarantined ones included.
    public var records = 0
    /// Observations about the file, not about a record.
    public var findings: [Finding] = []
}

/// Bounds of extraction.
public struct ExtractionLimits: Sendable {
    /// The limits of JSON reading: depth and bytes of a record.
    public var json: JSONLimits
    /// Bytes of records that are held back until their top-level value proves valid.
    ///
    /// Default 4 MiB; beyond that the file is read twice.
    public var heldBackBytes = 4 << 20
    /// The largest stretch that a repair is looked for in.
    ///
    /// Default 8 MiB.
    public var repairBytes = 8 << 20
    /// Whether large files are scanned on a thread of their own, ahead of the one that makes the rows.
    ///
    /// Default true where there are more than two processors: with two these threads take them from each other and from the
    /// server.
    public var scansAhead = ProcessInfo.processInfo.activeProcessorCount > 2
    /// Findings kept of one record; the rest is counted in one more.
    ///
    /// Default 1,000.
    public var findingsPerRecord = 1_000

    /// The defaults.
    public init(json: JSONLimits = JSONLimits()) {
        self.json = json
    }
}
