import Synchronization

/// What an instance has counted since it began, and how it stands.
public struct SyncStatistics: Sendable, Equatable {
    /// Answers from the near-cache.
    public var nearHits = 0
    /// Answers from Redis.
    public var redisHits = 0
    /// Reads that went to PostgreSQL.
    public var databaseReads = 0
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
    /// Entries of the near-cache.
    public var nearEntries = 0
    /// Their bytes.
    public var nearBytes = 0

    /// Nothing counted.
    public init() {}
}

/// The counters of an instance, for any thread.
final class SyncCounters: Sendable {
    private let statistics = Mutex(SyncStatistics())

    /// What is counted.
    enum Counter: Sendable {
        case fills, refusedFills, repairedKeys, redisFailures, failedPolls, nearHits, redisHits, databaseReads,
            joinedReads
        case staleAnswers, failedReads, acknowledgedWrites, unknownWrites, repeatedAnswers, lostLinks, elections
        case passedRows, epochMoves, suspensions, trimmedRows, failedPublications

        fileprivate var path: WritableKeyPath<SyncStatistics, Int> {
            switch self {
            case .fills: \.fills
            case .refusedFills: \.refusedFills
            case .repairedKeys: \.repairedKeys
            case .redisFailures: \.redisFailures
            case .failedPolls: \.failedPolls
            case .nearHits: \.nearHits
            case .redisHits: \.redisHits
            case .databaseReads: \.databaseReads
            case .joinedReads: \.joinedReads
            case .staleAnswers: \.staleAnswers
            case .failedReads: \.failedReads
            case .acknowledgedWrites: \.acknowledgedWrites
            case .unknownWrites: \.unknownWrites
            case .repeatedAnswers: \.repeatedAnswers
            case .lostLinks: \.lostLinks
            case .elections: \.elections
            case .passedRows: \.passedRows
            case .epochMoves: \.epochMoves
            case .suspensions: \.suspensions
            case .trimmedRows: \.trimmedRows
            case .failedPublications: \.failedPublications
            }
        }
    }

    /// Counts.
    func add(_ counter: Counter, _ count: Int = 1) {
        statistics.withLock { $0[keyPath: counter.path] += count }
    }

    /// All counts.
    var snapshot: SyncStatistics { statistics.withLock { $0 } }
}
