import Synchronization

/// A series that only rises: one atomic, no allocation per increment.
///
/// Counts whole things, or whole nanoseconds where the unit is seconds.
public final class MetricCounter: Sendable {
    private let total = Atomic<UInt64>(0)

    init() {}

    /// Adds one, or as many as given; wraps at 2^64.
    public func increment(by amount: Int = 1) {
        precondition(amount >= 0, "a counter only rises")
        total.wrappingAdd(UInt64(amount), ordering: .relaxed)
    }

    /// What was counted so far.
    public var value: UInt64 { total.load(ordering: .relaxed) }

    /// Takes over a total that somebody else counts; lower ones are ignored.
    public func raise(to value: UInt64) {
        total.max(value, ordering: .relaxed)
    }
}
