extension MetricDefinition {
    /// The table of `docs/metrics.md`: a row for each metric.
    public static var referenceTable: String {
        let header = ["| metric | type | labels | meaning |", "|---|---|---|---|"]
        let rows = all.map { metric in
            let labels = metric.labels.map(\.reference).joined(separator: "; ")
            return "| `\(metric.name)` | \(metric.kind.word) | \(labels.isEmpty ? "–" : labels) | \(metric.help) |"
        }
        return (header + rows).joined(separator: "\n") + "\n"
    }
}

extension MetricLabel {
    /// The name and which values there can be.
    fileprivate var reference: String {
        switch values {
        case .listed(let words): "`\(name)`: \(words.joined(separator: ", "))"
        case .atMost(let limit): "`\(name)`: at most \(limit)"
        }
    }
}
