import Domain

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Points in time as RFC 3339 has them, in UTC.
enum Instants {
    /// The text of microseconds since 1970-01-01T00:00:00Z.
    static func text(microseconds: Int64) -> String {
        InstantSpelling().text(microseconds: microseconds) ?? "1970-01-01T00:00:00Z"
    }

    /// The text of a date.
    static func text(_ date: Date) -> String {
        text(microseconds: Int64((date.timeIntervalSince1970 * 1_000_000).rounded()))
    }

    /// The time now.
    static var now: Int64 { Int64(Date().timeIntervalSince1970 * 1_000_000) }
}
