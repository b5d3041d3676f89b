#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The clock that the machines' times are of: milliseconds since an instant in the past, never set.
///
/// It goes on while the machine sleeps, as `ContinuousClock` does. That one's durations have 128 bits, and to divide them for each
/// of the times that a cached read asks for is felt.
struct SyncClock: Sendable {
    private static let start = milliseconds

    /// Now, from 1 s on: a machine's "long ago" is 0 or less.
    var now: Int { Self.milliseconds - Self.start + 1_000 }

    private static var milliseconds: Int {
        #if canImport(Darwin)
        let clock = CLOCK_MONOTONIC
        #else
        let clock = CLOCK_BOOTTIME
        #endif
        var now = timespec()
        clock_gettime(clock, &now)
        return Int(now.tv_sec) * 1_000 + Int(now.tv_nsec) / 1_000_000
    }
}
