import Diagnostics
import Testing

@testable import SchemaMigration

@Suite("Ledger")
struct LedgerTests {
    struct Case: CustomTestStringConvertible {
        let testDescription: String
        let rows: [Int]
        let state: SchemaStatus.State
        let pending: [Int]
        let problem: ErrorCode?
    }

    static let cases = [
        Case(testDescription: "empty", rows: [], state: .absent, pending: [1, 2, 3], problem: nil),
        Case(testDescription: "behind", rows: [1, 2], state: .outdated, pending: [3], problem: nil),
        Case(testDescription: "current", rows: [3, 1, 2], state: .current, pending: [], problem: nil),
        Case(testDescription: "ahead", rows: [1, 2, 3, 4], state: .newer, pending: [], problem: .schemaNewer),
        Case(testDescription: "far ahead", rows: [1, 2, 3, 7], state: .newer, pending: [], problem: .schemaNewer),
        Case(testDescription: "with a gap", rows: [1, 3], state: .current, pending: [], problem: .schemaLedger),
        Case(
            testDescription: "without its beginning",
            rows: [2],
            state: .outdated,
            pending: [3],
            problem: .schemaLedger
        ),
        Case(
            testDescription: "with an impossible number",
            rows: [0, 1],
            state: .outdated,
            pending: [2, 3],
            problem: .schemaLedger
        ),
    ]

    @Test("tells how a database stands", arguments: cases)
    func status(_ test: Case) throws {
        let status = Ledger(test.rows.map { Self.row($0) }).status(try SampleMigrations.catalogue())
        #expect(status.state == test.state)
        #expect(status.current == test.rows.max() ?? 0)
        #expect(status.latest == 3)
        #expect(status.pending.map(\.number) == test.pending)
        #expect(status.problem?.code == test.problem)
    }

    @Test("refuses a migration that was applied under another name or with another text")
    func differences() throws {
        let catalogue = try SampleMigrations.catalogue()
        #expect(Ledger([Self.row(1, name: "memos")]).status(catalogue).problem?.code == .schemaChecksum)
        #expect(Ledger([Self.row(1, checksum: "00")]).status(catalogue).problem?.code == .schemaChecksum)
    }

    private static func row(_ number: Int, name: String? = nil, checksum: String? = nil) -> AppliedStep {
        let step = SampleMigrations.steps.first { $0.number == number }
        return AppliedStep(
            number: number,
            name: name ?? step?.name ?? "unknown",
            checksum: checksum ?? step?.checksum ?? "",
            appliedAt: "2026-01-31T12:00:00Z",
            appliedBy: "cortex",
            milliseconds: 1
        )
    }
}
