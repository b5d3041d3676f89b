#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What reading a file needs besides the file: a clock, a pause, and somebody who watches (tests do).
struct StableFileSurroundings: Sendable {
    /// A moment of reading at which a test may do something to the file.
    enum Moment: Sendable, Equatable {
        case opened(attempt: Int)
        case chunk(attempt: Int, total: Int)
        case read(attempt: Int)
    }

    /// The clock that file times are taken from, in nanoseconds since 1970.
    var fileClock: @Sendable () -> Int64
    /// Blocks the thread.
    var pause: @Sendable (Duration) -> Void
    /// Is told of each moment.
    var observe: @Sendable (Moment) -> Void

    static let live = StableFileSurroundings(fileClock: coarseTime, pause: block, observe: { _ in })

    /// Linux stamps files with its coarse clock, which moves once a tick; other systems with the fine one.
    private static func coarseTime() -> Int64 {
        var now = FileStatus.Time()
        #if os(Linux)
        clock_gettime(CLOCK_REALTIME_COARSE, &now)
        #else
        clock_gettime(CLOCK_REALTIME, &now)
        #endif
        return FileStatus.nanoseconds(now)
    }

    private static func block(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        var time = FileStatus.timespec(nanoseconds: seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
        // Cut short by a signal, the pause has still done its work.
        nanosleep(&time, nil)
    }
}
