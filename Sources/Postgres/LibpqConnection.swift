import CLibpq
import Diagnostics

/// One libpq connection and its state machine: the shell that performs what the machine says.
///
/// Lives on the I/O thread alone; no call of it blocks (name lookup inside of PQconnectPoll aside).
final class LibpqConnection: Polled {
    /// How much of the rows for COPY is handed to libpq at a time.
    static let copyPieceSize = 256 << 10
    /// How long a stopped statement may go on before it is cancelled anew.
    static let cancelInterval = Duration.milliseconds(200)

    let board: ConnectionBoard
    let thread: IOThread
    var machine = ConnectionStateMachine()
    var handle: OpaquePointer?

    var opening: Opening?
    var statementTimeout: Duration?
    /// How long a stopped statement may take to end before the connection is closed.
    var stopGrace = Duration.seconds(5)
    /// libpq has bytes that the socket did not take.
    var needsFlush = false
    /// The socket or the protocol broke; `lose()` follows.
    var isBroken = false
    /// Why the connection is gone.
    var lossReason: PostgresError?

    var cache = StatementCache()
    var run: ExchangeRun?
    var lastStarted = 0
    /// An interruption that overtook its statement.
    var earlyInterruption: (number: Int, reason: Interruption)?
    var notifications = NotificationQueue()

    init(board: ConnectionBoard, thread: IOThread) {
        self.board = board
        self.thread = thread
    }

    // MARK: What to wait for

    /// The descriptor and the events to poll for; nil when there is nothing to wait for.
    var interest: Interest? {
        guard let handle else { return nil }
        let descriptor = PQsocket(handle)
        guard descriptor >= 0 else { return nil }
        if let handshake = opening?.handshake {
            return Interest(descriptor: descriptor, reads: handshake.reads, writes: !handshake.reads)
        }
        // Backpressure: while the caller has not taken what is there, the socket is left alone.
        let reads: Bool
        if case .receivingRows = machine.state { reads = run?.isFull != true } else { reads = true }
        return reads || needsFlush ? Interest(descriptor: descriptor, reads: reads, writes: needsFlush) : nil
    }

    /// When `tick` has something to do without an event.
    var deadline: ContinuousClock.Instant? {
        let statementDeadline = run?.graceDeadline ?? (run?.outcome == nil ? run?.statement.deadline : nil)
        return [
            opening?.handshake.deadline, statementDeadline, run?.repeatDeadline, run?.suspicionDeadline,
            notifications.deadline,
        ]
        .compactMap(\.self).min()
    }

    /// Does what is due.
    func tick(_ now: ContinuousClock.Instant) {
        if let handshake = opening?.handshake, handshake.deadline <= now { connectingFailed(handshake.timedOut) }
        notifications.expire(now)
        guard let run, run.outcome == nil else { return }
        if let grace = run.graceDeadline {
            if grace <= now {
                lossReason = .didNotStop(within: stopGrace)
                lose()
            }
        } else if let deadline = run.statement.deadline, deadline <= now {
            interrupt(run.statement.number, .deadline)
        }
        if let next = run.repeatDeadline, next <= now { repeatCancel() }
        if let suspicion = run.suspicionDeadline, suspicion <= now { endSuspectedCopy() }
    }

    /// The socket can be read or written.
    func ready(reads: Bool, writes: Bool) {
        guard let handle else { return }
        if opening != nil { return pollConnecting() }
        let wasSendingRows = machine.isSendingRows
        let spokenBefore = spokenCount
        if reads, PQconsumeInput(handle) == 0 { isBroken = true }
        if needsFlush, !isBroken { flush() }
        process()
        guard wasSendingRows, machine.isSendingRows else { return }
        if reads { noteInputDuringCopy(isExplained: spokenCount != spokenBefore) }
        pumpRows()
    }

    /// Sends what libpq holds back.
    func flush() {
        guard let handle else { return }
        switch PQflush(handle) {
        case 0: needsFlush = false
        case 1: needsFlush = true
        default: isBroken = true
        }
    }

    // MARK: Closing

    /// Ends the connection on request; whoever waits is told.
    func close() {
        guard machine.state != .closed else { return }
        lossReason = lossReason ?? .clientClosed
        lose()
    }

    /// Ends the connection because it broke, keeping what the server said last.
    func lose() {
        let lastWords = lastServerMessage()
        let stop = machine.exchange?.stop.interruption
        let action = machine.lost()
        if let handle { PQfinish(handle) }
        handle = nil
        needsFlush = false
        board.update { $0.isUsable = false }
        let reason = lossReason ?? .connectionLost(lastWords: lastWords, libpq: run?.localError)
        lossReason = reason
        switch action {
        case .none: break
        case .failConnecting:
            let opening = opening
            self.opening = nil
            opening?.reply(.failure(reason))
        case .failExchange(let isCommitUnknown):
            let isUnknown = isCommitUnknown && run?.isSent == true
            run?.outcome = .failure(.exchangeLost(reason, interruption: stop, isCommitUnknown: isUnknown))
        case .finishExchange:
            run?.outcome = run?.makeOutcome(interruption: stop, statementTimeout: statementTimeout)
        }
        notifications.fail(reason)
        deliver()
    }

    /// What the server said before it went, such as `terminating connection due to administrator command`.
    private func lastServerMessage() -> PostgresServerMessage? {
        if let message = run?.serverError { return message }
        guard isBroken, let handle, machine.state != .connecting else { return nil }
        if machine.isSendingRows {
            // Only behind CopyFail does libpq look at an error that arrived during COPY.
            guard PQputCopyEnd(handle, "the connection is lost") == 1 else { return nil }
        } else if !machine.expectsResults {
            return board.update { $0.notices.last }.flatMap(PostgresServerMessage.init(idle:))
        }
        // A broken connection answers at once; the bound only guards against results without end.
        for _ in 0..<16 {
            guard let result = PQgetResult(handle) else { return nil }
            defer { PQclear(result) }
            if let message = PostgresServerMessage(result) { return message }
        }
        return nil
    }
}

extension PostgresServerMessage {
    /// libpq takes what a server says to an idle connection, its farewell included, for a notice.
    fileprivate init?(idle notice: PostgresNotice) {
        guard notice.severity == "FATAL" || notice.severity == "PANIC" else { return nil }
        self.init(
            severity: notice.severity,
            sqlState: notice.sqlState,
            message: notice.message,
            detail: notice.detail,
            hint: notice.hint,
            position: nil,
            context: nil,
            schema: nil,
            table: nil,
            column: nil,
            dataType: nil,
            constraint: nil
        )
    }
}
