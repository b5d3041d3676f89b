/// What one connection has received and sent, and when it has to end.
///
/// Times are milliseconds of one clock. Answers leave in the order of the requests; a request gets one, also where its body turns out to be broken after it
/// was answered. A connection that ends sends its last bytes, then waits a moment for the peer to close: a socket that
/// is closed over unread bytes would take the answer with it.
struct ConnectionStateMachine {
    /// The times of a connection, in milliseconds.
    struct Limits: Equatable {
        var head: Int
        var body: Int
        var unread: Int
        var linger: Int
    }

    /// What of a request comes next.
    enum Incoming: Equatable {
        /// A head; since when it is waited for.
        case head(since: Int)
        /// More of a body; when its head came.
        case body(since: Int)
        /// Nothing: what comes is dropped.
        case nothing
    }

    /// How the connection stands.
    enum State: Equatable {
        case open
        /// The answer to the last request ends it.
        case ending
        /// Everything is sent; the peer has until then to close.
        case lingering(until: Int)
        case closed
    }

    /// What is to be done with the head of an answer.
    enum HeadAction: Equatable {
        case send(closes: Bool)
        /// The request has its answer already.
        case drop
    }

    /// What is to be done after an answer, or as time goes by.
    enum Action: Equatable {
        case nothing
        /// Send no more, and wait for the peer.
        case closeOutput
        case close
    }

    private let limits: Limits
    private(set) var state = State.open
    private(set) var incoming: Incoming
    /// Requests without an answer; the last one may still be coming in.
    private(set) var unanswered = 0
    private var isQuiescing = false
    private var isDropping = false
    private var closesAfterCurrent = false
    private var isStreaming = false
    private var unreadSince: Int?
    private var lastRequest: Int

    init(_ limits: Limits, now: Int) {
        self.limits = limits
        incoming = .head(since: now)
        lastRequest = now
    }

    /// Whether bytes and parts that come are still for somebody.
    var listens: Bool { incoming != .nothing }

    /// Whether nothing more is sent.
    private var isOver: Bool {
        switch state {
        case .open, .ending: false
        case .lingering, .closed: true
        }
    }

    /// Whether a whole request that comes now may be answered at once.
    var takesAtOnce: Bool {
        guard case .head = incoming else { return false }
        return state == .open && unanswered == 0 && !isQuiescing
    }

    // MARK: Incoming

    /// A whole request came and was answered, and the connection goes on; only while `takesAtOnce`.
    mutating func answeredAtOnce(now: Int) {
        lastRequest = now
        incoming = .head(since: now)
    }

    /// A head came.
    mutating func headRead(keepsAlive: Bool, now: Int) {
        guard listens else { return }
        unanswered += 1
        lastRequest = now
        incoming = .body(since: now)
        if !keepsAlive || isQuiescing { state = .ending }
    }

    /// A request came to its end.
    mutating func endRead(now: Int) {
        guard case .body = incoming else { return }
        incoming = state == .open ? .head(since: now) : .nothing
    }

    /// The bytes are no HTTP, from now on nothing can be understood.
    ///
    /// - Returns: whether that is a request of its own: it gets an answer besides those that wait for theirs.
    mutating func broke() -> Bool {
        guard listens else { return false }
        let isOwnRequest: Bool
        if case .body = incoming { isOwnRequest = false } else { isOwnRequest = true }
        if isOwnRequest { unanswered += 1 }
        incoming = .nothing
        state = .ending
        return isOwnRequest
    }

    /// The peer sends nothing more; what is on its way is answered.
    mutating func inputClosed() -> Action {
        incoming = .nothing
        switch state {
        case .lingering, .closed:
            state = .closed
            return .close
        case .open, .ending:
            state = .ending
            // Whoever reads a stream without end and sends its end is gone.
            guard unanswered == 0 || isStreaming else { return .nothing }
            state = .closed
            return .close
        }
    }

    // MARK: Outgoing

    /// The final head of an answer is to be sent; a stream is an answer whose length is not known.
    mutating func headWritten(closes: Bool, isStream: Bool = false) -> HeadAction {
        guard unanswered > 0, !isOver else {
            isDropping = true
            return .drop
        }
        if closes { state = .ending }
        // In a pipeline only the last answer ends the connection.
        closesAfterCurrent = closes || (state == .ending && unanswered == 1)
        isStreaming = isStream
        return .send(closes: closesAfterCurrent)
    }

    /// Whether the parts of the answer under way are to be dropped.
    var dropsAnswer: Bool { isDropping }

    /// The end of an answer was sent.
    mutating func endWritten(now: Int) -> Action {
        guard !isDropping else {
            isDropping = false
            return isOver ? .nothing : end(now: now)
        }
        unanswered -= 1
        isStreaming = false
        guard closesAfterCurrent || (state == .ending && unanswered == 0) else { return .nothing }
        return end(now: now)
    }

    private mutating func end(now: Int) -> Action {
        incoming = .nothing
        state = .lingering(until: now + limits.linger)
        return .closeOutput
    }

    // MARK: Time

    /// The service ends: requests that came are answered, and those that come within the linger time.
    mutating func quiesce() {
        isQuiescing = true
        if unanswered > 0, state == .open { state = .ending }
    }

    /// Looks at the clock; `hasUnsent` says whether the peer leaves bytes unread.
    mutating func tick(now: Int, hasUnsent: Bool) -> Action {
        unreadSince = hasUnsent ? unreadSince ?? now : nil
        if let since = unreadSince, now - since >= limits.unread { return closeNow() }
        switch (state, incoming) {
        case (.closed, _): return .nothing
        case (.lingering(let until), _): return now >= until ? closeNow() : .nothing
        case (_, .body(let since)) where now - since >= limits.body: return closeNow()
        case (.open, .head(let since)) where unanswered == 0:
            if isQuiescing { return now - lastRequest >= limits.linger ? closeNow() : .nothing }
            return now - since >= limits.head ? closeNow() : .nothing
        default: return .nothing
        }
    }

    private mutating func closeNow() -> Action {
        state = .closed
        incoming = .nothing
        return .close
    }
}
