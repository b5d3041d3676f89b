/// The life of one connection: what it is doing, and what each event makes it do.
///
/// No I/O, no clock. One exchange (a statement with everything that the server answers) runs at a time. It is over only
/// when the server has said so *and* a cancel request that is under way has returned: a late one would hit the next
/// statement.
struct ConnectionStateMachine: Sendable {
    /// Where the connection is.
    enum State: Sendable, Equatable {
        /// Nothing was started. Exits: `connecting`, `closed`.
        case new
        /// The handshake runs. Exits: `idle`, `closed`.
        case connecting
        /// Usable. Exits: `preparing`, `executing`, `closed`.
        case idle
        /// A PREPARE is on its way, its statement follows. Exits: `executing`, `settling`, `completed`, `closed`.
        case preparing(Exchange)
        /// The statement is on its way. Exits: every later state, `closed`.
        case executing(Exchange)
        /// COPY FROM STDIN takes our rows. Exits: `endingRows`, `closed`.
        case sendingRows(Exchange)
        /// The end of our rows was sent. Exits: `settling`, `completed`, `closed`.
        case endingRows(Exchange)
        /// Rows come one by one, or COPY TO STDOUT sends. Exits: `draining`, `settling`, `completed`, `closed`.
        case receivingRows(Exchange)
        /// Nobody wants what still comes. Exits: `settling`, `completed`, `closed`.
        case draining(Exchange)
        /// The server is done, our cancel request is not. Exits: `completed`, `closed`.
        case settling(Exchange)
        /// Everything is over; the caller has not yet taken the outcome. Exits: `idle`, `closed`.
        case completed(Exchange)
        /// Gone for good.
        case closed
    }

    /// A statement under way.
    struct Exchange: Sendable, Equatable {
        /// Its number on this connection, rising.
        let number: Int
        /// How its answer is taken.
        let shape: Shape
        /// What a missing reply means.
        let effect: Effect
        /// Whether it is being stopped.
        var stop = Stop.none
    }

    /// How an answer is taken.
    enum Shape: Sendable, Equatable {
        case collected
        case rows
        case copyIn
        case copyOut
    }

    /// What a missing reply means.
    enum Effect: Sendable, Equatable {
        /// The transaction stays open, so it is rolled back.
        case insideTransaction
        /// The statement ends a transaction (COMMIT, or anything outside of one): it may have taken effect.
        case commits
    }

    /// How far stopping an exchange has come.
    enum Stop: Sendable, Equatable {
        case none
        /// A cancel request is under way.
        case asked(Interruption)
        /// The cancel request has returned.
        case delivered(Interruption)

        var interruption: Interruption? {
            switch self {
            case .none: nil
            case .asked(let reason), .delivered(let reason): reason
            }
        }
    }

    /// Where the connection is.
    private(set) var state = State.new

    /// The exchange under way, its outcome not yet taken.
    var exchange: Exchange? {
        switch state {
        case .new, .connecting, .idle, .closed: nil
        case .preparing(let exchange), .executing(let exchange), .sendingRows(let exchange),
            .endingRows(let exchange), .receivingRows(let exchange), .draining(let exchange),
            .settling(let exchange), .completed(let exchange):
            exchange
        }
    }

    /// Whether the next thing to do is to read results.
    var expectsResults: Bool {
        switch state {
        case .preparing, .executing, .endingRows, .receivingRows, .draining: true
        case .new, .connecting, .idle, .sendingRows, .settling, .completed, .closed: false
        }
    }
}

/// Why an exchange is stopped before its end.
enum Interruption: Sendable, Equatable {
    /// Its deadline has passed.
    case deadline
    /// The task that waits for it, or the session, was cancelled.
    case cancelled
    /// The caller left a stream or COPY half way.
    case abandoned
}

// MARK: - Connecting and closing

extension ConnectionStateMachine {
    /// The handshake begins.
    mutating func connect() {
        guard state == .new else { preconditionFailure("connect in \(state)") }
        state = .connecting
    }

    /// The handshake is done.
    mutating func connected() {
        guard state == .connecting else { preconditionFailure("connected in \(state)") }
        state = .idle
    }

    /// What is to be told when the connection is gone.
    enum LossAction: Equatable {
        case none
        case failConnecting
        case failExchange(isCommitUnknown: Bool)
        /// The server's answer was complete, only our cancel request was not.
        case finishExchange
    }

    /// The connection broke or is closed.
    mutating func lost() -> LossAction {
        defer { state = .closed }
        switch state {
        case .new, .idle, .completed, .closed: return .none
        case .connecting: return .failConnecting
        case .preparing, .sendingRows: return .failExchange(isCommitUnknown: false)
        case .settling: return .finishExchange
        case .executing(let exchange), .endingRows(let exchange), .receivingRows(let exchange),
            .draining(let exchange):
            return .failExchange(isCommitUnknown: exchange.effect == .commits)
        }
    }
}

// MARK: - Exchanges

extension ConnectionStateMachine {
    /// What to do with a new statement.
    enum StartAction: Equatable {
        case sendPrepare
        case sendStatement
        case refuseBusy
        case refuseClosed
    }

    /// A statement is asked for.
    mutating func start(_ exchange: Exchange, mustPrepare: Bool) -> StartAction {
        switch state {
        case .idle:
            state = mustPrepare ? .preparing(exchange) : .executing(exchange)
            return mustPrepare ? .sendPrepare : .sendStatement
        case .new, .connecting, .preparing, .executing, .sendingRows, .endingRows, .receivingRows, .draining,
            .settling, .completed:
            return .refuseBusy
        case .closed:
            return .refuseClosed
        }
    }

    /// What the server sent.
    enum ResultKind: Sendable, Equatable, CaseIterable {
        /// A statement without rows is done, or an empty one.
        case command
        /// All rows, or the end of single rows.
        case rows
        /// One row in single-row mode.
        case singleRow
        /// COPY FROM STDIN wants our rows.
        case copyIn
        /// COPY TO STDOUT begins.
        case copyOut
        /// An error.
        case failure
        /// Something that this driver never asks for.
        case foreign
    }

    /// What to do with a result.
    enum ResultAction: Equatable {
        case keep
        case keepFailure
        case deliverRow
        case openCopyIn
        case openCopyOut
        case drop
        /// A COPY FROM STDIN that the caller cannot feed: end it with a failure.
        case refuseCopyIn
        /// A COPY TO STDOUT that the caller cannot take: cancel and drop it.
        case refuseCopyOut
        /// The protocol is out of step: close.
        case close
    }

    /// A result arrived.
    mutating func received(_ kind: ResultKind) -> ResultAction {
        if kind == .foreign { return .close }
        switch state {
        case .preparing(let exchange):
            guard kind == .failure else { return .drop }
            state = .executing(exchange)
            return .keepFailure
        case .executing(let exchange): return receivedWhileExecuting(kind, exchange)
        case .receivingRows:
            switch kind {
            case .singleRow: return .deliverRow
            case .command, .rows: return .keep
            case .failure: return .keepFailure
            case .copyIn, .copyOut, .foreign: return .close
            }
        case .endingRows:
            switch kind {
            case .command: return .keep
            case .failure: return .keepFailure
            case .rows, .singleRow, .copyIn, .copyOut, .foreign: return .close
            }
        case .draining(let exchange):
            switch kind {
            case .failure: return .keepFailure
            case .command, .rows, .singleRow, .copyOut: return .drop
            case .copyIn:
                state = .endingRows(exchange)
                return .refuseCopyIn
            case .foreign: return .close
            }
        case .new, .connecting, .idle, .sendingRows, .settling, .completed, .closed:
            return .close
        }
    }

    private mutating func receivedWhileExecuting(_ kind: ResultKind, _ exchange: Exchange) -> ResultAction {
        switch kind {
        case .command, .rows: return .keep
        case .failure: return .keepFailure
        case .singleRow:
            guard exchange.stop == .none else {
                state = .draining(exchange)
                return .drop
            }
            state = .receivingRows(exchange)
            return .deliverRow
        case .copyIn where exchange.shape == .copyIn && exchange.stop == .none:
            state = .sendingRows(exchange)
            return .openCopyIn
        case .copyIn:
            state = .endingRows(exchange)
            return .refuseCopyIn
        case .copyOut where exchange.shape == .copyOut && exchange.stop == .none:
            state = .receivingRows(exchange)
            return .openCopyOut
        case .copyOut:
            guard exchange.stop == .none else {
                state = .draining(exchange)
                return .drop
            }
            state = .draining(exchange.stopped(.abandoned))
            return .refuseCopyOut
        case .foreign: return .close
        }
    }

    /// What to do when the server has answered everything that was sent.
    enum EndAction: Equatable {
        case sendStatement
        case holdForCancel
        case finish
    }

    /// The server has answered everything.
    mutating func resultsEnded() -> EndAction {
        switch state {
        case .preparing(let exchange) where exchange.stop == .none:
            state = .executing(exchange)
            return .sendStatement
        case .preparing(let exchange), .executing(let exchange), .endingRows(let exchange),
            .receivingRows(let exchange), .draining(let exchange):
            if case .asked = exchange.stop {
                state = .settling(exchange)
                return .holdForCancel
            }
            state = .completed(exchange)
            return .finish
        case .new, .connecting, .idle, .sendingRows, .settling, .completed, .closed:
            preconditionFailure("results ended in \(state)")
        }
    }

    /// The statement goes over the wire once more, without its prepared form, which the server no longer accepts.
    mutating func repeated() {
        guard case .completed(let exchange) = state else { preconditionFailure("repeat in \(state)") }
        state = .executing(exchange)
    }

    /// The caller ends its rows, or gives them up.
    ///
    /// - Returns: false when COPY is not open (any more).
    mutating func endRows() -> Bool {
        guard case .sendingRows(let exchange) = state else { return false }
        state = .endingRows(exchange)
        return true
    }

    /// The caller has taken the outcome.
    mutating func outcomeTaken() {
        if case .completed = state { state = .idle }
    }
}

// MARK: - Stopping

extension ConnectionStateMachine {
    /// What to do when an exchange is to be stopped.
    enum StopAction: Equatable {
        case none
        /// The exchange has not arrived yet: stop it when it does.
        case remember
        case requestCancel
        /// Tell the server that no more rows come, and cancel: it may wait for a lock and not for us.
        case failCopyAndRequestCancel
        case failConnecting
    }

    /// The exchange with this number is to be stopped; number 0 is the handshake.
    mutating func interrupt(number: Int, lastStarted: Int, _ reason: Interruption) -> StopAction {
        if state == .connecting, number == 0 {
            state = .closed
            return .failConnecting
        }
        guard let exchange, exchange.number == number else { return number > lastStarted ? .remember : .none }
        guard exchange.stop == .none else { return .none }
        switch state {
        case .preparing:
            state = .preparing(exchange.stopped(reason))
            return .requestCancel
        case .executing:
            state = .executing(exchange.stopped(reason))
            return .requestCancel
        case .endingRows:
            state = .endingRows(exchange.stopped(reason))
            return .requestCancel
        case .sendingRows:
            state = .endingRows(exchange.stopped(reason))
            return .failCopyAndRequestCancel
        case .receivingRows:
            state = .draining(exchange.stopped(reason))
            return .requestCancel
        case .new, .connecting, .idle, .draining, .settling, .completed, .closed:
            return .none
        }
    }

    /// The cancel request of the exchange with this number has returned.
    ///
    /// - Returns: whether the exchange is now over.
    mutating func cancelReturned(number: Int) -> Bool {
        guard var exchange, exchange.number == number, case .asked(let reason) = exchange.stop else { return false }
        exchange.stop = .delivered(reason)
        if goesOn(as: exchange) { return false }
        guard case .settling = state else { preconditionFailure("cancel returned in \(state)") }
        state = .completed(exchange)
        return true
    }

    /// The stopped exchange goes on although its cancel request has returned: the request came before the server had
    /// read the statement, and a server that waits for a statement ignores it.
    ///
    /// - Returns: whether another request is to be sent.
    mutating func cancelAgain() -> Bool {
        guard var exchange, case .delivered(let reason) = exchange.stop else { return false }
        exchange.stop = .asked(reason)
        return goesOn(as: exchange)
    }

    /// Notes how far the stopping of an exchange has come that the server still has something to say about.
    ///
    /// - Returns: false, and nothing is noted, when it has not.
    private mutating func goesOn(as exchange: Exchange) -> Bool {
        switch state {
        case .preparing: state = .preparing(exchange)
        case .executing: state = .executing(exchange)
        case .endingRows: state = .endingRows(exchange)
        case .draining: state = .draining(exchange)
        case .new, .connecting, .idle, .sendingRows, .receivingRows, .settling, .completed, .closed: return false
        }
        return true
    }
}

extension ConnectionStateMachine.Exchange {
    fileprivate func stopped(_ reason: Interruption) -> Self {
        var exchange = self
        exchange.stop = .asked(reason)
        return exchange
    }
}
