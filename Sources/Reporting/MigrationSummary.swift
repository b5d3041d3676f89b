public import Domain

/// The result of `cortex migrate` for programs: what a caller needs to act, without the long lists of the report.
public struct MigrationSummary: Sendable, Encodable, Equatable {
    /// The facts that it is made of.
    public let facts: RunFacts
    /// The path of the Markdown report; nil when none was written.
    public let report: String?

    /// A summary of these facts.
    public init(facts: RunFacts, report: String?) {
        self.facts = facts
        self.report = report
    }

    /// Writes the fields of the interface; those without a value are null or left out as documented there.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(facts.runID, forKey: .runID)
        try container.encode(facts.status, forKey: .status)
        try container.encode(facts.dryRun, forKey: .dryRun)
        try container.encode(facts.durationSeconds, forKey: .durationSeconds)
        try container.encode(facts.source, forKey: .source)
        try container.encode(facts.target, forKey: .target)
        try container.encode(facts.mode, forKey: .mode)
        try container.encode(facts.files, forKey: .files)
        try container.encode(facts.ledger.lines, forKey: .ledger)
        try container.encode(facts.ledger.isBalanced, forKey: .ledgerBalanced)
        try container.encode(facts.rowsChanged, forKey: .rowsChanged)
        try container.encode(facts.findings, forKey: .findings)
        try container.encode(facts.conflictCount, forKey: .conflictCount)
        try container.encode(facts.tables, forKey: .tables)
        try container.encode(facts.verification.map(Verification.init), forKey: .verification)
        try container.encodeIfPresent(facts.changedSinceCutover, forKey: .changedSinceCutover)
        try container.encodeIfPresent(facts.estimatedBytes, forKey: .estimatedBytes)
        try container.encodeIfPresent(facts.estimatedSeconds, forKey: .estimatedSeconds)
        try container.encode(facts.notes, forKey: .notes)
        try container.encode(report, forKey: .report)
    }

    /// The checks alone; the differences are in the report.
    private struct Verification: Encodable {
        let passed: Bool
        let checks: [VerificationCheck]

        init(_ report: VerificationReport) {
            passed = report.passed
            checks = report.checks
        }
    }

    private enum CodingKeys: String, CodingKey {
        case status, source, target, mode, files, ledger, findings, tables, verification, notes, report
        case runID = "run_id"
        case dryRun = "dry_run"
        case durationSeconds = "duration_seconds"
        case ledgerBalanced = "ledger_balanced"
        case rowsChanged = "rows_changed"
        case conflictCount = "conflict_count"
        case changedSinceCutover = "changed_since_cutover"
        case estimatedBytes = "estimated_bytes"
        case estimatedSeconds = "estimated_seconds"
    }
}
