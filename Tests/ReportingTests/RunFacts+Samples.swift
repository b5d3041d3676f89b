import Domain

extension RunFacts {
    /// A run that moved everything.
    static var completed: Self {
        var facts = RunFacts(
            runID: "2025-11-29T10-15-00Z-4f2a",
            dryRun: false,
            source: "/srv/fleet",
            target: "postgres://cortex@127.0.0.1:40001/cortex",
            toolVersion: "0.1.0",
            startedAt: "2025-11-29T10:15:00Z"
        )
        facts.status = .completed
        facts.durationSeconds = 4.216
        facts.files.add(.value, count: 300)
        facts.files.add(.values, count: 12)
        facts.files.add(.whitespace, count: 1)
        facts.files.add(.empty, count: 2)
        facts.files.add(.invalid, count: 3)
        facts.files.add(.notJSON, count: 92)
        facts.ledger = Ledger(lines: [
            LedgerLine(kind: "task", read: 1_234, resolved: 1_000, superseded: 230, quarantined: 3, notARecord: 1),
            LedgerLine(kind: "agent", read: 20, resolved: 20, superseded: 0, quarantined: 0, notARecord: 0),
        ])
        facts.rowsChanged = 3_210
        facts.findings = [
            FindingCount(rule: "invalid_json", severity: "error", count: 3),
            FindingCount(rule: "instant_without_zone", severity: "warning", count: 41),
        ]
        facts.tables = ["tasks": 1_000, "agents": 20, "documents": 0]
        facts.verification = VerificationReport(
            checks: [
                VerificationCheck(name: "files", compared: 410, different: 0),
                VerificationCheck(name: "records", compared: 1_254, different: 0),
            ],
            differences: []
        )
        facts.timings = [
            PhaseTiming(phase: "preflight", seconds: 0.02, records: 0, bytes: 0),
            PhaseTiming(phase: "read", seconds: 1.5, records: 1_254, bytes: 3_145_728),
            PhaseTiming(phase: "verify", seconds: 75, records: 1_254, bytes: 0),
        ]
        facts.mode = .postgres
        return facts
    }

    /// A run whose every text of unknown origin tries to break the report.
    static var hostile: Self {
        let name = "a|b`c\nd\r\te\u{1b}[31m\u{202e}<script>alert(1)</script>&amp;*_[x](y)_* \\ end "
        var facts = completed
        facts.runID = name
        facts.source = name
        facts.target = name
        facts.status = .failed
        facts.ledger = Ledger(lines: [
            LedgerLine(kind: name, read: 3, resolved: 1, superseded: 0, quarantined: 1, notARecord: 0)
        ])
        facts.findings = [FindingCount(rule: name, severity: name, count: 1)]
        facts.conflicts = [ConflictFact(kind: name, naturalID: name, records: 2, contents: 2, winnerPath: name)]
        facts.conflictCount = 5
        facts.quarantined = [
            RecordPlace(
                path: name,
                pointer: "/\(name)",
                byteStart: 0,
                byteEnd: 12,
                kind: name,
                naturalID: nil,
                reason: name
            ),
            RecordPlace(
                path: "",
                pointer: "",
                byteStart: 0,
                byteEnd: 0,
                kind: "unknown",
                naturalID: "",
                reason: "# heading"
            ),
        ]
        facts.unmapped = [name, "- not a list item", String(repeating: "long/", count: 100)]
        facts.tables = [name: 1]
        facts.verification = VerificationReport(
            checks: [VerificationCheck(name: "rows", compared: 9, different: 2)],
            differences: [
                Difference(
                    layer: "rows",
                    path: name,
                    recordID: name,
                    table: name,
                    key: name,
                    column: name,
                    expected: name,
                    actual: nil
                )
            ]
        )
        facts.notes = [name, "1. not a list", "<!-- comment"]
        return facts
    }
}
