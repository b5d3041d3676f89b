/// The relay of one instance: in office while it holds the advisory lock, passing the change feed batch by batch.
///
/// Everything it saves carries its fencing number; a relay that slept and lost its office changes nothing any more.
/// Tombstones it still sends only say what is committed. A batch that was not saved is passed again.
struct RelayStateMachine: Sendable {
    /// Where the relay is.
    enum State: Sendable, Equatable {
        /// Another may be in office. Exits: `idle`.
        case standby
        /// In office, nothing under way. Exits: `reading`, `standby`.
        case idle(Office)
        /// The batch is being read. Exits: `idle`, `invalidating`, `saving`, `changing`, `standby`.
        case reading(Office)
        /// Tombstones are on their way. Exits: `saving`, `idle`, `standby`.
        case invalidating(Office, Batch)
        /// Position and drain are being saved. Exits: `idle`, `standby`.
        case saving(Office, Batch)
        /// The cache state is being changed: suspended, or a new epoch. Exits: `idle`, `standby`.
        case changing(Office)
    }

    /// An office and how it goes.
    struct Office: Sendable, Equatable {
        /// Rises with each relay that takes office.
        let fence: Int
        /// When the last drain was saved.
        var drainedAt: Int?
        /// Since when Redis could not be reached.
        var cutOffSince: Int?
    }

    /// What one REPEATABLE READ transaction read: the state, and the rows due at its snapshot.
    struct Batch: Sendable, Equatable {
        let state: CacheState
        let snapshot: TransactionSnapshot
        /// By id; some of them only, where `needsEpoch` says that there are too many.
        let rows: [FeedRow]
        /// Whether no tombstones can say what happened: a whole table was loaded or emptied, or there are too many rows.
        let needsEpoch: Bool

        init(state: CacheState, snapshot: TransactionSnapshot, rows: [FeedRow], hasMore: Bool = false) {
            self.state = state
            self.snapshot = snapshot
            self.rows = rows
            needsEpoch = hasMore || rows.contains(where: \.concernsTable)
        }
    }

    /// What is saved, if the fencing number is still ours; `drains` is one more than in the batch's snapshot.
    struct Progress: Sendable, Equatable {
        let fence: Int
        let position: TransactionSnapshot
        let drains: Int
        /// The rows that get the next sequence numbers, in this order.
        let passed: [FeedRow]
    }

    /// What the shell does next.
    enum Action: Sendable, Equatable {
        case none
        case readBatch
        /// INVALIDATE each under this epoch.
        case invalidate(epoch: Int, [KeyVersion])
        case save(Progress)
        /// Publish what was passed: hints with the epoch in which nothing older is left, the published view.
        case publish(epoch: Int, [FeedRow])
        /// Say that Redis is to be left alone.
        case suspend(fence: Int)
        /// One epoch more, for this server, not suspended; what it makes good for is saved in the same transaction.
        case moveEpoch(fence: Int, run: String, passing: Progress?)
        /// Give up the lock, so that an instance that can reach Redis may take it.
        case resign
    }

    private let drainInterval: Int
    private let suspendAfter: Int
    private let patience: Int
    private let guards: SyncGuards
    private(set) var state = State.standby
    private var highestFence = 0

    init(_ configuration: SyncConfiguration) {
        drainInterval = configuration.drainInterval.milliseconds
        suspendAfter = configuration.suspendAfter.milliseconds
        patience = configuration.relayPatience.milliseconds
        guards = configuration.guards
    }

    /// The fencing number of the office, nil on standby.
    ///
    /// The shell drops what comes back for another office than the one in which it was asked for.
    var fence: Int? {
        switch state {
        case .standby: nil
        case .idle(let office), .reading(let office), .invalidating(let office, _), .saving(let office, _),
            .changing(let office):
            office.fence
        }
    }

    // MARK: Events

    /// The advisory lock is ours; news of an earlier office says nothing.
    mutating func elected(fence: Int) {
        guard fence > highestFence else { return }
        highestFence = fence
        state = .idle(Office(fence: fence))
    }

    /// The session with the lock is gone.
    mutating func deposed() {
        state = .standby
    }

    /// Time to look.
    mutating func tick() -> Action {
        guard case .idle(let office) = state else { return .none }
        state = .reading(office)
        return .readBatch
    }

    /// The batch is read; `link` is the connection to Redis as it is now.
    mutating func read(_ batch: Batch, link: CacheStateMachine.Link, now: Int) -> Action {
        guard case .reading(var office) = state else { return .none }
        guard case .up(let run) = link else { return cutOff(office, batch, now: now) }
        if guards.contains(.epoch), batch.state.isSuspended || batch.state.redisRun != run {
            state = .changing(office)
            return .moveEpoch(fence: office.fence, run: run, passing: nil)
        }
        if batch.needsEpoch {
            // Nothing of an earlier epoch is read any more, and whoever fills a key of the new one sees these rows.
            state = .changing(office)
            return .moveEpoch(fence: office.fence, run: run, passing: progress(office, batch))
        }
        if batch.rows.isEmpty {
            office.cutOffSince = nil
            if let drainedAt = office.drainedAt, now < drainedAt + drainInterval {
                state = .idle(office)
                return .none
            }
            return save(office, batch)
        }
        state = .invalidating(office, batch)
        return .invalidate(epoch: batch.state.epoch, FeedRow.coalesced(batch.rows))
    }

    /// The batch could not be read.
    mutating func readFailed() -> Action {
        rest()
    }

    /// All tombstones came back from this server, or (nil) at least one did not.
    mutating func invalidated(by run: String?, now: Int) -> Action {
        guard case .invalidating(var office, let batch) = state else { return .none }
        guard let run, run == batch.state.redisRun || !guards.contains(.epoch) else {
            return cutOff(office, batch, now: now)
        }
        office.cutOffSince = nil
        return save(office, batch)
    }

    /// The progress was saved, or was refused because another relay is in office.
    mutating func saved(_ wasOurs: Bool, now: Int) -> Action {
        guard case .saving(var office, let batch) = state else { return .none }
        guard wasOurs else {
            state = .standby
            return .none
        }
        office.drainedAt = now
        state = .idle(office)
        return batch.rows.isEmpty ? .none : .publish(epoch: batch.state.epoch, batch.rows)
    }

    /// Whether the progress was saved is unknown: the next batch starts from what PostgreSQL has.
    mutating func saveFailed() -> Action {
        rest()
    }

    /// The cache state was changed, or that was refused because another relay is in office.
    mutating func changed(_ wasOurs: Bool) -> Action {
        guard case .changing(let office) = state else { return .none }
        state = wasOurs ? .idle(office) : .standby
        return .none
    }

    // MARK: Private parts

    private mutating func save(_ office: Office, _ batch: Batch) -> Action {
        state = .saving(office, batch)
        return .save(progress(office, batch))
    }

    private func progress(_ office: Office, _ batch: Batch) -> Progress {
        let drains = batch.state.drains + 1
        return Progress(fence: office.fence, position: batch.snapshot, drains: drains, passed: batch.rows)
    }

    /// Redis cannot be reached: first wait, then nobody may use it, then changes are passed without it.
    private mutating func cutOff(_ office: Office, _ batch: Batch, now: Int) -> Action {
        var office = office
        let since = office.cutOffSince ?? now
        office.cutOffSince = since
        if now >= since + patience {
            state = .standby
            return .resign
        }
        guard batch.state.isSuspended else {
            if now < since + suspendAfter {
                state = .idle(office)
                return .none
            }
            state = .changing(office)
            return .suspend(fence: office.fence)
        }
        return save(office, batch)
    }

    private mutating func rest() -> Action {
        switch state {
        case .reading(let office), .invalidating(let office, _), .saving(let office, _), .changing(let office):
            state = .idle(office)
        case .standby, .idle:
            break
        }
        return .none
    }
}
