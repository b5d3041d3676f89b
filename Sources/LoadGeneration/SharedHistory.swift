import Synchronization

/// The history of a load test, which all its clients write.
final class SharedHistory: Sendable {
    private let history: Mutex<ReadWriteHistory>

    init(documents: Int) {
        history = Mutex(ReadWriteHistory(documents: documents))
    }

    var value: ReadWriteHistory { history.withLock { $0 } }

    func acknowledged(_ document: Int, _ number: Int, at now: ContinuousClock.Instant) {
        history.withLock { $0.acknowledged(document, number, at: now) }
    }

    func uncertain(_ document: Int) {
        history.withLock { $0.uncertain(document) }
    }

    func read(_ document: Int, _ number: Int, sentAt: ContinuousClock.Instant) {
        history.withLock { $0.read(document, number, sentAt: sentAt) }
    }
}
