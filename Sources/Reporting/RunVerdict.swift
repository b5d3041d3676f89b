import Domain

/// What a run comes to, in one paragraph, and what to type next.
struct RunVerdict {
    let facts: RunFacts

    /// The heading's word: how the run ended.
    var title: String {
        switch facts.status {
        case .running: "running"
        case .completed: isProven ? "completed, nothing lost" : "completed with differences"
        case .dryRun: isProven ? "dry run, nothing was kept" : "dry run with differences, nothing was kept"
        case .quarantineExceeded: "stopped: too many records quarantined"
        case .interrupted: "interrupted"
        case .rolledBack: "rolled back"
        case .failed: "failed"
        }
    }

    /// Whether the ledger balances and every check that ran passed.
    var isProven: Bool { facts.ledger.isBalanced && facts.verification?.passed == true }

    var sentences: [String] {
        let total = facts.ledger.total
        var sentences = [opening(total)]
        if total.read > 0 {
            sentences.append(
                "Of these records \(Quantity.count(total.resolved)) \(total.resolved == 1 ? "is a row" : "are rows") now, "
                    + "\(Quantity.count(total.superseded)) lost to a better record of the same id, "
                    + "\(Quantity.count(total.quarantined)) could not become a row and "
                    + "\(Quantity.count(total.notARecord)) \(total.notARecord == 1 ? "is no record" : "are no records"); "
                    + (facts.ledger.isBalanced
                        ? "the sums match." : "THE SUMS DO NOT MATCH, so records are unaccounted for.")
            )
        }
        sentences.append(verification)
        return sentences
    }

    private func opening(_ total: LedgerLine) -> String {
        let read =
            "\(Quantity.count(facts.files.total, "file")) with \(Quantity.count(total.read, "record")) in "
            + Quantity.seconds(facts.durationSeconds)
        return switch facts.status {
        case .running: "The run is under way: \(read) so far."
        case .completed where facts.rowsChanged == 0:
            "Nothing had changed since the last run: \(read) were read, no row was written."
        case .completed: "The run moved \(read); \(Quantity.count(facts.rowsChanged, "row")) were written."
        case .dryRun:
            "The dry run read \(read) and kept nothing; the real run would write \(Quantity.count(facts.rowsChanged, "row"))."
        case .quarantineExceeded:
            "The run read \(read) and stopped before the public tables: more records are quarantined than allowed."
        case .interrupted: "The run was interrupted after \(read). Start it again to go on where it stopped."
        case .rolledBack: "The effects of the run (\(read)) were undone."
        case .failed: "The run failed after \(read)."
        }
    }

    private var verification: String {
        guard let report = facts.verification else { return "Verification did not take place." }
        let compared = report.checks.reduce(0) { $0 + $1.compared }
        let different = report.checks.reduce(0) { $0 + $1.different }
        return report.passed
            ? "Verification compared \(Quantity.count(compared, "thing")) in \(Quantity.count(report.checks.count, "check")) and found no difference."
            : "Verification found \(Quantity.count(different, "difference")) in \(Quantity.count(compared, "comparison"))."
    }

    /// Commands with what each is for.
    var nextCommands: [(command: String, purpose: String)] {
        let source = ShellText.quoted(facts.source)
        switch facts.status {
        case .completed, .rolledBack:
            return [
                ("cortex status", "what runs, and the URLs to connect to"),
                ("cortex verify --source \(source)", "compare tree and database again"),
                ("cortex explain ID", "all records of an id, which one won and why"),
                ("cortex export --to DIR", "write the tree again from the database"),
            ]
        case .dryRun:
            return [("cortex migrate --source \(source)", "the real run")]
        case .quarantineExceeded:
            return [
                ("cortex explain ID", "a quarantined record with its place"),
                (
                    "cortex migrate --source \(source) --max-quarantined \(facts.ledger.total.quarantined)",
                    "accept these"
                ),
            ]
        case .interrupted, .failed, .running:
            return [
                ("cortex doctor", "what is missing, with cause and fix"),
                ("cortex migrate --source \(source)", "go on where it stopped"),
            ]
        }
    }
}
