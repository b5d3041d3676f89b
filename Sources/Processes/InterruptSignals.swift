import Diagnostics
import Dispatch
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// SIGINT and SIGTERM as cancellation: the first one asks the work to stop, a second one ends the process at once.
public enum InterruptSignals: Sendable {
    /// Runs the work and cancels it on the first SIGINT or SIGTERM.
    ///
    /// `onInterrupt` is told the signal's number at once, from another task than the work. Work that ends by
    /// `CancellationError` after a signal makes this throw `interrupted` (exit status 75) with the signal in its
    /// details; work that finishes or fails otherwise keeps its own outcome. A second signal ends the process with
    /// status 128 + n without waiting for anything. Afterwards the signals have their former meaning again. Calls do
    /// not nest: only one may be active in a process.
    public static func cancelling<R: Sendable>(
        onInterrupt: @escaping @Sendable (Int32) -> Void = { _ in },
        _ work: @escaping @Sendable () async throws -> R
    ) async throws -> R {
        let listener = try SignalListener.install()
        defer { listener.remove() }
        return try await withThrowingTaskGroup(of: Step<R>.self) { group in
            group.addTask { .finished(try await work()) }
            group.addTask {
                for await signal in listener.signals {
                    onInterrupt(signal)
                    return .interrupted(signal)
                }
                return .unused
            }
            return try await outcome(&group)
        }
    }

    private enum Step<R: Sendable>: Sendable {
        case finished(R)
        case interrupted(Int32)
        case unused
    }

    private static func outcome<R: Sendable>(
        _ group: inout ThrowingTaskGroup<Step<R>, any Error>
    ) async throws -> R {
        var received: Int32?
        defer { group.cancelAll() }
        do {
            while let step = try await group.next() {
                switch step {
                case .finished(let result): return result
                case .interrupted(let signal):
                    received = signal
                    group.cancelAll()
                case .unused: continue
                }
            }
        } catch let error as CancellationError {
            guard let received else { throw error }
            throw ProcessesError(
                .interrupted,
                "interrupted by \(received == SIGINT ? "SIGINT" : "SIGTERM")",
                cause: error,
                details: ["signal": String(received)]
            )
        }
        preconditionFailure("the work ended without an outcome")
    }
}

/// The process-wide signal handlers and the pipe through which they report.
private struct SignalListener: Sendable {
    let signals: AsyncStream<Int32>

    static func install() throws(ProcessesError) -> SignalListener {
        var ends: [Int32] = [-1, -1]
        guard SignalState.pipeEnd.load(ordering: .acquiring) < 0, pipe(&ends) == 0 else {
            throw ProcessesError(.internal, "signals are already being listened for")
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        SignalState.received.store(0, ordering: .relaxed)
        SignalState.pipeEnd.store(ends[1], ordering: .releasing)
        let (stream, continuation) = AsyncStream<Int32>.makeStream()
        let readEnd = ends[0]
        // One thread of the system's pool waits here until the other end is closed.
        DispatchQueue.global().async {
            var byte: UInt8 = 0
            while true {
                let count = read(readEnd, &byte, 1)
                if count == 1 { continuation.yield(Int32(byte)) }
                if count == 0 || (count < 0 && errno != EINTR) { break }
            }
            close(readEnd)
            continuation.finish()
        }
        for number in [SIGINT, SIGTERM] { signal(number, SignalState.handler) }
        return SignalListener(signals: stream)
    }

    func remove() {
        for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
        close(SignalState.pipeEnd.exchange(-1, ordering: .acquiringAndReleasing))
    }
}

/// What the signal handler may touch: lock-free atomics and async-signal-safe calls only.
private enum SignalState {
    static let received = Atomic<Int32>(0)
    static let pipeEnd = Atomic<Int32>(-1)

    static let handler: @convention(c) (Int32) -> Void = { number in
        let former = errno
        if SignalState.received.add(1, ordering: .relaxed).newValue > 1 { _exit(128 + number) }
        var byte = UInt8(truncatingIfNeeded: number)
        _ = write(SignalState.pipeEnd.load(ordering: .acquiring), &byte, 1)
        errno = former
    }
}
