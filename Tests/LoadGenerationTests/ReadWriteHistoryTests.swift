import Testing

@testable import LoadGeneration

@Suite struct ReadWriteHistoryTests {
    private let start = ContinuousClock.now
    private func at(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }

    @Test func `a read of the last acknowledged write or of a later one is fresh`() {
        var history = ReadWriteHistory(documents: 1)
        history.read(0, 0, sentAt: at(0))
        history.acknowledged(0, 1, at: at(10))
        history.read(0, 1, sentAt: at(11))
        history.read(0, 2, sentAt: at(11))
        // Sent before the acknowledgement: either is right.
        history.read(0, 0, sentAt: at(9))
        #expect(history.staleReads == 0)
    }

    @Test func `a read below what was acknowledged before it was sent is stale since the first higher one`() {
        var history = ReadWriteHistory(documents: 2)
        for number in 1...3 { history.acknowledged(0, number, at: at(number * 100)) }
        history.read(0, 1, sentAt: at(350))
        #expect(history.staleReads == 1)
        #expect(history.maximumStaleness == .milliseconds(150))
        history.read(0, 2, sentAt: at(310))
        #expect(history.staleReads == 2)
        #expect(history.maximumStaleness == .milliseconds(150))
        history.read(1, 0, sentAt: at(1_000))
        #expect(history.staleReads == 2)
    }

    @Test func `a write that was refused does not count, one whose outcome is unknown ends the checks of its document`()
    {
        var history = ReadWriteHistory(documents: 1)
        history.acknowledged(0, 1, at: at(10))
        history.acknowledged(0, 3, at: at(30))
        history.read(0, 1, sentAt: at(20))
        #expect(history.staleReads == 0)
        history.read(0, 1, sentAt: at(40))
        #expect(history.maximumStaleness == .milliseconds(10))
        history.uncertain(0)
        history.read(0, 0, sentAt: at(100))
        #expect(history.staleReads == 1)
    }
}
