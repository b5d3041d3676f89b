import Domain
import SourceTree

/// The batch being filled and the file being read: hands a batch out when it is large, also in the middle of a file.
final class FileSink {
    /// A batch is handed out above this size; bytes.
    ///
    /// Three exist at a time: one is filled, one waits, one is sent.
    static let batchBytes = 2 << 20
    /// Or when it holds this many files.
    static let batchFiles = 2_000

    var batch = StagingBatch()
    private let put: (StagingBatch) throws -> Void
    private var openRow: StagingBatch.FileRow?
    private var isRowWritten = false
    /// What was added of the open file.
    private var openRecords = 0
    private var openFindings: [Finding] = []

    init(put: @escaping (StagingBatch) throws -> Void) {
        self.put = put
    }

    /// A file begins; its row is written when it ends, or when a batch is handed out before.
    func begin(_ row: StagingBatch.FileRow) {
        openRow = row
        isRowWritten = false
        openRecords = 0
        openFindings = []
    }

    /// A record of the open file.
    func add(_ record: ExtractedRecord) throws {
        guard let openRow else { preconditionFailure("a record without an open file") }
        try batch.add(record, fileID: openRow.fileID)
        openRecords += 1
        try flushIfLarge()
    }

    /// A finding about the open file.
    func add(_ finding: Finding) {
        guard let openRow else { preconditionFailure("a finding without an open file") }
        openFindings.append(finding)
        batch.add(finding, fileID: openRow.fileID, recordID: nil)
    }

    /// The records of the open file turned out to be none: they are taken back, and the file begins anew.
    func retract() throws {
        guard let row = openRow else { preconditionFailure("no file is open") }
        let findings = openFindings
        batch.progress.records -= openRecords
        try takeBack(row, content: nil)
        begin(row)
        for finding in findings { add(finding) }
    }

    /// The open file ends in this state.
    func end(_ reading: FileReading) {
        guard let row = openRow else { preconditionFailure("no file is open") }
        for finding in reading.findings { add(finding) }
        if isRowWritten {
            batch.completions.append(StagingBatch.Completion(fileID: row.fileID, reading: reading))
        } else {
            batch.add(row, reading: reading)
            batch.wholeFiles.append(row.fileID)
        }
        openRow = nil
    }

    /// A file turned out to have changed: what was handed out of it and of its members is taken back.
    func abandon(_ row: StagingBatch.FileRow) throws {
        guard let sha256 = row.sha256 else { preconditionFailure("a file without bytes cannot change") }
        try takeBack(row, content: sha256)
    }

    private func takeBack(_ row: StagingBatch.FileRow, content: [UInt8]?) throws {
        try flush()
        openRow = nil
        batch.abandoned.append(StagingBatch.Abandonment(fileID: row.fileID, sha256: content))
        try flush()
    }

    /// Hands the batch out when it is large.
    func flushIfLarge() throws {
        if batch.size >= Self.batchBytes || batch.files.rowCount >= Self.batchFiles { try flush() }
    }

    /// Hands the batch out.
    func flush() throws {
        if let openRow, !isRowWritten {
            batch.add(openRow, reading: nil)
            isRowWritten = true
        }
        let full = batch
        batch = StagingBatch()
        try put(full)
    }
}
