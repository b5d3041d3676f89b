/// Who may use which connection: bounded, first come first served.
///
/// No I/O, no clock, no lock.
struct SessionPoolStateMachine: Sendable {
    /// What becomes of somebody who asks for a connection.
    enum AcquireAction: Equatable {
        case lease(Int)
        /// There is room for one more: open it.
        case open
        case wait
        case refuseFull
        case refuseClosed
    }

    /// What a freed place leads to.
    enum HandOver: Equatable {
        case none
        /// The connection goes to this waiter.
        case lease(Int, ticket: Int)
        /// This waiter may open one.
        case open(ticket: Int)
    }

    private let maximumSessions: Int
    private let maximumWaiters: Int
    private var isOpen = true
    /// Connections nobody uses; the one used last is taken first, so that rarely used ones are found broken early.
    private(set) var idle: [Int] = []
    private(set) var leased: Set<Int> = []
    private(set) var opening = 0
    /// Tickets in order of arrival.
    private(set) var waiting: [Int] = []

    init(maximumSessions: Int, maximumWaiters: Int) {
        self.maximumSessions = max(1, maximumSessions)
        self.maximumWaiters = max(0, maximumWaiters)
    }

    private var hasRoom: Bool { idle.count + leased.count + opening < maximumSessions }

    /// Somebody asks; an idle connection for which `isUsable` is false is forgotten.
    mutating func acquire(ticket: Int, isUsable: (Int) -> Bool) -> AcquireAction {
        guard isOpen else { return .refuseClosed }
        while let connection = idle.popLast() {
            guard isUsable(connection) else { continue }
            leased.insert(connection)
            return .lease(connection)
        }
        if hasRoom {
            opening += 1
            return .open
        }
        guard waiting.count < maximumWaiters else { return .refuseFull }
        waiting.append(ticket)
        return .wait
    }

    /// A connection that was allowed to open is there, and its opener uses it.
    mutating func opened(_ connection: Int) {
        opening -= 1
        leased.insert(connection)
    }

    /// A connection that was allowed to open is not there: the next waiter may try.
    mutating func openFailed() -> HandOver {
        opening -= 1
        return openForNext()
    }

    /// A user is done.
    mutating func release(_ connection: Int, isUsable: Bool) -> HandOver {
        leased.remove(connection)
        guard isUsable, isOpen else { return openForNext() }
        guard !waiting.isEmpty else {
            idle.append(connection)
            return .none
        }
        leased.insert(connection)
        return .lease(connection, ticket: waiting.removeFirst())
    }

    /// A waiter leaves.
    ///
    /// - Returns: false when it had been served already.
    mutating func abandon(ticket: Int) -> Bool {
        guard let index = waiting.firstIndex(of: ticket) else { return false }
        waiting.remove(at: index)
        return true
    }

    /// Nobody may come any more.
    ///
    /// - Returns: the waiters, to be told.
    mutating func close() -> [Int] {
        isOpen = false
        defer { waiting = [] }
        return waiting
    }

    private mutating func openForNext() -> HandOver {
        guard isOpen, hasRoom, !waiting.isEmpty else { return .none }
        opening += 1
        return .open(ticket: waiting.removeFirst())
    }
}
