/// How often somebody may try a password: a bucket for each name, the number of names bounded; pure.
struct AttemptLimiter {
    private let limit: TokenBucketStateMachine.Limit
    private let maximumNames: Int
    private var buckets: [String: TokenBucketStateMachine] = [:]
    /// For all names beyond the bound.
    private var shared: TokenBucketStateMachine

    init(_ limit: TokenBucketStateMachine.Limit, maximumNames: Int = 10_000) {
        self.limit = limit
        self.maximumNames = maximumNames
        shared = TokenBucketStateMachine(limit)
    }

    /// Somebody tries.
    mutating func attempt(_ name: String, at now: ContinuousClock.Instant) -> TokenBucketStateMachine.Action {
        if buckets[name] == nil, buckets.count >= maximumNames {
            buckets = buckets.filter { !$0.value.isFull(at: now) }
        }
        guard buckets[name] != nil || buckets.count < maximumNames else { return shared.take(at: now) }
        let full = TokenBucketStateMachine(limit)
        return buckets[name, default: full].take(at: now)
    }
}
