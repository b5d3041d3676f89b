public import Domain

/// What an instance has counted since it began, and how it stands.
public struct SyncStatistics: Sendable, Equatable {
    /// Answers from the near-cache.
    public var nearHits = 0
    /// Reads that the near-cache could not answer.
    public var nearMisses = 0
    /// Reads that did not ask the near-cache: strong ones, and all while no invalidations arrive.
    public var nearBypasses = 0
    /// Answers from Redis.
    public var redisHits = 0
    /// Reads that Redis could not answer: nothing there, too old for the token, or no reply.
    public var redisMisses = 0
    /// Reads that left Redis out: strong ones, and while it may not be used.
    public var redisBypasses = 0
    /// Reads that went to PostgreSQL.
    public var databaseReads = 0
    /// Those among them that asked for what PostgreSQL says now, as every write does before it.
    public var strongReads = 0
    /// Reads that PostgreSQL did not answer.
    public var databaseFailures = 0
    /// Reads that waited for somebody else's read of the same key in this process.
    public var joinedReads = 0
    /// Answers marked stale, while PostgreSQL was away.
    public var staleAnswers = 0
    /// Reads without an answer.
    public var failedReads = 0
    /// Documents stored after a read.
    public var fills = 0
    /// Documents that were not stored: the lease was lost, or there was no memory.
    public var refusedFills = 0
    /// Keys that held something that is none of ours, and were deleted.
    public var repairedKeys = 0
    /// Calls that Redis did not answer in time, or with an error.
    public var redisFailures = 0
    /// Polls of the cache state that PostgreSQL did not answer.
    public var failedPolls = 0
    /// Writes that were acknowledged.
    public var acknowledgedWrites = 0
    /// Writes of which it is not known whether they happened.
    public var unknownWrites = 0
    /// Answers given again for the same `Idempotency-Key`.
    public var repeatedAnswers = 0
    /// Times that the link of invalidations was lost.
    public var lostLinks = 0
    /// Times that this instance's relay took office.
    public var elections = 0
    /// Rows of the change feed that this instance's relay passed on.
    public var passedRows = 0
    /// Epochs that this instance's relay began.
    public var epochMoves = 0
    /// Times that this instance's relay suspended Redis.
    public var suspensions = 0
    /// Rows of the change feed that were trimmed.
    public var trimmedRows = 0
    /// Calls of the view publisher that failed.
    public var failedPublications = 0
    /// How old a cached answer may be by what is known of the relay; nil when nothing is known.
    public var relayLag: Duration?
    /// Whether Redis was suspended at the last poll.
    public var isSuspended = false
    /// The epoch of the last poll; nil before the first.
    public var epoch: Int?
    /// Whether this instance runs the relay.
    public var isRelay = false
    /// Where the truth lives, by the last poll; nil before the first.
    public var mode: SystemMode?
    /// The epoch of that mode.
    public var modeEpoch: Int?
    /// How long the oldest transaction that the relay's position waits for has been seen open; 0 for none.
    public var horizonAge = Duration.zero
    /// Whether calls to Redis go through.
    public var redisBreaker = BreakerState.closed
    /// Whether reads of PostgreSQL go through.
    public var databaseBreaker = BreakerState.closed
    /// The last failure of Redis, without secrets, for those who ask why it is not used; nil after none.
    public var redisFailure: String?
    /// Why callers without a token are not served from Redis now; nil when they are.
    public var bypassReason: String?
    /// Reads that wait for a connection to PostgreSQL.
    public var waitingReads = 0
    /// Writes that wait for a transaction.
    public var waitingWrites = 0
    /// Entries of the near-cache.
    public var nearEntries = 0
    /// Their bytes.
    public var nearBytes = 0

    /// Nothing counted.
    public init() {}
}

/// Whether the circuit breaker of a store lets calls through.
public enum BreakerState: String, Sendable, CaseIterable {
    /// It does.
    case closed
    /// It does not.
    case open
    /// One call tries.
    case halfOpen = "half_open"

    init(_ state: BreakerStateMachine.State) {
        self =
            switch state {
            case .closed: .closed
            case .open: .open
            case .halfOpen: .halfOpen
            }
    }
}
