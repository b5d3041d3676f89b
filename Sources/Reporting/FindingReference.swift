import Domain

/// The table of `docs/findings.md`: a row for each rule.
public enum FindingReference: Sendable {
    /// A Markdown table.
    public static var table: String {
        let header = ["| rule | severity | what it means and what is done |", "|---|---|---|"]
        let rows = FindingRule.allCases.map { "| `\($0.rawValue)` | \($0.severity.rawValue) | \($0.meaning) |" }
        return (header + rows).joined(separator: "\n") + "\n"
    }
}
