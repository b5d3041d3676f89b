import Synchronization

/// A series that rises and falls: one atomic, no allocation per change.
public final class MetricGauge: Sendable {
    private let bits = Atomic<UInt64>(0)

    init() {}

    /// Sets the value.
    public func set(_ value: Double) {
        bits.store(value.bitPattern, ordering: .relaxed)
    }

    /// Adds to the value; a negative amount takes away.
    public func add(_ amount: Double) {
        var known = bits.load(ordering: .relaxed)
        while true {
            let next = (Double(bitPattern: known) + amount).bitPattern
            let (done, found) = bits.weakCompareExchange(expected: known, desired: next, ordering: .relaxed)
            if done { return }
            known = found
        }
    }

    /// The value; 0 before it was ever set.
    public var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }
}
