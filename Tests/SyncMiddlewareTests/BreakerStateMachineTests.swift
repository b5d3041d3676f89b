import Testing

@testable import SyncMiddleware

@Suite("BreakerStateMachine")
struct BreakerStateMachineTests {
    /// A breaker after this many good and bad calls at one time.
    static func breaker(good: Int, bad: Int) -> BreakerStateMachine {
        var breaker = BreakerStateMachine()
        for _ in 0..<good { breaker.ended(failed: false, now: 0) }
        for _ in 0..<bad { breaker.ended(failed: true, now: 0) }
        return breaker
    }

    @Test(
        "It opens at half of at least ten calls",
        arguments: [(0, 9, false), (0, 10, true), (6, 5, false), (5, 5, true)]
    )
    func opens(good: Int, bad: Int, isOpen: Bool) {
        var breaker = Self.breaker(good: good, bad: bad)
        #expect(breaker.admit(now: 499) == (isOpen ? .refuse : .pass))
    }

    @Test("Failures of an earlier window do not count")
    func window() {
        var breaker = Self.breaker(good: 0, bad: 9)
        breaker.ended(failed: true, now: 1000)
        #expect(breaker.state == .closed)
    }

    @Test("A few failures in a row open it where that is set, however slow; a success between them does not")
    func slowFailures() {
        var configuration = SyncConfiguration.Breaker()
        configuration.failuresInARow = 3
        var breaker = BreakerStateMachine(configuration)
        for (failed, now) in [(true, 0), (true, 2_000), (false, 4_000), (true, 6_000), (true, 8_000)] {
            breaker.ended(failed: failed, now: now)
        }
        #expect(breaker.state == .closed)
        breaker.ended(failed: true, now: 10_000)
        #expect(breaker.state == .open(until: 10_500))
        #expect(breaker.admit(now: 10_500) == .pass)
        breaker.ended(failed: false, now: 10_501)
        breaker.ended(failed: true, now: 10_502)
        #expect(breaker.state == .closed)
    }

    @Test("After the pause one call tries, and decides", arguments: [true, false])
    func probe(fails: Bool) {
        var breaker = Self.breaker(good: 0, bad: 10)
        #expect(breaker.admit(now: 500) == .pass)
        #expect(breaker.admit(now: 501) == .refuse)
        breaker.ended(failed: fails, now: 510)
        #expect(breaker.state == (fails ? .open(until: 1010) : .closed))
        #expect(breaker.admit(now: 511) == (fails ? .refuse : .pass))
    }
}
