#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// How much work the tests put into what has no natural end: schedules, kills, positions of a fault.
public enum TestEffort: Sendable {
    /// A slice for every run of the tests, and the long run of `make test-faults`.
    case slice, long

    /// Long where `CORTEX_TEST_EFFORT` says so.
    public static let current: TestEffort =
        ProcessInfo.processInfo.environment["CORTEX_TEST_EFFORT"] == "long" ? .long : .slice

    /// The number that fits.
    public static func count(slice: Int, long: Int) -> Int {
        current == .long ? long : slice
    }

    /// Whether nothing else runs on the machine: tests that say how a service behaves under load need it for themselves.
    ///
    /// `make test-faults` runs them so, by `CORTEX_TEST_ALONE`.
    public static let isAlone = ProcessInfo.processInfo.environment["CORTEX_TEST_ALONE"] != nil
}
