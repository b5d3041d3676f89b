import Domain

/// One read of a key at a time and process: the first caller flies, the others wait for what it brings.
///
/// A caller joins only a flight that began after the last invalidation it must see, and takes only what is fresh enough
/// for the moment at which it came; else it flies itself. A key is idle (no flight) or has a current flight; older
/// flights, begun before an invalidation, end with those who joined them.
struct SingleFlightStateMachine: Sendable {
    /// What a caller does.
    enum JoinAction: Sendable, Equatable {
        /// Fly, with this number.
        case lead(flight: Int)
        /// Wait for the flight with this number.
        case wait(flight: Int)
    }

    /// What becomes of somebody who waited.
    enum Landing: Sendable, Equatable {
        /// Take the answer, or the failure.
        case take
        /// What came is too old for it: join again.
        case again
    }

    /// Somebody who waits.
    struct Waiter: Sendable, Equatable {
        let id: Int
        let need: CacheStateMachine.Need
        let joinedAt: Int
    }

    private struct Flight {
        let key: String
        let ticket: NearCache.Ticket
        var waiters: [Waiter] = []
    }

    private let staleness: Int
    private let maximumWaiters: Int
    private var current: [ExactText: Int] = [:]
    private var flights: [Int: Flight] = [:]
    private var lastFlight = 0

    /// - Parameters:
    ///   - configuration: for S.
    ///   - maximumWaiters: how many may wait for one flight; those beyond fly themselves.
    init(_ configuration: SyncConfiguration, maximumWaiters: Int = 10_000) {
        staleness = configuration.staleness.milliseconds
        self.maximumWaiters = maximumWaiters
    }

    /// Somebody wants the key; `ticket` is of now.
    mutating func join(_ key: String, waiter: Waiter, ticket: NearCache.Ticket) -> JoinAction {
        // A strong read must begin after it was asked for.
        if waiter.need != .strong, let number = current[ExactText(key)], let flight = flights[number],
            flight.ticket == ticket,
            flight.waiters.count < maximumWaiters
        {
            flights[number]?.waiters.append(waiter)
            return .wait(flight: number)
        }
        lastFlight += 1
        flights[lastFlight] = Flight(key: key, ticket: ticket)
        if waiter.need != .strong { current[ExactText(key)] = lastFlight }
        return .lead(flight: lastFlight)
    }

    /// A flight brought an answer.
    mutating func landed(
        _ flight: Int,
        version: Int,
        freshAsOf: Int
    ) -> [(waiter: Waiter, landing: Landing)] {
        end(flight).map { waiter in
            let isEnough =
                switch waiter.need {
                case .recent: waiter.joinedAt < freshAsOf + staleness
                case .version(let least): version >= least
                case .strong: false
                }
            return (waiter, isEnough ? .take : .again)
        }
    }

    /// A flight failed, or brought an answer marked stale: those who waited get the same or ask themselves.
    mutating func failed(_ flight: Int) -> [Waiter] {
        end(flight)
    }

    private mutating func end(_ number: Int) -> [Waiter] {
        guard let flight = flights.removeValue(forKey: number) else {
            preconditionFailure("flight \(number) ended twice")
        }
        if current[ExactText(flight.key)] == number { current[ExactText(flight.key)] = nil }
        return flight.waiters
    }
}
