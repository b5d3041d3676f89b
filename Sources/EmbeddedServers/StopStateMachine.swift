/// The steps of stopping a server: a gentle signal, a firm one, then SIGKILL, each with its deadline.
///
/// States and their exits: `idle` → `gentle` on start, or `gone`; `gentle` → `firm`, `firm` → `killed`,
/// `killed` → `failed` when the deadline passes; every state → `gone` when the process has ended.
struct StopStateMachine: Sendable {
    /// What the shell does next.
    enum Action: Sendable, Equatable {
        /// Send the signal to the process and wait this long for its end.
        case signal(pid: Int32, Int32, wait: Duration)
        /// The process has ended.
        case done
        /// It runs although it was killed.
        case giveUp(pid: Int32)
    }

    private enum State: Sendable, Equatable {
        case idle
        case gentle
        case firm
        case killed
        case gone
        case failed
    }

    private let pid: Int32
    private let gentleSignal: Int32
    private let firmSignal: Int32
    private let patience: Duration
    private var state = State.idle

    /// `patience` is the time for the gentle way (data is written in it); the firm one and SIGKILL get 10 s each.
    init(pid: Int32, gentleSignal: Int32, firmSignal: Int32, patience: Duration) {
        self.pid = pid
        self.gentleSignal = gentleSignal
        self.firmSignal = firmSignal
        self.patience = patience
    }

    /// The first step.
    mutating func start() -> Action {
        guard state == .idle else { preconditionFailure("stop started in state \(state)") }
        state = .gentle
        return .signal(pid: pid, gentleSignal, wait: patience)
    }

    /// The process has ended.
    mutating func exited() -> Action {
        state = .gone
        return .done
    }

    /// The wait of the last signal is over and the process still runs.
    mutating func deadlinePassed() -> Action {
        switch state {
        case .gentle:
            state = .firm
            return .signal(pid: pid, firmSignal, wait: .seconds(10))
        case .firm:
            state = .killed
            return .signal(pid: pid, 9, wait: .seconds(10))
        case .killed:
            state = .failed
            return .giveUp(pid: pid)
        case .idle, .gone, .failed:
            preconditionFailure("stop deadline in state \(state)")
        }
    }
}
