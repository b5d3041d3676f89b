import Domain

/// What an instance knows, behind one lock: the machines that its readers, writers and links share.
struct InstanceState: Sendable {
    /// How a read that waits for another one ends.
    enum Landing: Sendable {
        case answer(Answer)
        /// What came is too old for it, or the one it waited for went away.
        case again
        case failed(SyncError)
        case cancelled
    }

    /// What a reader does first.
    enum Entrance: Sendable {
        case near(VersionedDocument, freshAsOf: Int)
        case lead(flight: Int, NearCache.Ticket)
        case landed(Landing)
    }

    var cache: CacheStateMachine
    var near: NearCache
    var flights: SingleFlightStateMachine
    var waiting: [Int: CheckedContinuation<Entrance, Never>] = [:]
    var isRelay = false
    /// Where the truth lives, and the epoch of that.
    var mode: (mode: SystemMode, epoch: Int)?
    /// The oldest transaction that the relay's position waits for, and since when a poll has shown it.
    var horizon: (xmin: UInt64, since: Int)?

    init(_ configuration: SyncConfiguration) {
        cache = CacheStateMachine(configuration)
        near = NearCache(configuration)
        flights = SingleFlightStateMachine(configuration)
    }

    /// The link to Redis is this now.
    mutating func follow(run: String?) {
        switch (run, cache.link) {
        case (nil, .down): break
        case (nil, .up): cache.disconnected()
        case (.some(let run), let link): if link != .up(run: run) { cache.connected(run: run) }
        }
    }

    /// The near-cache's document, where it is enough.
    mutating func near(_ key: String, need: ReadNeed, now: Int) -> Entrance? {
        guard need != .strong, let hit = near.document(for: key, now: now) else { return nil }
        if case .version(let least) = need, hit.document.version < least { return nil }
        return .near(hit.document, freshAsOf: hit.freshAsOf)
    }

    /// A version is known to be committed, under an epoch in which nothing older is left.
    mutating func told(_ key: String, version: Int, epoch: Int, now: Int) {
        cache.heardOf(epoch: epoch, now: now)
        near.invalidate(key, version: version)
    }

    /// A poll came back.
    mutating func polled(_ state: CacheState, sentAt: Int, now: Int) {
        if cache.polled(state, sentAt: sentAt, now: now) == .epoch { near.clear(staysLive: true) }
        if state.position.running.isEmpty {
            horizon = nil
        } else if horizon?.xmin != state.position.xmin {
            horizon = (state.position.xmin, now)
        }
    }
}
