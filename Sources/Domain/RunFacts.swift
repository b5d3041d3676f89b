/// How a migration run ended.
public enum RunStatus: String, Sendable, Codable, CaseIterable {
    /// It is still running, or was killed.
    case running
    /// Everything was moved and verified.
    case completed
    /// Everything was tried and nothing was kept.
    case dryRun = "dry_run"
    /// More records were quarantined than allowed; the public tables and the mode are untouched.
    case quarantineExceeded = "quarantine_exceeded"
    /// It was stopped on request and can be resumed.
    case interrupted
    /// Its effects were undone.
    case rolledBack = "rolled_back"
    /// It failed.
    case failed
}

/// How many findings a rule made.
public struct FindingCount: Sendable, Codable, Equatable {
    /// The rule.
    public var rule: String
    /// Its severity.
    public var severity: String
    /// How often it was found.
    public var count: Int

    /// A count.
    public init(rule: String, severity: String, count: Int) {
        self.rule = rule
        self.severity = severity
        self.count = count
    }
}

/// A record or file that needs a person: where it is and why.
public struct RecordPlace: Sendable, Codable, Equatable {
    /// The file's path as text.
    public var path: String
    /// JSON pointer of the record in its file.
    public var pointer: String
    /// First byte in the file.
    public var byteStart: Int
    /// One past the last byte.
    public var byteEnd: Int
    /// The kind of record.
    public var kind: String
    /// Its natural id, where it has one.
    public var naturalID: String?
    /// Why it is listed.
    public var reason: String

    /// A place.
    public init(
        path: String,
        pointer: String,
        byteStart: Int,
        byteEnd: Int,
        kind: String,
        naturalID: String?,
        reason: String
    ) {
        self.path = path
        self.pointer = pointer
        self.byteStart = byteStart
        self.byteEnd = byteEnd
        self.kind = kind
        self.naturalID = naturalID
        self.reason = reason
    }

    enum CodingKeys: String, CodingKey {
        case path, pointer, kind, reason
        case byteStart = "byte_start"
        case byteEnd = "byte_end"
        case naturalID = "natural_id"
    }
}

/// An id that several different records carry, and what was done.
public struct ConflictFact: Sendable, Codable, Equatable {
    /// The kind of record.
    public var kind: String
    /// The id they share.
    public var naturalID: String
    /// How many records carry it.
    public var records: Int
    /// How many different contents they have.
    public var contents: Int
    /// The file of the record that won.
    public var winnerPath: String

    /// A conflict.
    public init(kind: String, naturalID: String, records: Int, contents: Int, winnerPath: String) {
        self.kind = kind
        self.naturalID = naturalID
        self.records = records
        self.contents = contents
        self.winnerPath = winnerPath
    }

    enum CodingKeys: String, CodingKey {
        case kind, records, contents
        case naturalID = "natural_id"
        case winnerPath = "winner_path"
    }
}

/// How long a phase of a run took and how much it handled.
public struct PhaseTiming: Sendable, Codable, Equatable {
    /// The phase: `read`, `catchup`, `resolve`, `verify`.
    public var phase: String
    /// Wall time.
    public var seconds: Double
    /// Records handled, 0 where the word makes no sense.
    public var records: Int
    /// Bytes handled, 0 where the word makes no sense.
    public var bytes: Int

    /// A timing.
    public init(phase: String, seconds: Double, records: Int, bytes: Int) {
        self.phase = phase
        self.seconds = seconds
        self.records = records
        self.bytes = bytes
    }
}

/// Everything that a report on a migration run is made of.
public struct RunFacts: Sendable, Codable, Equatable {
    /// The run.
    public var runID: String
    /// How it ended.
    public var status: RunStatus
    /// Whether it was a dry run.
    public var dryRun: Bool
    /// The source as given.
    public var source: String
    /// The target, without secrets.
    public var target: String
    /// The version of the program.
    public var toolVersion: String
    /// When it began, RFC 3339 UTC.
    public var startedAt: String
    /// Wall time in all.
    public var durationSeconds: Double
    /// Files by state.
    public var files: FileCounts
    /// What became of the records.
    public var ledger: Ledger
    /// Rows inserted, updated or deleted in schemas `source` and `public`.
    public var rowsChanged: Int
    /// Findings by rule.
    public var findings: [FindingCount]
    /// Conflicts, at most the first 1,000.
    public var conflicts: [ConflictFact]
    /// Conflicts in all.
    public var conflictCount: Int
    /// Quarantined records, at most the first 1,000.
    public var quarantined: [RecordPlace]
    /// Files that no rule takes, at most the first 1,000 paths.
    public var unmapped: [String]
    /// Rows by public table after the run.
    public var tables: [String: Int]
    /// What verification found; nil when it did not come to that.
    public var verification: VerificationReport?
    /// Timings of the phases.
    public var timings: [PhaseTiming]
    /// The mode of the system after the run.
    public var mode: SystemMode
    /// Rows that programs changed since the cutover and that the run left alone; nil where it looked for none.
    public var changedSinceCutover: ChangedSinceCutover?
    /// Expected size of the loaded data, of a dry run.
    public var estimatedBytes: Int?
    /// Expected duration of the real run, of a dry run.
    public var estimatedSeconds: Double?
    /// What the operator should know, in sentences.
    public var notes: [String]

    /// Facts of a run that has just begun.
    public init(
        runID: String,
        dryRun: Bool,
        source: String,
        target: String,
        toolVersion: String,
        startedAt: String
    ) {
        self.runID = runID
        self.status = .running
        self.dryRun = dryRun
        self.source = source
        self.target = target
        self.toolVersion = toolVersion
        self.startedAt = startedAt
        self.durationSeconds = 0
        self.files = FileCounts()
        self.ledger = Ledger(lines: [])
        self.rowsChanged = 0
        self.findings = []
        self.conflicts = []
        self.conflictCount = 0
        self.quarantined = []
        self.unmapped = []
        self.tables = [:]
        self.verification = nil
        self.timings = []
        self.mode = .json
        self.changedSinceCutover = nil
        self.estimatedBytes = nil
        self.estimatedSeconds = nil
        self.notes = []
    }

    enum CodingKeys: String, CodingKey {
        case status, source, target, files, ledger, findings, conflicts, quarantined, unmapped, tables, verification
        case timings, mode, notes
        case runID = "run_id"
        case dryRun = "dry_run"
        case toolVersion = "tool_version"
        case startedAt = "started_at"
        case durationSeconds = "duration_seconds"
        case rowsChanged = "rows_changed"
        case conflictCount = "conflict_count"
        case changedSinceCutover = "changed_since_cutover"
        case estimatedBytes = "estimated_bytes"
        case estimatedSeconds = "estimated_seconds"
    }
}
