import Testing

@testable import Postgres

@Suite("ConnectionStateMachine")
struct ConnectionStateMachineTests {
    typealias Machine = ConnectionStateMachine

    // MARK: Building blocks

    static func exchange(_ shape: Machine.Shape, _ effect: Machine.Effect = .commits) -> Machine.Exchange {
        Machine.Exchange(number: 1, shape: shape, effect: effect)
    }

    static var idle: Machine {
        var machine = Machine()
        machine.connect()
        machine.connected()
        return machine
    }

    static func executing(_ shape: Machine.Shape, _ effect: Machine.Effect = .commits) -> Machine {
        var machine = idle
        _ = machine.start(exchange(shape, effect), mustPrepare: false)
        return machine
    }

    static func after(_ kinds: Machine.ResultKind..., shape: Machine.Shape) -> Machine {
        var machine = executing(shape)
        for kind in kinds { _ = machine.received(kind) }
        return machine
    }

    // MARK: Results

    struct ResultCase: Sendable, CustomTestStringConvertible {
        let shape: Machine.Shape
        let before: [Machine.ResultKind]
        let kind: Machine.ResultKind
        let action: Machine.ResultAction
        var testDescription: String { "\(shape) \(before) + \(kind) → \(action)" }
    }

    @Test(
        "A result leads to the listed action",
        arguments: [
            ResultCase(shape: .collected, before: [], kind: .command, action: .keep),
            ResultCase(shape: .collected, before: [], kind: .rows, action: .keep),
            ResultCase(shape: .collected, before: [.rows], kind: .failure, action: .keepFailure),
            ResultCase(shape: .collected, before: [], kind: .copyIn, action: .refuseCopyIn),
            ResultCase(shape: .collected, before: [], kind: .copyOut, action: .refuseCopyOut),
            ResultCase(shape: .collected, before: [], kind: .foreign, action: .close),
            ResultCase(shape: .collected, before: [.copyIn], kind: .failure, action: .keepFailure),
            ResultCase(shape: .collected, before: [.copyOut], kind: .failure, action: .keepFailure),
            ResultCase(shape: .collected, before: [.copyOut], kind: .command, action: .drop),
            ResultCase(shape: .rows, before: [], kind: .singleRow, action: .deliverRow),
            ResultCase(shape: .rows, before: [], kind: .rows, action: .keep),
            ResultCase(shape: .rows, before: [.singleRow], kind: .singleRow, action: .deliverRow),
            ResultCase(shape: .rows, before: [.singleRow], kind: .rows, action: .keep),
            ResultCase(shape: .rows, before: [.singleRow], kind: .failure, action: .keepFailure),
            ResultCase(shape: .rows, before: [.singleRow], kind: .copyIn, action: .close),
            ResultCase(shape: .copyIn, before: [], kind: .copyIn, action: .openCopyIn),
            ResultCase(shape: .copyIn, before: [], kind: .copyOut, action: .refuseCopyOut),
            ResultCase(shape: .copyIn, before: [], kind: .command, action: .keep),
            ResultCase(shape: .copyIn, before: [.copyIn], kind: .command, action: .close),
            ResultCase(shape: .copyOut, before: [], kind: .copyOut, action: .openCopyOut),
            ResultCase(shape: .copyOut, before: [], kind: .copyIn, action: .refuseCopyIn),
            ResultCase(shape: .copyOut, before: [.copyOut], kind: .command, action: .keep),
        ]
    )
    func resultTable(_ row: ResultCase) {
        var machine = Self.executing(row.shape)
        for kind in row.before { _ = machine.received(kind) }
        #expect(machine.received(row.kind) == row.action)
    }

    @Test("Rows that come first after a stop was asked for are dropped, and the cancel request may return at any time")
    func rowsAfterStop() {
        var machine = Self.executing(.rows)
        _ = machine.interrupt(number: 1, lastStarted: 1, .deadline)
        let action = machine.received(.singleRow)
        #expect(action == .drop)
        let isOver = machine.cancelReturned(number: 1)
        #expect(!isOver)
        let end = machine.resultsEnded()
        #expect(end == .finish)
    }

    @Test("Every result outside of an exchange closes the connection", arguments: Machine.ResultKind.allCases)
    func resultWhileIdle(_ kind: Machine.ResultKind) {
        var machine = Self.idle
        #expect(machine.received(kind) == .close)
    }

    // MARK: A whole exchange

    @Test("A statement that must be prepared is sent when its PREPARE is answered")
    func prepare() {
        var machine = Self.idle
        #expect(machine.start(Self.exchange(.collected), mustPrepare: true) == .sendPrepare)
        #expect(machine.received(.command) == .drop)
        #expect(machine.resultsEnded() == .sendStatement)
        #expect(machine.received(.rows) == .keep)
        #expect(machine.resultsEnded() == .finish)
        machine.outcomeTaken()
        #expect(machine.state == .idle)
    }

    @Test("A failed PREPARE ends the exchange with its error")
    func failedPrepare() {
        var machine = Self.idle
        _ = machine.start(Self.exchange(.collected), mustPrepare: true)
        #expect(machine.received(.failure) == .keepFailure)
        #expect(machine.resultsEnded() == .finish)
    }

    @Test("A second statement is refused until the outcome of the first is taken")
    func busy() {
        var machine = Self.executing(.collected)
        #expect(machine.start(Self.exchange(.collected), mustPrepare: false) == .refuseBusy)
        _ = machine.received(.command)
        _ = machine.resultsEnded()
        #expect(machine.start(Self.exchange(.collected), mustPrepare: false) == .refuseBusy)
        machine.outcomeTaken()
        #expect(machine.start(Self.exchange(.collected), mustPrepare: false) == .sendStatement)
    }

    @Test("A statement refused in its prepared form is sent once more")
    func repeated() {
        var machine = Self.executing(.collected)
        _ = machine.received(.failure)
        _ = machine.resultsEnded()
        machine.repeated()
        #expect(machine.received(.rows) == .keep)
        #expect(machine.resultsEnded() == .finish)
    }

    @Test("COPY FROM STDIN ends once")
    func endRowsOnce() {
        var machine = Self.after(.copyIn, shape: .copyIn)
        #expect(!machine.expectsResults)
        let first = machine.endRows()
        let second = machine.endRows()
        #expect(first && !second)
        #expect(machine.expectsResults)
        #expect(machine.received(.command) == .keep)
        #expect(machine.resultsEnded() == .finish)
    }

    // MARK: Stopping

    @Test("An exchange is over only when the cancel request has returned too")
    func cancelSettles() {
        var machine = Self.executing(.collected)
        #expect(machine.interrupt(number: 1, lastStarted: 1, .cancelled) == .requestCancel)
        _ = machine.received(.failure)
        #expect(machine.resultsEnded() == .holdForCancel)
        #expect(machine.start(Self.exchange(.collected), mustPrepare: false) == .refuseBusy)
        let isOver = machine.cancelReturned(number: 1)
        #expect(isOver)
        machine.outcomeTaken()
        #expect(machine.state == .idle)
    }

    @Test("A cancel request that returns first does not end the exchange")
    func cancelReturnsFirst() {
        var machine = Self.executing(.collected)
        _ = machine.interrupt(number: 1, lastStarted: 1, .deadline)
        let isOver = machine.cancelReturned(number: 1)
        #expect(!isOver)
        _ = machine.received(.failure)
        #expect(machine.resultsEnded() == .finish)
        #expect(machine.exchange?.stop.interruption == .deadline)
    }

    @Test("A stopped exchange that goes on is cancelled anew, one request at a time, and never after its end")
    func cancelAgain() {
        var machine = Self.executing(.rows)
        #expect(machine.cancelAgain() == false)
        _ = machine.interrupt(number: 1, lastStarted: 1, .deadline)
        #expect(machine.cancelAgain() == false)
        _ = machine.cancelReturned(number: 1)
        _ = machine.received(.singleRow)
        let (first, second) = (machine.cancelAgain(), machine.cancelAgain())
        #expect(first && !second)
        _ = machine.received(.failure)
        #expect(machine.resultsEnded() == .holdForCancel)
        let isOver = machine.cancelReturned(number: 1)
        #expect(isOver)
        #expect(machine.exchange?.stop.interruption == .deadline)
        #expect(machine.cancelAgain() == false)
    }

    struct StopCase: Sendable, CustomTestStringConvertible {
        let name: String
        let machine: Machine
        let number: Int
        let action: Machine.StopAction
        var testDescription: String { "\(name) → \(action)" }
    }

    static var stopCases: [StopCase] {
        var connecting = Machine()
        connecting.connect()
        var preparing = idle
        _ = preparing.start(exchange(.collected), mustPrepare: true)
        var stopped = executing(.collected)
        _ = stopped.interrupt(number: 1, lastStarted: 1, .cancelled)
        var ending = after(.copyIn, shape: .copyIn)
        _ = ending.endRows()
        return [
            StopCase(name: "connecting", machine: connecting, number: 0, action: .failConnecting),
            StopCase(name: "idle, later number", machine: idle, number: 2, action: .remember),
            StopCase(name: "idle, earlier number", machine: idle, number: 1, action: .none),
            StopCase(name: "preparing", machine: preparing, number: 1, action: .requestCancel),
            StopCase(name: "executing", machine: executing(.collected), number: 1, action: .requestCancel),
            StopCase(name: "executing, earlier number", machine: executing(.collected), number: 0, action: .none),
            StopCase(name: "stopped already", machine: stopped, number: 1, action: .none),
            StopCase(
                name: "COPY in",
                machine: after(.copyIn, shape: .copyIn),
                number: 1,
                action: .failCopyAndRequestCancel
            ),
            StopCase(name: "COPY in ending", machine: ending, number: 1, action: .requestCancel),
            StopCase(
                name: "receiving rows",
                machine: after(.singleRow, shape: .rows),
                number: 1,
                action: .requestCancel
            ),
        ]
    }

    @Test("Stopping does what the state needs", arguments: stopCases)
    func stopTable(_ row: StopCase) {
        var machine = row.machine
        #expect(machine.interrupt(number: row.number, lastStarted: 1, .cancelled) == row.action)
    }

    @Test("Rows behind a stop are dropped, the error is kept")
    func rowsBehindStop() {
        var machine = Self.after(.singleRow, shape: .rows)
        _ = machine.interrupt(number: 1, lastStarted: 1, .abandoned)
        #expect(machine.received(.singleRow) == .drop)
        #expect(machine.received(.failure) == .keepFailure)
    }

    @Test("COPY that opens behind a stop is ended at once")
    func copyBehindStop() {
        var machine = Self.executing(.copyIn)
        _ = machine.interrupt(number: 1, lastStarted: 1, .cancelled)
        #expect(machine.received(.copyIn) == .refuseCopyIn)
    }

    // MARK: Losing the connection

    struct LossCase: Sendable, CustomTestStringConvertible {
        let name: String
        let machine: Machine
        let action: Machine.LossAction
        var testDescription: String { "\(name) → \(action)" }
    }

    static var lossCases: [LossCase] {
        var connecting = Machine()
        connecting.connect()
        var preparing = idle
        _ = preparing.start(exchange(.collected), mustPrepare: true)
        var ending = after(.copyIn, shape: .copyIn)
        _ = ending.endRows()
        var settling = executing(.collected)
        _ = settling.interrupt(number: 1, lastStarted: 1, .cancelled)
        _ = settling.received(.command)
        _ = settling.resultsEnded()
        var completed = after(.command, shape: .collected)
        _ = completed.resultsEnded()
        return [
            LossCase(name: "new", machine: Machine(), action: .none),
            LossCase(name: "connecting", machine: connecting, action: .failConnecting),
            LossCase(name: "idle", machine: idle, action: .none),
            LossCase(name: "preparing", machine: preparing, action: .failExchange(isCommitUnknown: false)),
            LossCase(
                name: "COMMIT or autocommit",
                machine: executing(.collected),
                action: .failExchange(isCommitUnknown: true)
            ),
            LossCase(
                name: "in a transaction",
                machine: executing(.collected, .insideTransaction),
                action: .failExchange(isCommitUnknown: false)
            ),
            LossCase(
                name: "rows not complete",
                machine: after(.copyIn, shape: .copyIn),
                action: .failExchange(isCommitUnknown: false)
            ),
            LossCase(name: "rows complete", machine: ending, action: .failExchange(isCommitUnknown: true)),
            LossCase(name: "cancel request under way", machine: settling, action: .finishExchange),
            LossCase(name: "outcome known", machine: completed, action: .none),
        ]
    }

    @Test("A lost connection tells what may have been committed", arguments: lossCases)
    func lossTable(_ row: LossCase) {
        var machine = row.machine
        #expect(machine.lost() == row.action)
        #expect(machine.state == .closed)
        #expect(machine.start(Self.exchange(.collected), mustPrepare: false) == .refuseClosed)
    }
}
