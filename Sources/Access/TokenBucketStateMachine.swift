/// How often something may be done: `rate` times a second in the long run, `burst` times at once.
///
/// It is kept as the time at which the bucket would be full again, so that nothing has to be done while time passes.
public struct TokenBucketStateMachine: Sendable {
    /// What a limit allows.
    public struct Limit: Sendable, Hashable {
        /// How often a second, above 0.
        public let rate: Double
        /// How often at once, at least 1.
        public let burst: Int

        /// A limit of `rate` times a second and `burst` times at once; values below 0.001 and 1 are raised to those.
        public init(rate: Double, burst: Int) {
            self.rate = max(rate, 0.001)
            self.burst = max(burst, 1)
        }
    }

    /// What to do with a request.
    public enum Action: Sendable, Equatable {
        /// Let it through.
        case allow
        /// Refuse it; it is worth asking again after this time.
        case refuse(retryAfter: Duration)
    }

    private let interval: Duration
    private let depth: Duration
    private var fullAt: ContinuousClock.Instant?

    /// A full bucket.
    public init(_ limit: Limit) {
        interval = .nanoseconds(Int64((1_000_000_000 / limit.rate).rounded(.up)))
        depth = interval * limit.burst
    }

    /// A request comes.
    public mutating func take(at now: ContinuousClock.Instant) -> Action {
        let start = fullAt.map { max($0, now) } ?? now
        let next = start + interval
        guard next - now <= depth else { return .refuse(retryAfter: next - now - depth) }
        fullAt = next
        return .allow
    }

    /// Whether nothing was taken that has not come back: such a bucket can be forgotten.
    public func isFull(at now: ContinuousClock.Instant) -> Bool {
        fullAt.map { $0 <= now } ?? true
    }
}
