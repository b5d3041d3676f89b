import RESP

/// The life of one connection: connecting, signing in, working, pausing after a loss.
///
/// No I/O, no clock. Attempts are numbered: what a connection says that was given up already is ignored. The diagram
/// is in `docs/redis-client.md`.
struct RedisConnectionStateMachine: Sendable {
    /// Where the connection is.
    enum State: Sendable, Equatable {
        /// Nobody needed it yet. Exits: `connecting`, `closed`.
        case idle
        /// The transport is being made. Exits: `greeting`, `pausing`, `closed`.
        case connecting(failures: Int)
        /// Signing in. Exits: `ready`, `pausing`, `closed`.
        case greeting(failures: Int, GreetingStateMachine)
        /// Commands go out as they come. Exits: `pausing`, `closed`.
        case ready(version: Int)
        /// Waiting for the next attempt; commands fail at once. Exits: `connecting`, `closed`.
        case pausing(failures: Int)
        /// Over. No exit.
        case closed
    }

    /// What a new command leads to.
    enum SubmitAction: Sendable, Equatable {
        case send
        /// Keep it until the connection is ready or the attempt failed.
        case hold
        /// The same, and connect.
        case connectAndHold
        /// Fail it with what made the last attempt fail.
        case refuse
    }

    /// What a reply leads to.
    enum ReplyAction: Sendable {
        /// It belongs to the oldest command.
        case deliver
        /// The server sent it on its own account.
        case push
        /// Send the next command of the greeting.
        case greet(GreetingStateMachine.Step)
        /// Signed in: send what was held.
        case becomeReady
        /// Signing in failed: close the transport and pause.
        case giveUp(RedisError)
        /// A late word of a connection that was given up.
        case ignore
    }

    /// What the loss of a transport leads to.
    enum LossAction: Sendable, Equatable {
        /// Fail everything that waits, and try again when `retryDue` after the failures so far.
        case pause(failures: Int)
        case ignore
    }

    private let hasLogin: Bool
    private let selectsDatabase: Bool
    /// Whether the connection carries subscriptions: RESP2 sends messages as plain arrays there.
    private let isSubscriber: Bool
    private(set) var state = State.idle
    /// The number of the attempt under way or in use.
    private(set) var attempt = 0

    init(hasLogin: Bool, selectsDatabase: Bool, isSubscriber: Bool = false) {
        self.hasLogin = hasLogin
        self.selectsDatabase = selectsDatabase
        self.isSubscriber = isSubscriber
    }

    /// A command wants to be sent.
    mutating func submit() -> SubmitAction {
        switch state {
        case .idle:
            beginAttempt(failures: 0)
            return .connectAndHold
        case .connecting, .greeting: return .hold
        case .ready: return .send
        case .pausing, .closed: return .refuse
        }
    }

    /// Somebody wants the connection without having a command.
    ///
    /// - Returns: whether to connect.
    mutating func wake() -> Bool {
        guard case .idle = state else { return false }
        beginAttempt(failures: 0)
        return true
    }

    /// The transport of an attempt is there.
    ///
    /// - Returns: the first command of the greeting; nil when the attempt was given up and the transport must go.
    mutating func opened(attempt: Int) -> GreetingStateMachine.Step? {
        guard attempt == self.attempt, case .connecting(let failures) = state else { return nil }
        let greeting = GreetingStateMachine(hasLogin: hasLogin, selectsDatabase: selectsDatabase)
        state = .greeting(failures: failures, greeting)
        return greeting.step
    }

    /// The server sent a value.
    mutating func received(_ value: RESPValue, attempt: Int) -> ReplyAction {
        guard attempt == self.attempt else { return .ignore }
        if case .push = value { return .push }
        switch state {
        case .greeting(let failures, var greeting):
            switch greeting.received(value) {
            case .send(let step):
                state = .greeting(failures: failures, greeting)
                return .greet(step)
            case .done(let version):
                state = .ready(version: version)
                return .becomeReady
            case .fail(let error):
                return .giveUp(error)
            }
        case .ready(let version):
            return isSubscriber && Self.isSubscriptionReply(value, version: version) ? .push : .deliver
        case .idle, .connecting, .pausing, .closed:
            return .ignore
        }
    }

    /// The transport of an attempt could not be made, broke, or was closed.
    mutating func lost(attempt: Int) -> LossAction {
        guard attempt == self.attempt else { return .ignore }
        switch state {
        case .connecting(let failures), .greeting(let failures, _):
            state = .pausing(failures: failures + 1)
            return .pause(failures: failures + 1)
        case .ready:
            state = .pausing(failures: 1)
            return .pause(failures: 1)
        case .idle, .pausing, .closed:
            return .ignore
        }
    }

    /// The pause is over.
    ///
    /// - Returns: whether to connect.
    mutating func retryDue() -> Bool {
        guard case .pausing(let failures) = state else { return false }
        beginAttempt(failures: failures)
        return true
    }

    /// The time for connecting and signing in is over.
    ///
    /// - Returns: whether the attempt was still under way and must be given up.
    func isConnecting(attempt: Int) -> Bool {
        guard attempt == self.attempt else { return false }
        switch state {
        case .connecting, .greeting: return true
        case .idle, .ready, .pausing, .closed: return false
        }
    }

    /// The scope of the client ends.
    mutating func close() {
        state = .closed
    }

    private mutating func beginAttempt(failures: Int) {
        attempt += 1
        state = .connecting(failures: failures)
    }

    /// RESP2 answers PING on a subscribed connection with an array too, so the first word decides.
    private static func isSubscriptionReply(_ value: RESPValue, version: Int) -> Bool {
        // A refused SUBSCRIBE; nothing else that a subscriber sends is refused.
        if value.errorText != nil { return true }
        guard version == 2, let word = value.elements?.first?.bytes else { return false }
        return !word.elementsEqual("pong".utf8)
    }
}
