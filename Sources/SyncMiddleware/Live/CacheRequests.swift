/// How many reads a tier of the cache answered in one way.
public struct CacheRequests: Sendable, Hashable {
    /// A tier.
    public enum Tier: String, Sendable, CaseIterable {
        /// The cache inside of the process.
        case near
        /// Redis.
        case redis
        /// PostgreSQL.
        case postgres
    }

    /// What came of it.
    public enum Result: String, Sendable, CaseIterable {
        /// It answered.
        case hit
        /// It had no answer.
        case miss
        /// It answered while PostgreSQL was away, marked stale.
        case stale
        /// It was left out.
        case bypass
    }

    /// The tier.
    public let tier: Tier
    /// What came of it.
    public let result: Result
    /// How many reads.
    public let count: Int
}

extension SyncStatistics {
    /// The reads by tier and result: every read counts once for the near-cache, and those that went on without joining
    /// another one once for Redis.
    public var requests: [CacheRequests] {
        [
            CacheRequests(tier: .near, result: .hit, count: nearHits),
            CacheRequests(tier: .near, result: .miss, count: nearMisses),
            CacheRequests(tier: .near, result: .bypass, count: nearBypasses),
            CacheRequests(tier: .redis, result: .hit, count: redisHits),
            CacheRequests(tier: .redis, result: .miss, count: redisMisses),
            CacheRequests(tier: .redis, result: .stale, count: staleAnswers),
            CacheRequests(tier: .redis, result: .bypass, count: redisBypasses),
            CacheRequests(tier: .postgres, result: .hit, count: databaseReads - databaseFailures),
            CacheRequests(tier: .postgres, result: .miss, count: databaseFailures),
        ]
    }
}
