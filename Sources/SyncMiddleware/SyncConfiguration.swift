/// Every limit of the sync middleware, with its default.
///
/// The defaults hold together: see the notes at each, and `docs/sync.md` for what breaks when they do not.
public struct SyncConfiguration: Sendable, Equatable {
    /// S: how old an answer to a caller without a version token may be; 1 s.
    ///
    /// Also the longest time that a committed write waits for its acknowledgement when Redis cannot confirm it.
    public var staleness: Duration = .seconds(1)
    /// How often an instance reads `cortex.cache_state`; 250 ms.
    ///
    /// Two drains of the relay have to fall between two polls for the caches to be used without a break, and the sum
    /// of two polls has to stay under `staleness`.
    public var statePollInterval: Duration = .milliseconds(250)
    /// How often the relay looks for changes; 20 ms.
    public var relayInterval: Duration = .milliseconds(20)
    /// The longest time between two drains that the relay records, with or without changes; 100 ms.
    public var drainInterval: Duration = .milliseconds(100)
    /// How long Redis may not answer the relay before it is suspended; 300 ms.
    ///
    /// A suspension ends with a new epoch, that is an empty cache, so one late reply must not cause it. Until then nothing
    /// is passed and no drain recorded.
    public var suspendAfter: Duration = .milliseconds(300)
    /// How long a relay that cannot reach Redis keeps its office before another may try; 10 s.
    public var relayPatience: Duration = .seconds(10)
    /// How long a reader may keep others from reading the same key from PostgreSQL; 500 ms.
    ///
    /// At least twice the 99th percentile of such a read, or leases are lost while their holders still read.
    public var leaseTime: Duration = .milliseconds(500)
    /// How long a tombstone is kept at least; 5 s.
    ///
    /// At least the lease time and the longest deadline of a request together: an early tombstone (a COMMIT with an
    /// unknown outcome) has to outlive the readers that it guards against.
    public var floorTime: Duration = .seconds(5)
    /// How long a cached document is kept; 1 h.
    public var documentTime: Duration = .seconds(3600)
    /// The pauses of a reader that finds the key leased, jitter not included; the last one repeats.
    public var busyPauses: [Duration] = [.milliseconds(5), .milliseconds(10), .milliseconds(20)]
    /// The deadline of a call to Redis; 50 ms.
    public var redisDeadline: Duration = .milliseconds(50)
    /// How long a connection to Redis may take to answer its first question; 1 s.
    ///
    /// Nobody waits for it: until then Redis is left out.
    public var connectDeadline: Duration = .seconds(1)
    /// The deadline of a call to PostgreSQL; 2 s.
    public var databaseDeadline: Duration = .seconds(2)
    /// How many reads may wait for PostgreSQL; 4,096.
    ///
    /// One more fails at once, or is answered from Redis and marked stale.
    public var databaseQueue = 4_096
    /// How many connections to PostgreSQL read; 2, up to 4.
    public var readConnections = 2
    /// How many writes have a connection to PostgreSQL at a time; 8.
    public var writeConnections = 8
    /// How many transactions of several writes run at a time; 2.
    ///
    /// Writes that come meanwhile share the next one.
    public var groupCommits = 2
    /// How many writes share a transaction at most; 32.
    public var groupedWrites = 32
    /// How long a transaction of several writes waits for a row that somebody else has locked; 100 ms, then each goes alone.
    public var groupLockWait: Duration = .milliseconds(100)
    /// How old an answer marked stale may be while PostgreSQL is away; 60 s, then 503.
    public var staleIfError: Duration = .seconds(60)
    /// What `Retry-After` says; 1 s.
    public var retryAfter: Duration = .seconds(1)
    /// The memory of one near-cache shard in bytes, bodies and an allowance for each entry; 64 MiB.
    public var nearCacheBytes = 64 << 20
    /// The number of generation counters of a near-cache shard, 8 bytes each; 8,192.
    ///
    /// Keys that share one refuse each other's installs now and then, which costs a read and nothing else.
    public var nearCacheStripes = 8_192
    /// How long the invalidation link may be silent before it counts as lost; 2 s, with a ping every second.
    public var linkSilence: Duration = .seconds(2)
    /// When calls to Redis are given up for a while.
    public var redisBreaker = Breaker()
    /// When reads of PostgreSQL are given up for a while: as `redisBreaker`, and after 3 failures in a row.
    ///
    /// A read that waits for its deadline takes so long that few of them would never reach the ratio, and each would wait.
    public var databaseBreaker = {
        var breaker = Breaker()
        breaker.failuresInARow = 3
        return breaker
    }()
    /// How long the answer of an `Idempotency-Key` is kept; 24 h.
    public var idempotencyTime: Duration = .seconds(86_400)
    /// How many rows of the change feed the relay passes at a time; 5,000.
    ///
    /// When more are due it moves the epoch instead, which is quicker than so many tombstones.
    public var relayBatch = 5_000
    /// How long an epoch move may wait for the transactions that write in the old one; 5 s, then it is tried again.
    public var epochWait: Duration = .seconds(5)
    /// How often the change feed and the idempotency keys are trimmed; 30 s.
    public var trimInterval: Duration = .seconds(30)
    /// How long rows of the change feed are kept; 24 h.
    public var feedTime: Duration = .seconds(86_400)
    /// How many rows of the change feed are kept at most; 1,000,000.
    public var feedRows = 1_000_000

    /// When calls to a store are given up for a while.
    public struct Breaker: Sendable, Equatable {
        /// The time over which failures are counted; 1 s.
        public var window: Duration = .seconds(1)
        /// The least number of calls in the window that says anything; 10.
        public var minimumCalls = 10
        /// The share of failures, of 100, that opens the breaker; 50.
        public var failurePercent = 50
        /// So many failures one after the other open it too, however long they take; nil for never, the default.
        public var failuresInARow: Int?
        /// How long it stays open before one call may try; 500 ms.
        public var openTime: Duration = .milliseconds(500)

        /// The defaults.
        public init() {}
    }

    /// The guards that hold; all of them, but in the tests that prove each one necessary.
    var guards = SyncGuards.all

    /// The defaults.
    public init() {}
}

extension Duration {
    /// Whole milliseconds, rounded down: the unit of the machines, which are given times as numbers.
    var milliseconds: Int {
        let (seconds, attoseconds) = components
        return Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
    }
}
