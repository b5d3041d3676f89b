import Diagnostics
public import Domain

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The names of the files of a report in `$CORTEX_HOME/runs/<run id>/`.
public enum ReportFileName: Sendable {
    /// The report for people.
    public static let markdown = "POSTGRES-MIGRATION-REPORT.md"
    /// The report for programs.
    public static let json = "POSTGRES-MIGRATION-REPORT.json"
}

/// The report on a migration run, made of its facts alone: the same facts give the same text.
public struct MigrationReport: Sendable {
    /// What it reports.
    public let facts: RunFacts

    /// A report of these facts; passwords in source, target and notes are redacted, should one have slipped in.
    public init(facts: RunFacts) {
        var facts = facts
        facts.source = Redaction.redact(facts.source)
        facts.target = Redaction.redact(facts.target)
        facts.notes = facts.notes.map(Redaction.redact)
        self.facts = facts
    }

    /// The report for people.
    public var markdown: String { MarkdownReport(facts: facts).text }

    /// A few lines for the terminal: verdict, ledger totals, checks.
    public var text: String { TerminalReport(facts: facts).text }

    /// The report for programs: every fact, keys sorted, a line end at the end.
    ///
    /// It has the fields of `migrate`'s result and the lists that are too long for that. Throws only for facts that JSON
    /// cannot hold (a duration that is no number).
    public func json() throws(ReportingError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(FullReport(facts: facts)), as: UTF8.self) + "\n"
        } catch {
            throw ReportingError(.internal, "the facts of run \(facts.runID) cannot be written as JSON", cause: error)
        }
    }

    /// The result of `cortex migrate` for programs.
    public func summary(reportPath: String?) -> MigrationSummary {
        MigrationSummary(facts: facts, report: reportPath)
    }
}

/// All facts, with the fields of the summary under the same names.
private struct FullReport: Encodable {
    let facts: RunFacts

    func encode(to encoder: any Encoder) throws {
        try MigrationSummary(facts: facts, report: ReportFileName.markdown).encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(facts.toolVersion, forKey: .toolVersion)
        try container.encode(facts.startedAt, forKey: .startedAt)
        try container.encode(facts.ledger.total, forKey: .ledgerTotal)
        try container.encode(facts.conflicts, forKey: .conflicts)
        try container.encode(facts.quarantined, forKey: .quarantined)
        try container.encode(facts.unmapped, forKey: .unmapped)
        try container.encode(facts.verification, forKey: .verification)
        try container.encode(facts.timings, forKey: .timings)
    }

    private enum CodingKeys: String, CodingKey {
        case conflicts, quarantined, unmapped, verification, timings
        case toolVersion = "tool_version"
        case startedAt = "started_at"
        case ledgerTotal = "ledger_total"
    }
}
