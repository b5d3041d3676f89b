import Testing

@testable import Access

@Suite struct TokenBucketTests {
    private let start = ContinuousClock.now

    @Test func `a burst is let through, then one for each interval`() {
        var bucket = TokenBucketStateMachine(.init(rate: 10, burst: 5))
        for _ in 0..<5 { #expect(bucket.take(at: start) == .allow) }
        #expect(bucket.take(at: start) == .refuse(retryAfter: .milliseconds(100)))
        #expect(bucket.take(at: start + .milliseconds(60)) == .refuse(retryAfter: .milliseconds(40)))
        #expect(bucket.take(at: start + .milliseconds(100)) == .allow)
        #expect(bucket.take(at: start + .milliseconds(100)) != .allow)
    }

    @Test func `a refusal takes nothing, and waiting as told is enough`() throws {
        var bucket = TokenBucketStateMachine(.init(rate: 3, burst: 2))
        var now = start
        for _ in 0..<100 {
            while bucket.take(at: now) == .allow {}
            guard case .refuse(let wait) = bucket.take(at: now) else { return #expect(Bool(false), "refused before") }
            now += wait
            #expect(bucket.take(at: now) == .allow)
        }
        // 2 at once and 3 a second: 102 in 33.3 s and no more.
        #expect(now - start > .seconds(33) && now - start < .seconds(34))
    }

    @Test func `it is full again after the burst's time, and never fuller`() {
        var bucket = TokenBucketStateMachine(.init(rate: 100, burst: 10))
        for _ in 0..<10 { _ = bucket.take(at: start) }
        #expect(!bucket.isFull(at: start + .milliseconds(99)))
        #expect(bucket.isFull(at: start + .milliseconds(100)))
        let later = start + .seconds(3_600)
        #expect((0..<20).filter { _ in bucket.take(at: later) == .allow }.count == 10)
    }
}
