/// A lane: who waits, which connection takes whom, and when connections are opened.
///
/// No I/O, no clock, no lock: instants are passed in. Requests are known by their tickets, connections by their places
/// `0..<maximumConnections`. A connection takes its next batch only when the last one has ended, so that batches form by
/// themselves while it is busy.
struct LaneStateMachine: Sendable {
    /// What a lane is made for.
    struct Policy: Sendable, Equatable {
        /// When requests share a batch.
        enum Sharing: Sendable, Equatable {
            /// Always: the read lane.
            case always
            /// Once so many requests are under way together, on at most so many connections; else one request has a
            /// connection for itself: the write lane.
            case above(demand: Int, connections: Int)
        }

        let maximumConnections: Int
        let maximumBatch: Int
        let sharing: Sharing
        /// How long requests wait for a server that cannot be reached.
        let patience: Duration
    }

    /// What a place is doing.
    enum Place: Sendable, Equatable {
        /// There is no connection. Exits: `opening`.
        case absent
        /// The handshake runs. Exits: `idle`, `absent`.
        case opening
        /// Usable. Exits: `busy`, `absent`.
        case idle
        /// A batch of so many is under way; shared ones count towards their limit. Exits: `idle`, `absent`.
        case busy(Int, isShared: Bool)
    }

    /// What is to be done.
    enum Action: Sendable, Equatable {
        case open(place: Int)
        case send(place: Int, [Int])
    }

    /// A request that nobody has answered.
    private struct Member {
        let deadline: ContinuousClock.Instant
        /// It is with a connection, not in the queue.
        var isSent = false
        /// It must not share a batch: the last one that it shared was rolled back.
        var isAlone = false
    }

    /// The first pause after a connection could not be opened; it doubles up to `maximumPause`.
    static let firstPause = Duration.milliseconds(50)
    static let maximumPause = Duration.seconds(1)
    /// How long the write lane waits for those that the last shared batch has set free to come again.
    static let gatheringTime = Duration.milliseconds(1)
    /// So many takings in a row with little demand end the sharing of the write lane.
    static let quietTakings = 16
    /// The smallest limit of a batch after failures.
    static let minimumBatch = 4

    private let policy: Policy
    private(set) var places: [Place]
    private var members: [Int: Member] = [:]
    /// Those that were sent in vain come before those that have just arrived.
    private var repeats = TicketQueue()
    private var arrivals = TicketQueue()
    /// How many tickets wait; the queues also hold those that have left.
    private(set) var waiting = 0
    /// No member expires before; the members that have left may have been the cause.
    private(set) var nextExpiry: ContinuousClock.Instant?
    /// Until when no connection is opened, and the pause after the next failure.
    private(set) var pausedUntil: ContinuousClock.Instant?
    private var pause = Self.firstPause
    /// Since when attempts to connect fail while no connection is up; nil while none does.
    private var downSince: ContinuousClock.Instant?
    /// Whether the write lane shares now.
    private(set) var isSharing: Bool
    private var quiet = 0
    /// Until when the next shared batch of writes waits for so many members.
    private(set) var gathering: (until: ContinuousClock.Instant, enough: Int)?
    /// How large a batch may be: halved by failures, which make the members behind them run again.
    private(set) var batchLimit: Int

    init(_ policy: Policy) {
        self.policy = policy
        places = Array(repeating: .absent, count: max(1, policy.maximumConnections))
        batchLimit = max(1, policy.maximumBatch)
        isSharing = policy.sharing == .always
    }
}

// MARK: - Requests

extension LaneStateMachine {
    /// A request has arrived.
    mutating func submitted(_ ticket: Int, deadline: ContinuousClock.Instant) {
        members[ticket] = Member(deadline: deadline)
        arrivals.append(ticket)
        waiting += 1
        nextExpiry = min(nextExpiry ?? deadline, deadline)
    }

    /// What became of a request that leaves before its answer.
    enum Leaving: Sendable, Equatable {
        /// It was answered before.
        case absent
        /// It waited and is gone.
        case removed
        /// It was sent; whatever it still gives is dropped.
        case dropped
    }

    /// Nobody waits for the request any more.
    mutating func withdrawn(_ ticket: Int) -> Leaving {
        guard let member = members.removeValue(forKey: ticket) else { return .absent }
        guard !member.isSent else { return .dropped }
        waiting -= 1
        return .removed
    }

    /// The requests whose deadline has passed; they are gone.
    mutating func expired(_ now: ContinuousClock.Instant) -> [(ticket: Int, leaving: Leaving)] {
        guard let nextExpiry, nextExpiry <= now else { return [] }
        var late: [(ticket: Int, leaving: Leaving)] = []
        for ticket in members.filter({ $0.value.deadline <= now }).keys.sorted() {
            late.append((ticket, withdrawn(ticket)))
        }
        self.nextExpiry = members.values.map(\.deadline).min()
        return late
    }

    /// The request has its answer; false when nobody waits for it.
    mutating func answered(_ ticket: Int) -> Bool {
        members.removeValue(forKey: ticket) != nil
    }

    /// These did not take effect: they wait again, in this order, before all that arrived later.
    ///
    /// - Returns: how many of them wait; nobody waits for the others.
    @discardableResult
    mutating func returned(_ tickets: [Int], alone: Bool) -> Int {
        var count = 0
        for ticket in tickets where members[ticket] != nil {
            members[ticket]?.isSent = false
            members[ticket]?.isAlone = alone
            repeats.append(ticket)
            count += 1
        }
        waiting += count
        return count
    }

    /// Everybody is to be told that the lane is over.
    mutating func closed() -> [Int] {
        defer {
            members = [:]
            waiting = 0
        }
        return members.keys.sorted()
    }
}

// MARK: - Connections

extension LaneStateMachine {
    /// A handshake is done.
    mutating func opened(_ place: Int) {
        guard places[place] == .opening else { preconditionFailure("opened in \(places[place])") }
        places[place] = .idle
        pause = Self.firstPause
        downSince = nil
    }

    /// A connection could not be opened: the next attempt has to wait.
    ///
    /// - Returns: those who wait in vain, because no connection is up, and waiting cures nothing or has lasted long enough; they
    ///   are gone.
    mutating func openFailed(_ place: Int, isCurable: Bool, now: ContinuousClock.Instant) -> [Int] {
        guard places[place] == .opening else { preconditionFailure("openFailed in \(places[place])") }
        places[place] = .absent
        pausedUntil = now + pause
        pause = min(pause * 2, Self.maximumPause)
        guard !isUp else { return [] }
        downSince = downSince ?? now
        guard !isCurable || isOverdue(now) else { return [] }
        let hopeless = members.filter { !$0.value.isSent }.keys.sorted()
        for ticket in hopeless { _ = withdrawn(ticket) }
        return hopeless
    }

    /// Whether a request that comes now would wait in vain: the server is away for long enough, and it is not yet time to look
    /// again.
    func isHopeless(_ now: ContinuousClock.Instant) -> Bool {
        guard let pausedUntil, pausedUntil > now, isOverdue(now) else { return false }
        return places.allSatisfy { $0 == .absent }
    }

    private func isOverdue(_ now: ContinuousClock.Instant) -> Bool {
        downSince.map { now - $0 >= policy.patience } ?? false
    }

    /// Whether any connection is usable.
    var isUp: Bool { places.contains { $0 != .absent && $0 != .opening } }

    /// A batch has ended, and its connection is usable.
    ///
    /// Callers that work in a circle come again at once, one after the other: a batch of writes that were to take the
    /// first of them alone would let all others wait for its flush.
    mutating func ended(_ place: Int, hasFailed: Bool, now: ContinuousClock.Instant) {
        guard case .busy(let count, let isShared) = places[place] else {
            preconditionFailure("ended in \(places[place])")
        }
        places[place] = .idle
        guard isShared else { return }
        if case .above = policy.sharing { gathering = (now + Self.gatheringTime, count * 3 / 4) }
        batchLimit =
            hasFailed
            ? max(min(Self.minimumBatch, policy.maximumBatch), batchLimit / 2)
            : min(max(1, policy.maximumBatch), batchLimit * 2)
    }

    /// A batch could not be sent, because its connection was gone: its members wait again as before.
    mutating func notSent(_ place: Int, _ tickets: [Int]) {
        places[place] = .absent
        for ticket in tickets where members[ticket] != nil {
            members[ticket]?.isSent = false
            repeats.append(ticket)
            waiting += 1
        }
    }

    /// A connection is gone.
    mutating func lost(_ place: Int) {
        guard places[place] != .opening else { preconditionFailure("lost in \(places[place])") }
        places[place] = .absent
    }

    /// What can be done now, one thing at a time; nil when that is nothing.
    mutating func next(_ now: ContinuousClock.Instant) -> Action? {
        guard waiting > 0 else { return nil }
        if let gathering, gathering.until <= now { self.gathering = nil }
        if let pausedUntil, pausedUntil <= now { self.pausedUntil = nil }
        noteDemand()
        if let place = places.firstIndex(of: .idle) {
            if isGathering { return nil }
            if let batch = takeBatch() {
                places[place] = .busy(batch.tickets.count, isShared: isSharing && !batch.isAlone)
                if !batch.isAlone { gathering = nil }
                return .send(place: place, batch.tickets)
            }
        }
        return openOne()
    }

    private var sharedBatches: Int {
        places.count { if case .busy(_, isShared: true) = $0 { true } else { false } }
    }

    private var openings: Int { places.count { $0 == .opening } }

    /// The write lane shares from the demand on that its policy names, and until there was little for a while.
    private mutating func noteDemand() {
        guard case .above(let demand, _) = policy.sharing, members.count >= demand else { return }
        isSharing = true
        quiet = 0
    }

    /// Whether more members are about to come; those that run alone do not wait for them.
    private var isGathering: Bool {
        mutating get {
            guard let gathering, isSharing, let first = peek(), members[first]?.isAlone == false else { return false }
            return waiting < gathering.enough
        }
    }

    private mutating func takeBatch() -> (tickets: [Int], isAlone: Bool)? {
        guard let first = peek() else { return nil }
        if !isSharing || members[first]?.isAlone == true {
            return take().map { ([$0], members[$0]?.isAlone == true) }
        }
        var share = batchLimit
        if case .above(let demand, let connections) = policy.sharing {
            guard sharedBatches < connections else { return nil }
            quiet = members.count < demand / 2 ? quiet + 1 : 0
            if quiet >= Self.quietTakings { isSharing = false }
        } else {
            // Whoever is idle takes an equal part.
            let idle = places.count { $0 == .idle }
            share = min(share, (waiting + idle - 1) / idle)
        }
        var tickets: [Int] = []
        while tickets.count < share, let next = peek(), members[next]?.isAlone == false, let ticket = take() {
            tickets.append(ticket)
        }
        return (tickets, false)
    }

    private mutating func openOne() -> Action? {
        guard pausedUntil == nil, let place = places.firstIndex(of: .absent) else { return nil }
        let wanted: Int
        if let first = peek(), members[first]?.isAlone == true || !isSharing {
            wanted = waiting
        } else if case .above(_, let connections) = policy.sharing {
            wanted = connections - sharedBatches
        } else {
            wanted = 1
        }
        // After a failure one attempt at a time finds out whether the server is back.
        guard openings < (pause > Self.firstPause ? min(1, wanted) : wanted) else { return nil }
        places[place] = .opening
        return .open(place: place)
    }

    // MARK: The queue

    /// The ticket that comes next; drops those that have left.
    private mutating func peek() -> Int? {
        while let ticket = repeats.first {
            if members[ticket] != nil { return ticket }
            repeats.removeFirst()
        }
        while let ticket = arrivals.first {
            if members[ticket] != nil { return ticket }
            arrivals.removeFirst()
        }
        return nil
    }

    private mutating func take() -> Int? {
        guard let ticket = peek() else { return nil }
        if repeats.first == ticket { repeats.removeFirst() } else { arrivals.removeFirst() }
        members[ticket]?.isSent = true
        waiting -= 1
        return ticket
    }
}
