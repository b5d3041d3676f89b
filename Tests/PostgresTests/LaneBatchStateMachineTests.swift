import Testing

@testable import Postgres

@Suite("LaneBatchStateMachine")
struct LaneBatchStateMachineTests {
    typealias Machine = LaneBatchStateMachine

    /// Results in order: one for each message to the server, then what came before the Sync.
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let acknowledgement: Machine.Acknowledgement
        var steps: [Machine.Step] = [.statement(1), .statement(2), .statement(3)]
        let results: [Machine.ResultKind]
        let actions: [Machine.ResultAction]
        let ending: Machine.Ending
    }

    static let rows: [Row] = [
        Row(
            testDescription: "all read",
            acknowledgement: .atResult,
            results: [.success, .success, .success],
            actions: [.answer(1), .answer(2), .answer(3)],
            ending: .done([1, 2, 3])
        ),
        Row(
            testDescription: "a read fails",
            acknowledgement: .atResult,
            results: [.success, .failure, .aborted],
            actions: [.answer(1), .keepFailure(2), .drop],
            ending: .failed(2, notRun: [3])
        ),
        Row(
            testDescription: "a read cannot be prepared",
            acknowledgement: .atResult,
            steps: [.prepare(1), .statement(1), .prepare(2), .statement(2)],
            results: [.failure, .aborted, .aborted, .aborted],
            actions: [.keepPrepareFailure(1), .drop, .notPrepared(2), .drop],
            ending: .failed(1, notRun: [2])
        ),
        Row(
            testDescription: "all committed",
            acknowledgement: .atSync,
            steps: [.prepare(1), .statement(1), .statement(2)],
            results: [.success, .success, .success],
            actions: [.drop, .answer(1), .answer(2)],
            ending: .done([1, 2])
        ),
        Row(
            testDescription: "a write fails among others",
            acknowledgement: .atSync,
            results: [.success, .failure, .aborted],
            actions: [.answer(1), .keepFailure(2), .drop],
            ending: .rolledBack([1, 2, 3], culprit: 2)
        ),
        Row(
            testDescription: "a write fails alone",
            acknowledgement: .atSync,
            steps: [.statement(1)],
            results: [.failure],
            actions: [.keepFailure(1)],
            ending: .failed(1, notRun: [])
        ),
        Row(
            testDescription: "the commit of several fails",
            acknowledgement: .atSync,
            results: [.success, .success, .success, .failure],
            actions: [.answer(1), .answer(2), .answer(3), .keepCommitFailure],
            ending: .rolledBack([1, 2, 3], culprit: nil)
        ),
        Row(
            testDescription: "the commit of one fails",
            acknowledgement: .atSync,
            steps: [.statement(1)],
            results: [.success, .failure],
            actions: [.answer(1), .keepCommitFailure],
            ending: .failed(1, notRun: [])
        ),
    ]

    static func run(_ machine: inout Machine, _ results: [Machine.ResultKind]) -> [Machine.ResultAction] {
        results.map { result in
            let action = machine.received(result)
            machine.stepEnded()
            return action
        }
    }

    @Test("Answers go to their members, and the Sync says what became of all", arguments: rows)
    func wholeBatch(_ row: Row) {
        var machine = Machine(row.acknowledgement)
        machine.begin(row.steps)
        #expect(machine.expectsResults)
        #expect(Self.run(&machine, row.results) == row.actions)
        #expect(machine.synced() == row.ending)
        #expect(machine.state == .idle)
        #expect(!machine.expectsResults)
    }

    @Test("A connection lost after an error ends the batch as its Sync would have", arguments: rows)
    func lossAfterError(_ row: Row) {
        guard row.results.contains(.failure) else { return }
        var machine = Machine(row.acknowledgement)
        machine.begin(row.steps)
        _ = Self.run(&machine, row.results)
        #expect(machine.lost(isSyncSent: true) == .ended(row.ending))
        #expect(machine.state == .closed)
    }

    struct LossRow: Sendable {
        let acknowledgement: Machine.Acknowledgement
        let answered: Int
        let isSyncSent: Bool
        let loss: Machine.Loss
    }

    @Test(
        "A connection lost without an error leaves reads unanswered and writes unknown if the Sync was sent",
        arguments: [
            LossRow(
                acknowledgement: .atResult,
                answered: 0,
                isSyncSent: true,
                loss: .unanswered([1, 2, 3], isCommitUnknown: false)
            ),
            LossRow(
                acknowledgement: .atResult,
                answered: 2,
                isSyncSent: true,
                loss: .unanswered([3], isCommitUnknown: false)
            ),
            LossRow(
                acknowledgement: .atSync,
                answered: 2,
                isSyncSent: true,
                loss: .unanswered([1, 2, 3], isCommitUnknown: true)
            ),
            LossRow(
                acknowledgement: .atSync,
                answered: 0,
                isSyncSent: false,
                loss: .unanswered([1, 2, 3], isCommitUnknown: false)
            ),
        ]
    )
    func loss(_ row: LossRow) {
        var machine = Machine(row.acknowledgement)
        machine.begin([.statement(1), .statement(2), .statement(3)])
        _ = Self.run(&machine, Array(repeating: .success, count: row.answered))
        #expect(machine.lost(isSyncSent: row.isSyncSent) == row.loss)
        #expect(machine.lost(isSyncSent: row.isSyncSent) == .none)
    }

    @Test("A read that was answered is not unanswered when the connection breaks before the end of its answer")
    func lossAtAnswer() {
        var machine = Machine(.atResult)
        machine.begin([.statement(1), .statement(2)])
        #expect(machine.received(.success) == .answer(1))
        #expect(machine.lost(isSyncSent: true) == .unanswered([2], isCommitUnknown: false))
    }

    @Test("What the protocol does not allow closes the connection")
    func broken() {
        var machine = Machine(.atResult)
        #expect(machine.received(.success) == .close)
        machine.begin([.statement(1), .statement(2)])
        #expect(machine.received(.foreign) == .close)
        #expect(machine.received(.aborted) == .close)
        machine = Machine(.atResult)
        machine.begin([.statement(1), .statement(2)])
        #expect(machine.received(.success) == .answer(1))
        // A second result of one statement.
        #expect(machine.received(.success) == .close)
        machine.stepEnded()
        #expect(machine.synced() == nil)
        #expect(machine.received(.failure) == .keepFailure(2))
        machine.stepEnded()
        #expect(machine.received(.success) == .close)
    }

    @Test(
        "Lanes take single statements that can share a transaction",
        arguments: [
            ("SELECT 1", true), ("  select 1", true), ("/* a /* nested */ comment */ -- and\n\t(SELECT 1)", true),
            ("WITH x AS (INSERT INTO t VALUES (1)) SELECT 1", true), ("insert into t values (1)", true),
            ("UPDATE t SET a = 1", true), ("Delete from t", true), ("MERGE INTO t USING s ON true", true),
            ("VALUES (1)", true), ("TABLE t", true),
            ("BEGIN", false), ("COMMIT", false), ("ROLLBACK", false), ("START TRANSACTION", false), ("END", false),
            ("SAVEPOINT a", false), ("SET search_path = x", false), ("COPY t TO STDOUT", false), ("CALL p()", false),
            ("DO $$ $$", false), ("DEALLOCATE ALL", false), ("/* SELECT */ COMMIT", false), ("-- SELECT", false),
            ("", false), ("SELECTED", false), ("/* never closed", false), ("CREATE TABLE t ()", false),
        ]
    )
    func allowed(sql: String, isAllowed: Bool) {
        #expect(LaneStatement.isAllowed(sql) == isAllowed)
    }
}
