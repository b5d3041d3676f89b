import Domain

/// The few lines that `migrate` prints at its end.
///
/// Names of unknown origin do not appear in them.
struct TerminalReport {
    let facts: RunFacts

    var text: String {
        let verdict = RunVerdict(facts: facts)
        var lines = ["Migration \(verdict.title)", ""] + verdict.sentences
        if !facts.ledger.lines.isEmpty { lines += [""] + ledger }
        if let verification = facts.verification {
            lines.append("")
            lines += verification.checks.map { check in
                "\(check.passed ? "passed" : "FAILED")  \(check.name): \(Quantity.count(check.compared)) compared, "
                    + "\(Quantity.count(check.different)) different"
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private var ledger: [String] {
        let total = facts.ledger.total
        let cells =
            [["kind", "read", "resolved", "superseded", "quarantined", "not a record"]]
            + (facts.ledger.lines + [total]).map { line in
                [
                    line.kind, Quantity.count(line.read), Quantity.count(line.resolved),
                    Quantity.count(line.superseded),
                    Quantity.count(line.quarantined), Quantity.count(line.notARecord),
                ]
            }
        let widths = cells[0].indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
        return cells.map { row in
            row.enumerated().map { column, cell in
                let space = String(repeating: " ", count: widths[column] - cell.count)
                return column == 0 ? cell + space : space + cell
            }.joined(separator: "  ")
        }
    }
}
