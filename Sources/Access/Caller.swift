import Synchronization

/// A principal with the bucket that its requests are counted in; made once and kept.
public final class Caller: Sendable {
    /// Who asks.
    public let principal: Principal
    private let bucket: Mutex<TokenBucketStateMachine?>

    init(_ principal: Principal, limit: TokenBucketStateMachine.Limit?) {
        self.principal = principal
        bucket = Mutex(limit.map { TokenBucketStateMachine($0) })
    }

    /// Counts a request; `access.rate_limited` when there were too many.
    public func admit(at now: ContinuousClock.Instant) throws(AccessError) {
        guard case .refuse(let wait)? = bucket.withLock({ $0?.take(at: now) }) else { return }
        throw .tooOften(wait)
    }

    /// Whether it has asked for nothing lately.
    func isIdle(at now: ContinuousClock.Instant) -> Bool {
        bucket.withLock { $0?.isFull(at: now) ?? true }
    }
}
