/// The clock that the machines' times are of: milliseconds since an instant in the past, never set.
struct SyncClock: Sendable {
    private static let start = ContinuousClock.now

    /// Now, from 1 s on: a machine's "long ago" is 0 or less.
    var now: Int { (ContinuousClock.now - Self.start).milliseconds + 1_000 }
}
