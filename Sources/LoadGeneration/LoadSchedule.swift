import Synchronization

/// When requests are due: at once in a closed loop, one after the other at a rate in an open one.
final class LoadSchedule: Sendable {
    private let start: ContinuousClock.Instant
    private let end: ContinuousClock.Instant
    private let interval: Duration?
    private let taken = Atomic<Int>(0)

    init(_ plan: LoadPlan, start: ContinuousClock.Instant) {
        self.start = start
        end = start + plan.duration
        interval = plan.rate.map { .nanoseconds(Int64(1_000_000_000 / $0)) }
    }

    /// When the next request is due, for a client that is free now; nil when the time is over.
    func next(_ now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        guard now < end else { return nil }
        guard let interval else { return now }
        let due = start + interval * taken.add(1, ordering: .relaxed).oldValue
        return due < end ? due : nil
    }
}
