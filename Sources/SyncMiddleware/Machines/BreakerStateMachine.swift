/// The circuit breaker of one store: when it fails often, calls are given up at once for a while.
struct BreakerStateMachine: Sendable {
    /// Whether calls go through.
    enum State: Sendable, Equatable {
        /// They do; failures are counted. Exits: `open`.
        case closed
        /// They do not, until the time named. Exits: `halfOpen`.
        case open(until: Int)
        /// One call tries. Exits: `closed`, `open`.
        case halfOpen
    }

    /// What becomes of a call.
    enum Admission: Sendable, Equatable {
        case pass
        case refuse
    }

    private let configuration: SyncConfiguration.Breaker
    /// In milliseconds; looked at when each call ends.
    private let window: Int
    private(set) var state = State.closed
    private var windowStart = 0
    private var calls = 0
    private var failures = 0
    private var failuresInARow = 0

    init(_ configuration: SyncConfiguration.Breaker = .init()) {
        self.configuration = configuration
        window = configuration.window.milliseconds
    }

    /// Whether a call would be let through.
    func admits(now: Int) -> Bool {
        switch state {
        case .closed: true
        case .open(let until): now >= until
        case .halfOpen: false
        }
    }

    /// Somebody wants to call.
    mutating func admit(now: Int) -> Admission {
        guard admits(now: now) else { return .refuse }
        if case .open = state { state = .halfOpen }
        return .pass
    }

    /// A call that was let through ended.
    mutating func ended(failed: Bool, now: Int) {
        switch state {
        case .closed:
            if now - windowStart >= window { restart(now: now) }
            calls += 1
            failures += failed ? 1 : 0
            failuresInARow = failed ? failuresInARow + 1 : 0
            let isRatioReached =
                calls >= configuration.minimumCalls && failures * 100 >= calls * configuration.failurePercent
            if isRatioReached || failuresInARow >= configuration.failuresInARow ?? .max { open(now: now) }
        case .halfOpen:
            if failed {
                open(now: now)
            } else {
                state = .closed
                failuresInARow = 0
                restart(now: now)
            }
        case .open:
            // A call from before it opened: the probe decides, not that one.
            break
        }
    }

    private mutating func open(now: Int) {
        state = .open(until: now + configuration.openTime.milliseconds)
    }

    private mutating func restart(now: Int) {
        windowStart = now
        calls = 0
        failures = 0
    }
}
