import Diagnostics

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A pipe that ends a poll(2): one side is watched, a byte into the other wakes the watcher.
struct WakeUpPipe: Sendable {
    /// The side to watch for reading.
    let readEnd: Int32
    private let writeEnd: Int32

    /// Both sides are non-blocking and are not passed on to child processes.
    init() throws(PostgresError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw PostgresError(
                .internal,
                "no pipe for the PostgreSQL I/O thread (errno \(errno))",
                hint: "raise the limit of open files"
            )
        }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, fcntl(end, F_GETFL) | O_NONBLOCK)
        }
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    /// Wakes the watcher; a full pipe will wake it anyway.
    func wake() {
        var byte: UInt8 = 1
        _ = write(writeEnd, &byte, 1)
    }

    /// Takes out what woke us.
    func drain() {
        var buffer = [UInt8](repeating: 0, count: 64)
        while read(readEnd, &buffer, buffer.count) == buffer.count {}
    }

    /// Gives both sides back.
    func close() {
        closeDescriptor(readEnd)
        closeDescriptor(writeEnd)
    }

    private func closeDescriptor(_ descriptor: Int32) {
        #if canImport(Glibc)
        _ = Glibc.close(descriptor)
        #elseif canImport(Musl)
        _ = Musl.close(descriptor)
        #elseif canImport(Darwin)
        _ = Darwin.close(descriptor)
        #endif
    }
}
