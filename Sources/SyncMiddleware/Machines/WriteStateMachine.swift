/// One write of one key: the transaction decides, Redis is told, and the writer is answered when nobody who asks
/// without a token can still be given the old value beyond S.
struct WriteStateMachine: Sendable {
    /// Where the write is.
    enum State: Sendable, Equatable {
        /// Not begun. Exits: `leasing`, `transacting`.
        case new
        /// LEASE is on its way. Exits: `transacting`.
        case leasing(epoch: Int)
        /// BEGIN and the statements run. Exits: `committing`, `done`.
        case transacting(Lease?)
        /// COMMIT is on its way. Exits: `publishing`, `waiting`, `burying`, `done`.
        case committing(Change, Lease?)
        /// PUT is on its way. Exits: `waiting`, `done`.
        case publishing(Change, committedAt: Int)
        /// Redis has not confirmed. Exits: `done`.
        case waiting(Change, committedAt: Int)
        /// Whether COMMIT took effect is unknown; the tombstone is on its way. Exits: `done`.
        case burying(Change)
        /// Answered.
        case done
    }

    typealias Lease = ReadStateMachine.Lease

    /// What the statements returned inside of the transaction.
    struct Change: Sendable, Equatable {
        let document: VersionedDocument
        let xid: UInt64
        /// The cache epoch; the transaction holds a shared lock that an epoch move waits for.
        let epoch: Int
        /// The Redis server of that epoch.
        let redisRun: String
    }

    /// What the writer is told.
    enum Outcome: Sendable, Equatable {
        /// It is done, and has this version.
        case acknowledged(version: Int)
        /// PostgreSQL refused it: a conflict, a missing row, a constraint. Nothing was changed.
        case refused
        /// It did not happen: 503.
        case failed
        /// It may have happened: 503; a retry with the same `Idempotency-Key` finds out.
        case unknown
    }

    /// What the shell does next, in order.
    enum Action: Sendable, Equatable {
        case lease(Lease)
        case begin
        case commit
        /// Tell the cache state that a transaction of ours ran in this epoch.
        case noteEpoch(Int)
        /// Drop older entries of our own near-cache, and what is being fetched for it.
        case forget(version: Int)
        /// The same, and keep this there, if nothing else was dropped since the write began.
        case keep(VersionedDocument, freshAsOf: Int)
        case put(epoch: Int, token: String?, VersionedDocument)
        case invalidate(epoch: Int, version: Int)
        /// Give the lease back; the reply does not matter.
        case release(Lease)
        /// Tell the machine of each poll, and at this time again.
        case wait(until: Int)
        /// Tell the other instances, with the epoch in which nothing older is left.
        case hint(version: Int, epoch: Int)
        case answer(Outcome)
    }

    private let token: String
    private let staleness: Int
    private(set) var state = State.new
    private var startedAt = 0

    /// - Parameters:
    ///   - token: a text that no other read or write uses.
    ///   - configuration: the limits.
    init(token: String, configuration: SyncConfiguration) {
        self.token = token
        staleness = configuration.staleness.milliseconds
    }

    // MARK: Events

    /// The write begins.
    ///
    /// - Parameters:
    ///   - access: what a caller with a version token would get now.
    ///   - isNear: our near-cache has the row, so Redis most likely has it too. PUT replaces a document without a lease; if it has
    ///     gone meanwhile, PUT leaves a tombstone and the next read fills.
    ///   - now: the time.
    /// - Returns: what comes first.
    mutating func start(_ access: CacheStateMachine.Access, isNear: Bool, now: Int) -> [Action] {
        guard state == .new else { preconditionFailure("write started in state \(state)") }
        startedAt = now
        guard case .cache(let epoch, _) = access, !isNear else {
            state = .transacting(nil)
            return [.begin]
        }
        state = .leasing(epoch: epoch)
        return [.lease(Lease(epoch: epoch, token: token))]
    }

    /// LEASE came back, or did not: nil.
    ///
    /// Only a grant that was *seen* before BEGIN counts: a LEASE that runs later may come after a newer write.
    mutating func leased(_ reply: CacheCell.Reply?) -> [Action] {
        guard case .leasing(let epoch) = state else { preconditionFailure("LEASE answered in state \(state)") }
        state = .transacting(reply == .granted ? Lease(epoch: epoch, token: token) : nil)
        return [.begin]
    }

    /// The statements are done.
    mutating func changed(_ change: Change) -> [Action] {
        guard case .transacting(let lease) = state else { preconditionFailure("changed in state \(state)") }
        state = .committing(change, lease)
        return [.noteEpoch(change.epoch), .commit]
    }

    /// PostgreSQL refused, at the latest when COMMIT checked what is checked then, and has rolled back.
    mutating func refused() -> [Action] {
        giveUp(.refused)
    }

    /// The connection broke, or a deadline passed, before COMMIT was sent; or COMMIT itself failed.
    mutating func failed() -> [Action] {
        giveUp(.failed)
    }

    /// COMMIT has taken effect; `canConfirm`: our connection leads to the server of the change's epoch.
    mutating func committed(canConfirm: Bool, now: Int) -> [Action] {
        guard case .committing(let change, let lease) = state else {
            preconditionFailure("committed in state \(state)")
        }
        guard canConfirm else {
            state = .waiting(change, committedAt: now)
            return [.wait(until: now + staleness)]
        }
        state = .publishing(change, committedAt: now)
        let token = lease?.epoch == change.epoch ? lease?.token : nil
        return [.put(epoch: change.epoch, token: token, change.document.cacheable)]
    }

    /// Whether COMMIT has taken effect, or will, is not known.
    mutating func commitUnknown() -> [Action] {
        guard case .committing(let change, _) = state else {
            preconditionFailure("commit unknown in state \(state)")
        }
        state = .burying(change)
        return [.invalidate(epoch: change.epoch, version: change.document.version)]
    }

    /// PUT or the tombstone came back, or did not: nil.
    mutating func published(_ reply: CacheCell.Reply?, canConfirm: Bool) -> [Action] {
        switch state {
        case .publishing(let change, let committedAt):
            if let reply, reply.confirms, canConfirm { return acknowledge(change, epoch: change.epoch) }
            state = .waiting(change, committedAt: committedAt)
            return [.wait(until: committedAt + staleness)]
        case .burying(let change):
            return [.forget(version: change.document.version)] + end(.unknown)
        default:
            preconditionFailure("published in state \(state)")
        }
    }

    /// A poll came back, or time has passed; `suspendedSince` is when a poll first said so of this epoch.
    mutating func observed(_ polled: CacheState?, suspendedSince: Int?, now: Int) -> [Action] {
        guard case .waiting(let change, let committedAt) = state else { return [] }
        let isPassed = polled.map { !$0.isSuspended && $0.position.sees(change.xid) } ?? false
        let hasMoved = polled.map { $0.epoch > change.epoch } ?? false
        let isUnused = suspendedSince.map { now >= $0 + staleness } ?? false
        // S after the commit every cache either has it from the relay, or is not asked any more.
        let isOver = now >= committedAt + staleness
        guard isPassed || hasMoved || isUnused || isOver else { return [] }
        return acknowledge(change, epoch: max(change.epoch, polled?.epoch ?? 0))
    }

    // MARK: Private parts

    /// Our near-cache forgets only now: a read that began after COMMIT and before PUT may still have met the old value.
    ///
    /// It keeps what we made: the row was ours from before COMMIT on, so nobody's change is missing that came before the
    /// write began.
    private mutating func acknowledge(_ change: Change, epoch: Int) -> [Action] {
        let version = change.document.version
        let keep = Action.keep(change.document.cacheable, freshAsOf: startedAt)
        return [keep, .hint(version: version, epoch: epoch)] + end(.acknowledged(version: version))
    }

    private mutating func giveUp(_ outcome: Outcome) -> [Action] {
        let lease: Lease?
        switch state {
        case .transacting(let held), .committing(_, let held): lease = held
        default: preconditionFailure("given up in state \(state)")
        }
        return (lease.map { [.release($0)] } ?? []) + end(outcome)
    }

    private mutating func end(_ outcome: Outcome) -> [Action] {
        state = .done
        return [.answer(outcome)]
    }
}
