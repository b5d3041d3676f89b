/// One read of one key that was not answered by the near-cache.
///
/// Redis first; if nothing is there, a lease, a read of the primary *after* the grant, and a fill. Whoever finds the
/// key leased waits in growing pauses up to the lease time and then reads PostgreSQL without filling.
struct ReadStateMachine: Sendable {
    typealias Access = CacheStateMachine.Access
    typealias Need = CacheStateMachine.Need

    /// Where the read is.
    enum State: Sendable, Equatable {
        /// Not begun. Exits: `getting`, `reading`.
        case new
        /// GET is on its way. Exits: `leasing`, `reading`, `done`.
        case getting(epoch: Int, freshAsOf: Int, busyUntil: Int?, pauses: Int)
        /// LEASE is on its way. Exits: `pausing`, `reading`, `done`.
        case leasing(epoch: Int, freshAsOf: Int, busyUntil: Int?, pauses: Int)
        /// Somebody else has the lease. Exits: `getting`, `reading`.
        case pausing(busyUntil: Int, pauses: Int)
        /// PostgreSQL is asked. Exits: `done`, `gettingStale`.
        case reading(Purpose)
        /// PostgreSQL is away; GET is on its way for an answer marked stale. Exits: `done`.
        case gettingStale(FollowUp)
        /// Answered, or failed.
        case done
    }

    /// The right to fill.
    struct Lease: Sendable, Equatable {
        let epoch: Int
        let token: String
    }

    /// Why PostgreSQL is asked.
    enum Purpose: Sendable, Equatable {
        /// To fill.
        case fill(Lease)
        /// Redis has this version, which is too old for the caller's token.
        case surpass(epoch: Int, version: Int)
        /// To answer, and nothing else.
        case answer
    }

    /// What GET brings.
    enum Found: Sendable, Equatable {
        case document(VersionedDocument)
        /// An absent key, a tombstone, or bytes that are none of ours.
        case nothing
        /// No reply in time, or an error.
        case failed
    }

    /// Where an answer comes from.
    enum Source: String, Sendable, Equatable {
        case redis
        case database
        /// Redis while PostgreSQL is away: marked stale.
        case stale
    }

    /// What the caller gets.
    struct Answer: Sendable, Equatable {
        let document: VersionedDocument
        let source: Source
        /// Every change committed before this time of our clock is in it; says nothing of an answer marked stale.
        let freshAsOf: Int
    }

    /// What is left to do in Redis once the caller is answered; its result changes nothing.
    enum FollowUp: Sendable, Equatable {
        case none
        case fill(Lease, VersionedDocument)
        /// Nothing to fill: others need not wait.
        case release(Lease)
        /// Redis held something older than what PostgreSQL has.
        case invalidate(epoch: Int, version: Int)
    }

    /// What the shell does next.
    enum Action: Sendable, Equatable {
        case get(epoch: Int)
        case lease(Lease)
        case pause(milliseconds: Int)
        case readDatabase
        case answer(Answer, FollowUp)
        /// 503 with `Retry-After`.
        case fail(FollowUp)
    }

    /// How long a read waits for another one's lease, in milliseconds.
    struct Patience: Sendable {
        fileprivate let leaseTime: Int
        fileprivate let pauses: [Int]

        init(_ configuration: SyncConfiguration) {
            leaseTime = configuration.leaseTime.milliseconds
            pauses = configuration.busyPauses.map(\.milliseconds)
        }
    }

    private let need: Need
    private let token: String
    private let patience: Patience
    private(set) var state = State.new

    /// - Parameters:
    ///   - need: what the caller needs.
    ///   - token: a text that no other read or write uses.
    ///   - patience: how long it waits for another one's lease.
    init(need: Need, token: String, patience: Patience) {
        self.need = need
        self.token = token
        self.patience = patience
    }

    // MARK: Events

    /// The read begins; `access` is of now.
    mutating func start(_ access: Access) -> Action {
        guard state == .new else { preconditionFailure("read started in state \(state)") }
        return get(access, busyUntil: nil, pauses: 0)
    }

    /// GET came back; `access` is of now, for what follows.
    mutating func found(_ found: Found, access: Access) -> Action {
        if case .gettingStale(let followUp) = state { return answerStale(found, followUp) }
        guard case .getting(let epoch, let freshAsOf, let busyUntil, let pauses) = state else {
            preconditionFailure("GET answered in state \(state)")
        }
        switch found {
        case .document(let document):
            return answer(document, epoch: epoch, freshAsOf: freshAsOf)
        case .failed:
            return read(.answer)
        case .nothing:
            guard case .cache(let epoch, let freshAsOf) = access else { return read(.answer) }
            state = .leasing(epoch: epoch, freshAsOf: freshAsOf, busyUntil: busyUntil, pauses: pauses)
            return .lease(Lease(epoch: epoch, token: token))
        }
    }

    /// LEASE came back, or did not: nil.
    mutating func leased(_ reply: CacheCell.Reply?, now: Int, jitter: Int = 0) -> Action {
        guard case .leasing(let epoch, let freshAsOf, let busyUntil, let count) = state else {
            preconditionFailure("LEASE answered in state \(state)")
        }
        switch reply {
        case .granted:
            return read(.fill(Lease(epoch: epoch, token: token)))
        case .held(let document, _):
            return answer(document, epoch: epoch, freshAsOf: freshAsOf)
        case .busy:
            let until = busyUntil ?? now + patience.leaseTime
            let pauses = patience.pauses
            guard now < until, !pauses.isEmpty else { return read(.answer) }
            state = .pausing(busyUntil: until, pauses: count + 1)
            return .pause(milliseconds: min(pauses[min(count, pauses.count - 1)] + jitter, until - now))
        default:
            return read(.answer)
        }
    }

    /// The pause is over; `access` is of now.
    mutating func paused(_ access: Access) -> Action {
        guard case .pausing(let busyUntil, let count) = state else {
            preconditionFailure("pause over in state \(state)")
        }
        return get(access, busyUntil: busyUntil, pauses: count)
    }

    /// PostgreSQL answered a query that was sent at `sentAt`.
    mutating func readDatabase(_ document: VersionedDocument, sentAt: Int) -> Action {
        guard case .reading(let purpose) = state else {
            preconditionFailure("PostgreSQL answered in state \(state)")
        }
        state = .done
        let answer = Answer(document: document, source: .database, freshAsOf: sentAt)
        switch purpose {
        case .fill(let lease):
            return .answer(answer, .fill(lease, document.cacheable))
        case .surpass(let epoch, let version) where document.version > version:
            return .answer(answer, .invalidate(epoch: epoch, version: document.version))
        case .surpass, .answer:
            return .answer(answer, .none)
        }
    }

    /// PostgreSQL did not answer; `staleEpoch` is where an answer marked stale may be had.
    mutating func databaseFailed(staleEpoch: Int?) -> Action {
        guard case .reading(let purpose) = state else {
            preconditionFailure("PostgreSQL failed in state \(state)")
        }
        let followUp = if case .fill(let lease) = purpose { FollowUp.release(lease) } else { FollowUp.none }
        guard need != .strong, let staleEpoch else {
            state = .done
            return .fail(followUp)
        }
        state = .gettingStale(followUp)
        return .get(epoch: staleEpoch)
    }

    // MARK: Private parts

    private mutating func get(_ access: Access, busyUntil: Int?, pauses: Int) -> Action {
        guard case .cache(let epoch, let freshAsOf) = access else { return read(.answer) }
        state = .getting(epoch: epoch, freshAsOf: freshAsOf, busyUntil: busyUntil, pauses: pauses)
        return .get(epoch: epoch)
    }

    private mutating func read(_ purpose: Purpose) -> Action {
        state = .reading(purpose)
        return .readDatabase
    }

    private mutating func answer(_ document: VersionedDocument, epoch: Int, freshAsOf: Int) -> Action {
        if document.isSecretMark { return read(.answer) }
        if case .version(let least) = need, document.version < least {
            return read(.surpass(epoch: epoch, version: document.version))
        }
        state = .done
        return .answer(Answer(document: document, source: .redis, freshAsOf: freshAsOf), .none)
    }

    private mutating func answerStale(_ found: Found, _ followUp: FollowUp) -> Action {
        state = .done
        guard case .document(let document) = found, !document.isSecretMark else { return .fail(followUp) }
        if case .version(let least) = need, document.version < least { return .fail(followUp) }
        return .answer(Answer(document: document, source: .stale, freshAsOf: 0), followUp)
    }
}
