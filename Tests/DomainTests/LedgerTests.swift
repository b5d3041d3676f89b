import Domain
import Testing

@Suite("Ledger")
struct LedgerTests {
    private func line(_ kind: String, _ read: Int, _ outcomes: [Int]) -> LedgerLine {
        LedgerLine(
            kind: kind,
            read: read,
            resolved: outcomes[0],
            superseded: outcomes[1],
            quarantined: outcomes[2],
            notARecord: outcomes[3]
        )
    }

    @Test("a line is balanced when read equals the sum of the outcomes")
    func balance() {
        #expect(line("task", 10, [1, 2, 3, 4]).isBalanced)
        #expect(!line("task", 11, [1, 2, 3, 4]).isBalanced)
        #expect(!line("task", 9, [1, 2, 3, 4]).isBalanced)
        #expect(line("task", 0, [0, 0, 0, 0]).isBalanced)
    }

    @Test("errors of two kinds that cancel each other out do not balance")
    func noCancelling() {
        let ledger = Ledger(lines: [line("task", 11, [10, 0, 0, 0]), line("agent", 9, [10, 0, 0, 0])])
        #expect(ledger.total.isBalanced)
        #expect(!ledger.isBalanced)
    }

    @Test("lines are ordered by kind, and the total sums every column")
    func total() {
        let ledger = Ledger(lines: [line("task", 10, [1, 2, 3, 4]), line("agent", 4, [1, 1, 1, 1])])
        #expect(ledger.lines.map(\.kind) == ["agent", "task"])
        #expect(ledger.total == line("total", 14, [2, 3, 4, 5]))
        #expect(ledger.isBalanced)
    }

    @Test("an empty ledger is balanced and sums to nothing")
    func empty() {
        #expect(Ledger(lines: []).isBalanced)
        #expect(Ledger(lines: []).total.read == 0)
    }
}

@Suite("File counts")
struct FileCountsTests {
    @Test("every state is counted once, and the total is their sum")
    func counts() {
        var counts = FileCounts()
        for (index, state) in ParseState.allCases.enumerated() { counts.add(state, count: index + 1) }
        #expect(counts.total == ParseState.allCases.indices.reduce(0) { $0 + $1 + 1 })
        let parts = [counts.value, counts.values, counts.whitespace, counts.empty, counts.invalid, counts.notJSON]
        #expect(parts == [1, 2, 3, 4, 5, 6])
    }

    @Test("one file is added by default")
    func one() {
        var counts = FileCounts()
        counts.add(.invalid)
        #expect(counts.total == 1)
        #expect(counts.invalid == 1)
    }
}

@Suite("Verification reports")
struct VerificationReportTests {
    @Test("a report passes when every check does, and a check when nothing differs")
    func passes() {
        let good = VerificationCheck(name: "files", compared: 3, different: 0)
        let bad = VerificationCheck(name: "rows", compared: 3, different: 1)
        #expect(good.passed)
        #expect(!bad.passed)
        #expect(VerificationReport(checks: [good], differences: []).passed)
        #expect(!VerificationReport(checks: [good, bad], differences: []).passed)
    }
}
