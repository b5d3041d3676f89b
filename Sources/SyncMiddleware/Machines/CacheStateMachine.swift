/// What an instance knows of Redis and of the relay, and therefore who may use the cache for what.
///
/// Two things are followed: the link to Redis with the server's run id, and polls of `cortex.cache_state`. From the
/// polls follows `freshAsOf`, a time of *this instance's* clock: every change committed before it is out of Redis.
/// No clock of another machine is asked. A drain numbered n+1 covers a snapshot that was taken after n was recorded;
/// so if a poll saw at most n-1, that snapshot is younger than the moment at which the poll was sent.
struct CacheStateMachine: Sendable {
    /// The link to Redis.
    enum Link: Sendable, Equatable {
        /// No connection. Exits: `up`.
        case down
        /// Connected to the server with this run id. Exits: `down`, `up` with another.
        case up(run: String)
    }

    typealias Need = ReadNeed

    /// Where to read.
    enum Access: Sendable, Equatable {
        /// Redis, under this epoch; what it holds has every change that was committed before `freshAsOf`.
        case cache(epoch: Int, freshAsOf: Int)
        /// PostgreSQL, without touching Redis.
        case database(Bypass)
    }

    /// Why Redis is left out.
    enum Bypass: String, Sendable, Equatable {
        case strong
        case unknownState = "unknown-state"
        case linkDown = "link-down"
        case otherServer = "other-server"
        case newerEpoch = "newer-epoch"
        case suspended
        case notDrained = "not-drained"
    }

    /// What a poll changed.
    enum Change: Sendable, Equatable {
        case none
        /// The epoch is another one: the near-cache is to be cleared.
        case epoch
    }

    /// Before every time of our clock.
    private static let never = Int.min / 2

    private let staleness: Int
    private let staleIfError: Int
    private let guards: SyncGuards
    private(set) var link = Link.down
    /// The state as last read; nil before the first poll.
    private(set) var polled: CacheState?
    /// When the last poll was sent.
    private var polledAt = never
    /// All changes committed before this time of our clock are out of Redis; nil when nothing is known.
    private(set) var freshAsOf: Int?
    /// Polls that may still date a drain: rising times and counts.
    private var sightings: [(sentAt: Int, drains: Int)] = []
    /// When a poll first said that the current epoch is suspended; nil when the last one did not.
    private(set) var suspendedSince: Int?
    /// The highest epoch in which a transaction of ours ran.
    private var ownEpoch = 0
    /// The highest epoch above the polled one that a hint has named, and when the last such hint came.
    private var hinted: (epoch: Int, heardAt: Int)?

    init(_ configuration: SyncConfiguration) {
        staleness = configuration.staleness.milliseconds
        staleIfError = configuration.staleIfError.milliseconds
        guards = configuration.guards
    }

    // MARK: Events

    /// The connection to Redis is there, and its server has said its run id.
    mutating func connected(run: String) {
        link = .up(run: run)
    }

    /// The connection to Redis is gone.
    mutating func disconnected() {
        link = .down
    }

    /// A poll that was sent at `sentAt` came back.
    mutating func polled(_ state: CacheState, sentAt: Int, now: Int) -> Change {
        let old = polled
        if let old, sentAt < polledAt || (state.epoch, state.drains) < (old.epoch, old.drains) {
            // Polls that overtook each other: the older one says nothing.
            return .none
        }
        polled = state
        polledAt = sentAt
        // Whoever named an epoch knew it to be committed, so a poll that was sent later shows it; else it was made up.
        if let hinted, state.epoch >= hinted.epoch || sentAt > hinted.heardAt { self.hinted = nil }
        let isSameEpoch = old?.epoch == state.epoch
        suspendedSince = state.isSuspended ? (isSameEpoch ? suspendedSince : nil) ?? now : nil
        if let last = sightings.last, last.drains == state.drains {
            sightings[sightings.count - 1].sentAt = max(last.sentAt, sentAt)
        } else {
            sightings.append((sentAt, state.drains))
        }
        while sightings.count > 1, sightings[1].drains <= state.drains - 2 { sightings.removeFirst() }
        if let first = sightings.first, first.drains <= state.drains - 2 {
            freshAsOf = max(freshAsOf ?? first.sentAt, first.sentAt)
        }
        return old == nil || isSameEpoch ? .none : .epoch
    }

    /// A transaction of this instance ran in this epoch: older keys may hide what was written.
    mutating func sawEpoch(_ epoch: Int) {
        ownEpoch = max(ownEpoch, epoch)
    }

    /// A hint named this epoch: the same, until a poll that was sent later knows nothing of it.
    mutating func heardOf(epoch: Int, now: Int) {
        guard epoch > polled?.epoch ?? 0 else { return }
        hinted = (max(epoch, hinted?.epoch ?? 0), now)
    }

    // MARK: Questions

    /// Where a caller with this need reads.
    func access(_ need: Need, now: Int) -> Access {
        if need == .strong { return .database(.strong) }
        guard let polled else { return .database(.unknownState) }
        if let reason = obstacle(polled) { return .database(reason) }
        if case .recent = need {
            guard !polled.isSuspended else { return .database(.suspended) }
            guard isFresh(now: now) else { return .database(.notDrained) }
        }
        return .cache(epoch: polled.epoch, freshAsOf: freshAsOf ?? Self.never)
    }

    /// Where an answer may be had that will be marked stale, while PostgreSQL is away; nil when not even that.
    func staleEpoch(now: Int) -> Int? {
        guard let polled, obstacle(polled) == nil, let freshAsOf, now - freshAsOf <= staleIfError else { return nil }
        return polled.epoch
    }

    /// Whether what the current connection confirms counts for a transaction in the epoch of this server.
    func canConfirm(run: String) -> Bool {
        guard case .up(let linkRun) = link else { return false }
        return linkRun == run || !guards.contains(.epoch)
    }

    /// Whether tokenless callers may use what was cached.
    private func isFresh(now: Int) -> Bool {
        guard guards.contains(.drained) else { return true }
        guard let freshAsOf else { return false }
        return now < freshAsOf + staleness
    }

    private func obstacle(_ polled: CacheState) -> Bypass? {
        guard case .up(let run) = link else { return .linkDown }
        if guards.contains(.epoch), run != polled.redisRun { return .otherServer }
        return polled.epoch < max(ownEpoch, hinted?.epoch ?? 0) ? .newerEpoch : nil
    }
}
