import Synchronization

/// Durations in fixed buckets: two atomic additions per observation, no allocation.
///
/// `@unchecked Sendable`: the cells are atomics, and the pointer to them does not change between `init` and `deinit`.
public final class MetricHistogram: @unchecked Sendable {
    private let bounds: [UInt64]
    /// A cell for each bound, one for what is above all of them, and the sum in nanoseconds.
    private let cells: UnsafeMutablePointer<Atomic<UInt64>>
    private let count: Int

    init(bounds: [UInt64]) {
        self.bounds = bounds
        count = bounds.count + 2
        cells = .allocate(capacity: count)
        for index in 0..<count { (cells + index).initialize(to: Atomic(0)) }
    }

    deinit {
        cells.deinitialize(count: count)
        cells.deallocate()
    }

    /// Counts one duration; a negative one counts as zero.
    public func observe(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        guard seconds >= 0, attoseconds >= 0 else { return observe(nanoseconds: 0) }
        let whole = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        observe(nanoseconds: whole.overflow ? .max >> 1 : whole.partialValue &+ UInt64(attoseconds) / 1_000_000_000)
    }

    /// Counts one duration in nanoseconds.
    public func observe(nanoseconds: UInt64) {
        var index = 0
        while index < bounds.count, nanoseconds > bounds[index] { index += 1 }
        cells[index].wrappingAdd(1, ordering: .relaxed)
        cells[count - 1].wrappingAdd(nanoseconds, ordering: .relaxed)
    }

    /// What was counted so far.
    ///
    /// The count is the sum of the buckets, so that it always fits them; the sum may be an observation ahead of it.
    var snapshot: (buckets: [UInt64], sumNanoseconds: UInt64) {
        (
            (0..<count - 1).map { cells[$0].load(ordering: .relaxed) },
            cells[count - 1].load(ordering: .relaxed)
        )
    }
}
