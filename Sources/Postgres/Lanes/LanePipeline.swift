import CLibpq
import Diagnostics

/// One libpq connection of a lane in pipeline mode: sends a batch with one Sync, and tells its lane what comes back.
///
/// Lives on the I/O thread alone; no call of it blocks (name lookup inside of PQconnectPoll aside).
final class LanePipeline: Polled {
    /// What the lane is told.
    enum Event {
        case opened
        case openFailed(PostgresError)
        /// A read has its answer.
        case answered(Int, PostgresResult)
        /// The batch has ended, the connection goes on.
        case ended(End)
        /// The connection is gone; with the end of the batch that was under way and whose error was known.
        case lost(End)
    }

    /// How a batch has ended for those of its members that were not told before.
    enum End {
        case none
        case done([(ticket: Int, result: PostgresResult)])
        case failed(Int, PostgresError, notRun: [Int])
        /// The server refused the prepared form of this member's statement: it may run again without.
        case refusedPrepared(Int, notRun: [Int])
        case rolledBack([Int], refusedPrepared: Int?)
        case unanswered([Int], PostgresError)
    }

    /// A member of a batch and how it is run.
    struct Member {
        let request: LaneRequest
        let isUnprepared: Bool
    }

    private let specification: LaneSpecification
    private let board: ConnectionBoard
    private let report: (Event) -> Void
    private var machine: LaneBatchStateMachine
    private var handle: OpaquePointer?
    private var handshake: Handshake?
    private var cache = StatementCache()
    private var needsFlush = false
    /// libpq holds nothing of the batch back; the Sync is its last message.
    private var isSyncSent = false
    private var isBroken = false
    private var lossReason: PostgresError?

    private var members: [Int: (member: Member, plan: StatementCache.Plan)] = [:]
    /// The answers of writes, kept until the Sync.
    private var answers: [(ticket: Int, result: PostgresResult)] = []
    private var failure: PostgresError?
    /// The server says nothing more that belongs to a member.
    private var isOver = false
    /// When the server last answered, or was last asked.
    private var lastProgress = ContinuousClock.now

    init(id: Int, specification: LaneSpecification, report: @escaping (Event) -> Void) {
        self.specification = specification
        self.report = report
        board = ConnectionBoard(id: id)
        machine = LaneBatchStateMachine(specification.acknowledgement)
    }

    deinit {
        // Only the handle of a connection that was not ended by `lose()`.
        if let handle { PQfinish(handle) }
    }

    // MARK: Opening

    /// Begins the handshake.
    func open() {
        let handshake = Handshake(
            specification.configuration,
            settings: specification.settings,
            board: board,
            deadline: .now + specification.configuration.connectTimeout
        )
        handle = handshake.handle
        self.handshake = handshake
        if let failure = handshake.startFailure { openingFailed(failure) }
    }

    private func pollOpening() {
        switch handshake?.poll() {
        case .up:
            handshake = nil
            guard PQenterPipelineMode(handle) == 1 else {
                return openingFailed(.misuse("libpq refused the pipeline mode"))
            }
            report(.opened)
        case .failed(let error): openingFailed(error)
        case .waiting, nil: break
        }
    }

    private func openingFailed(_ error: PostgresError) {
        handshake = nil
        finish()
        report(.openFailed(error))
    }

    private func finish() {
        if let handle { PQfinish(handle) }
        handle = nil
        needsFlush = false
    }

    // MARK: What to wait for

    var interest: Interest? {
        guard let handle else { return nil }
        let descriptor = PQsocket(handle)
        guard descriptor >= 0 else { return nil }
        if let handshake {
            return Interest(descriptor: descriptor, reads: handshake.reads, writes: !handshake.reads)
        }
        return Interest(descriptor: descriptor, reads: true, writes: needsFlush)
    }

    /// When `tick` has something to do without an event.
    var deadline: ContinuousClock.Instant? {
        if let handshake { return handshake.deadline }
        return machine.expectsResults ? lastProgress + specification.silence : nil
    }

    /// Does what is due.
    func tick(_ now: ContinuousClock.Instant) {
        guard let deadline, deadline <= now else { return }
        if let handshake { return openingFailed(handshake.timedOut) }
        lossReason = .silent(for: specification.silence)
        lose()
    }

    func ready(reads: Bool, writes: Bool) {
        guard let handle else { return }
        if handshake != nil { return pollOpening() }
        if reads, PQconsumeInput(handle) == 0 { isBroken = true }
        if needsFlush, !isBroken { flush() }
        process()
    }

    private func flush() {
        switch PQflush(handle) {
        case 0:
            needsFlush = false
            isSyncSent = true
        case 1: needsFlush = true
        default: isBroken = true
        }
    }

    // MARK: Sending

    /// Whether the server has not said goodbye meanwhile; a batch for a dead connection would fail for nothing.
    func isAlive() -> Bool {
        guard PQconsumeInput(handle) == 1 else { return false }
        // Makes libpq read what has come: while nothing is under way it takes a farewell for a notice.
        _ = PQisBusy(handle)
        let last = board.read { $0.notices.last?.severity }
        return PQstatus(handle) == CONNECTION_OK && last != "FATAL" && last != "PANIC"
    }

    /// Sends the members with one Sync behind them.
    func send(_ batch: [Member]) {
        guard let handle else { preconditionFailure("a batch for a connection that is gone") }
        var steps: [LaneBatchStateMachine.Step] = []
        steps.reserveCapacity(batch.count + 1)
        for member in batch {
            append(member, to: handle, &steps)
        }
        machine.begin(steps)
        isSyncSent = false
        lastProgress = .now
        if !isBroken, PQpipelineSync(handle) == 0 { isBroken = true }
        if !isBroken { flush() }
        if isBroken { process() }
    }

    private func append(_ member: Member, to handle: OpaquePointer, _ steps: inout [LaneBatchStateMachine.Step]) {
        let request = member.request
        let ticket = request.ticket.number
        let plan = member.isUnprepared ? .unprepared : cache.plan(for: request.cacheKey)
        members[ticket] = (member, plan)
        if case .prepare = plan { steps.append(.prepare(ticket)) }
        steps.append(.statement(ticket))
        guard !isBroken else { return }
        let isAccepted = request.parameters.withPointers { count, types, values, lengths, formats in
            switch plan {
            case .unprepared:
                return PQsendQueryParams(handle, request.sql, count, types, values, lengths, formats, 0) == 1
            case .prepare(let name):
                // The members behind this one use it already; an error makes the cache forget it.
                cache.prepared(request.cacheKey, name: name)
                return PQsendPrepare(handle, name, request.sql, count, types) == 1
                    && PQsendQueryPrepared(handle, name, count, values, lengths, formats, 0) == 1
            case .prepared(let name):
                return PQsendQueryPrepared(handle, name, count, values, lengths, formats, 0) == 1
            }
        }
        if !isAccepted { isBroken = true }
    }

    // MARK: Results

    private func process() {
        var emptyAnswers = 0
        var hasProgressed = false
        while machine.expectsResults, !isOver, emptyAnswers < 2 {
            // Asking a broken connection for a result does not wait; a working one must not be asked too early.
            if !isBroken, PQisBusy(handle) == 1 { break }
            guard let result = PQgetResult(handle) else {
                emptyAnswers += 1
                machine.stepEnded()
                continue
            }
            emptyAnswers = 0
            hasProgressed = true
            if PQresultStatus(result) == PGRES_PIPELINE_SYNC { synced() } else { take(result) }
            PQclear(result)
        }
        if hasProgressed { lastProgress = .now }
        if isBroken || isOver || PQstatus(handle) == CONNECTION_BAD { lose() }
    }

    private func take(_ result: OpaquePointer) {
        let kind = LaneBatchStateMachine.ResultKind(PQresultStatus(result))
        if kind == .failure {
            let message = PostgresServerMessage(result)
            guard let message, !message.endsConnection else {
                // Not the member's error but the end of the connection.
                let text = PostgresError.libpq(String(cString: PQresultErrorMessage(result)))
                lossReason = lossReason ?? .connectionLost(lastWords: message, libpq: text)
                isOver = true
                return
            }
            failure = error(message)
        }
        switch machine.received(kind) {
        case .answer(let ticket): answered(ticket, PostgresResult(result))
        case .keepPrepareFailure(let ticket), .notPrepared(let ticket): forget(ticket)
        case .keepFailure(let ticket):
            if isRefusal(ticket) { forget(ticket) }
        case .keepCommitFailure, .drop: break
        case .close:
            lossReason = lossReason ?? .misuse("the server sent what this driver did not ask for")
            isOver = true
        }
    }

    /// A statement that was stopped was so by `statement_timeout`: no lane sends cancel requests, an administrator may.
    private func error(_ message: PostgresServerMessage) -> PostgresError {
        guard message.sqlState == "57014" else { return .statement(message) }
        let isLate =
            message.message.contains("statement timeout")
            || lastProgress.duration(to: .now) >= specification.statementTimeout
        return .stopped(isLate ? .deadline : .cancelled, server: message)
    }

    private func answered(_ ticket: Int, _ result: PostgresResult) {
        switch specification.acknowledgement {
        case .atResult:
            members[ticket] = nil
            report(.answered(ticket, result))
        case .atSync: answers.append((ticket, result))
        }
    }

    private func forget(_ ticket: Int) {
        guard let request = members[ticket]?.member.request else { return }
        cache.forget(request.cacheKey)
    }

    /// Whether the server no longer has, or no longer accepts, the prepared form of the member's statement.
    private func isRefusal(_ ticket: Int) -> Bool {
        guard case .prepared? = members[ticket]?.plan, let failure else { return false }
        return failure.sqlState == "26000" || failure.sqlState == "0A000"
    }

    private func synced() {
        // Statements that leave a transaction open are not let in; with one the Sync would commit nothing.
        guard PQtransactionStatus(handle) == PQTRANS_IDLE, let ending = machine.synced() else {
            lossReason = .misuse("a transaction was left open on a lane")
            isOver = true
            return
        }
        let end = end(ending)
        forgetBatch()
        report(.ended(end))
    }

    private func end(_ ending: LaneBatchStateMachine.Ending) -> End {
        switch ending {
        case .done: return .done(answers)
        case .failed(let ticket, let notRun):
            if isRefusal(ticket) { return .refusedPrepared(ticket, notRun: notRun) }
            return .failed(ticket, failure ?? .misuse("the server sent no error"), notRun: notRun)
        case .rolledBack(let tickets, let culprit):
            return .rolledBack(tickets, refusedPrepared: culprit.flatMap { isRefusal($0) ? $0 : nil })
        }
    }

    private func forgetBatch() {
        members = [:]
        answers = []
        failure = nil
    }

    // MARK: The end

    /// Ends the connection on request.
    func close() {
        guard handle != nil else { return }
        lossReason = lossReason ?? .clientClosed
        if handshake != nil { return openingFailed(.clientClosed) }
        lose()
    }

    /// Ends the connection because it broke.
    private func lose() {
        guard let handle else { return }
        let reason =
            lossReason
            ?? .connectionLost(lastWords: nil, libpq: .libpq(String(cString: PQerrorMessage(handle))))
        let loss = machine.lost(isSyncSent: isSyncSent)
        finish()
        let end: End =
            switch loss {
            case .none: .none
            case .ended(let ending): self.end(ending)
            case .unanswered(let tickets, let isCommitUnknown):
                .unanswered(
                    tickets,
                    .exchangeLost(reason, interruption: nil, isCommitUnknown: isCommitUnknown)
                )
            }
        forgetBatch()
        report(.lost(end))
    }
}

extension LaneBatchStateMachine.ResultKind {
    /// What libpq's status means for the machine.
    init(_ status: ExecStatusType) {
        self =
            switch status {
            case PGRES_COMMAND_OK, PGRES_EMPTY_QUERY, PGRES_TUPLES_OK: .success
            case PGRES_FATAL_ERROR, PGRES_BAD_RESPONSE, PGRES_NONFATAL_ERROR: .failure
            case PGRES_PIPELINE_ABORTED: .aborted
            default: .foreign
            }
    }
}
