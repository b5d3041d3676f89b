import Diagnostics
import Domain
import LosslessJSON
import Postgres
import SourceTree

/// What reading has produced since the last chunk was committed: encoded rows, bounded by the caller.
struct StagingBatch: Sendable {
    /// A file whose row exists already and gets its final state.
    struct Completion: Sendable {
        let fileID: DeterministicID
        let reading: FileReading
    }

    /// A file of earlier batches: everything of it and of its members goes.
    struct Abandonment: Sendable {
        let fileID: DeterministicID
        /// The content that goes too, unless another file has it; nil where the file is read again as it is.
        let sha256: [UInt8]?
    }

    /// Counts for the event stream.
    struct Progress: Sendable {
        var files = 0
        var records = 0
        var bytes = 0
        /// Files that changed while they were read, again and again: the next pass tries them again.
        var pending = 0

        static func += (left: inout Progress, right: Progress) {
            left.files += right.files
            left.records += right.records
            left.bytes += right.bytes
            left.pending += right.pending
        }
    }

    private(set) var files = StagedRows()
    private(set) var records = StagedRows()
    private(set) var findings = StagedRows()
    private(set) var seen = StagedRows()
    private(set) var blobs = StagedRows()
    private(set) var blobChunks = StagedRows()
    private(set) var typed: [String: StagedRows] = [:]

    /// Files that are whole with this batch and were begun in it.
    var wholeFiles: [DeterministicID] = []
    /// Files begun in an earlier batch and whole with this one.
    var completions: [Completion] = []
    /// Files whose rows of earlier batches are to be removed.
    var abandoned: [Abandonment] = []
    /// What this batch adds to the progress.
    var progress = Progress()

    /// Bytes held.
    private(set) var size = 0

    /// Identity and facts of an entry, for its row.
    struct FileRow: Sendable {
        var fileID: DeterministicID
        var importID: Int64
        var entryType: EntryType
        var path: [UInt8]
        var linkTarget: [UInt8]?
        var container: DeterministicID?
        var memberPath: [UInt8]?
        var sha256: [UInt8]?
        var size: Int64?
        var mtimeNanoseconds: Int64
        var mode: UInt32
        var reason: String?

        /// The path, then `!` and the member where there is one; odd bytes escaped.
        var pathText: String {
            memberPath.map { TreePath.text(path) + "!" + TreePath.text($0) } ?? TreePath.text(path)
        }
    }

    /// The row of an entry; without a reading it is no file, or one that goes on in the next batch.
    mutating func add(_ row: FileRow, reading: FileReading?) {
        size += files.add(columns: StagingLayout.fileColumns.count) {
            $0.uuid(row.fileID)
            $0.integer(row.importID)
            $0.text(row.entryType.rawValue)
            $0.bytes(row.path)
            $0.text(row.pathText)
            $0.optional(row.linkTarget) { $0.bytes($1) }
            $0.optional(row.container) { $0.uuid($1) }
            $0.optional(row.memberPath) { $0.bytes($1) }
            $0.optional(row.sha256) { $0.bytes($1) }
            $0.optional(row.size) { $0.integer($1) }
            $0.integer(row.mtimeNanoseconds)
            $0.int32(Int32(bitPattern: row.mode))
            $0.optional(reading?.state) { $0.text($1.rawValue) }
            $0.optional(reading?.error?.message ?? row.reason) { $0.visibleText($1) }
            $0.optional(reading?.error?.offset) { $0.integer(Int64($1)) }
            $0.optional(reading?.error?.line) { $0.integer(Int64($1)) }
            $0.optional(reading?.error?.column) { $0.integer(Int64($1)) }
            $0.optional(reading?.rule) { $0.text($1) }
        }
    }

    /// An entry that the walk met, with the facts that it was read under.
    mutating func addSeen(_ id: DeterministicID, path: [UInt8], fingerprint: FileFingerprint, mode: UInt32) {
        size += seen.add(columns: StagingLayout.seenColumns.count) {
            $0.uuid(id)
            $0.bytes(path)
            $0.integer(fingerprint.size)
            $0.integer(fingerprint.mtimeNanoseconds)
            $0.integer(fingerprint.ctimeNanoseconds)
            $0.integer(Int64(bitPattern: fingerprint.inode))
            $0.int32(Int32(bitPattern: mode))
        }
    }

    /// A content whose chunks are all in this batch or earlier ones.
    mutating func addBlob(sha256: [UInt8], size blobSize: Int64) {
        blobs.add(columns: 2) {
            $0.bytes(sha256)
            $0.integer(blobSize)
        }
        size += 64
    }

    /// A piece of a content.
    mutating func addBlobChunk(sha256: [UInt8], ordinal: Int32, bytes: ArraySlice<UInt8>) {
        blobChunks.add(columns: 3) {
            $0.bytes(sha256)
            $0.int32(ordinal)
            $0.bytes(bytes)
        }
        size += bytes.count + 64
    }

    /// A record with its findings and its rows.
    mutating func add(_ record: ExtractedRecord, fileID: DeterministicID) throws {
        let (outcome, reason) = record.disposition.provisionalOutcome
        size += records.add(columns: StagingLayout.recordColumns.count) {
            $0.uuid(record.recordID)
            $0.uuid(fileID)
            $0.visibleText(record.pointer)
            $0.integer(Int64(record.ordinal))
            $0.integer(Int64(record.span.start))
            $0.integer(Int64(record.span.end))
            $0.text(record.kind)
            $0.optional(record.naturalID) { $0.text($1) }
            if record.docReason == nil, let text = record.text { $0.jsonb(text) } else { $0.null() }
            $0.optional(record.docReason) { $0.visibleText($1) }
            $0.optional(record.sha256) { $0.bytes($1) }
            $0.int32(Int32(clamping: record.sourceRank))
            $0.optional(record.newestTime) { $0.instant(microseconds: $1) }
            $0.text(record.resolution.stored)
            $0.text(outcome.rawValue)
            $0.optional(reason) { $0.visibleText($1) }
        }
        progress.records += 1
        for finding in record.findings { add(finding, fileID: fileID, recordID: record.recordID) }
        try addRows(of: record)
    }

    /// The rows that a record becomes in public tables.
    mutating func addRows(of record: ExtractedRecord) throws {
        for row in record.rows {
            size += try typed[row.table.name, default: StagedRows()].add(
                columns: StagingLayout.typedPrefix.count + row.packed.count
            ) {
                $0.uuid(record.recordID)
                $0.text(row.role)
                $0.int32(Int32(clamping: row.rank))
                $0.optional(Self.derivedKey(row, of: record.recordID)) { $0.uuid($1) }
                try $0.values(row.packed)
            }
        }
    }

    private static func derivedKey(_ row: MappedRow, of record: DeterministicID) -> DeterministicID? {
        guard row.table.hasDerivedKey else { return nil }
        return DeterministicID(namespace: .row) { parts in
            parts.append(row.table.name)
            parts.append(record)
            parts.append(row.role)
        }
    }

    /// A finding about a file, or about a record of it.
    mutating func add(_ finding: Finding, fileID: DeterministicID, recordID: DeterministicID?) {
        let id = DeterministicID(
            namespace: .row,
            parts: [
                Array("findings".utf8), fileID.bytes, recordID?.bytes ?? [], Array(finding.rule.rawValue.utf8),
                Array(finding.pointer.utf8), Array(finding.message.utf8), Array("\(finding.byteOffset ?? -1)".utf8),
            ]
        )
        size += findings.add(columns: StagingLayout.findingColumns.count) {
            $0.uuid(id)
            $0.uuid(fileID)
            $0.optional(recordID) { $0.uuid($1) }
            $0.text(finding.rule.rawValue)
            $0.text(finding.rule.severity.rawValue)
            $0.visibleText(finding.message)
            $0.visibleText(finding.pointer)
            $0.optional(finding.byteOffset) { $0.integer(Int64($1)) }
            $0.optional(finding.line) { $0.integer(Int64($1)) }
            $0.optional(finding.column) { $0.integer(Int64($1)) }
            $0.optional(finding.proposal) { $0.visibleText($1) }
        }
    }
}

extension ExtractedRecord.Disposition {
    /// The outcome that a record has until conflicts are resolved: candidates win unless they are found to lose.
    var provisionalOutcome: (RecordOutcome, String?) {
        switch self {
        case .candidate: (.resolved, nil)
        case .quarantined(let reason): (.quarantined, reason)
        case .notARecord(let reason): (.notARecord, reason)
        }
    }
}

extension RecordResolution {
    /// The word in `source.records.resolution`.
    var stored: String {
        switch self {
        case .byNaturalID: "by_natural_id"
        case .each: "each"
        case .eachDistinct: "each_distinct"
        }
    }
}
