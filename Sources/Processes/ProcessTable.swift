#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What the system says about processes that are not our children.
public enum ProcessTable: Sendable {
    /// The id of this process.
    public static var own: Int32 { getpid() }

    /// Whether the id is taken: by a process that runs, or by one that has ended and was not yet collected.
    public static func exists(_ pid: Int32) -> Bool {
        pid > 0 && (kill(pid, 0) == 0 || errno == EPERM)
    }

    /// Whether a process with this id runs; one that has ended and was not yet collected does not count.
    public static func isRunning(_ pid: Int32) -> Bool {
        guard exists(pid) else { return false }
        guard let state = state(of: pid) else { return true }
        return state != UInt8(ascii: "Z") && state != UInt8(ascii: "X")
    }

    /// The letter that Linux gives the state of a process, such as `T` for a stopped one; nil where it gives none.
    private static func state(of pid: Int32) -> UInt8? {
        // The name in parentheses may itself hold parentheses; the state follows the last one.
        guard let stat = SmallFile.bytesIfPresent(at: "/proc/\(pid)/stat"), let name = stat.lastIndex(of: 0x29),
            name + 2 < stat.count
        else { return nil }
        return stat[name + 2]
    }

    /// The words of the command line of a running process; empty when they cannot be had.
    public static func arguments(of pid: Int32) -> [String] {
        #if canImport(Darwin)
        return darwinArguments(of: pid)
        #else
        let line = SmallFile.bytesIfPresent(at: "/proc/\(pid)/cmdline") ?? []
        return line.split(separator: 0, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
        #endif
    }

    /// The directory that a process works in; nil where the system does not tell.
    public static func workingDirectory(of pid: Int32) -> String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 4_096) { buffer in
            guard let base = buffer.baseAddress else { return nil }
            let count = readlink("/proc/\(pid)/cwd", base, buffer.count)
            guard count > 0 else { return nil }
            return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    /// The ids of all processes, on Linux; empty elsewhere.
    public static func all() -> [Int32] {
        Directory.entries(of: "/proc").compactMap { Int32($0) }.sorted()
    }

    /// Processes that work in this directory, on Linux; empty elsewhere.
    public static func workingIn(_ directory: String) -> [Int32] {
        all().filter { workingDirectory(of: $0) == directory && isRunning($0) }
    }

    /// Processes with a word of their command line that contains the text, on Linux; empty elsewhere.
    public static func mentioning(_ text: String) -> [Int32] {
        let own = getpid()
        return all().filter { pid in
            pid != own && arguments(of: pid).contains { $0.contains(text) } && isRunning(pid)
        }
    }

    /// Sends a signal; a process that is gone already is no error, one of another user is ignored.
    public static func signal(_ pid: Int32, _ signal: Int32) {
        guard pid > 1 else { return }
        _ = kill(pid, signal)
    }

    /// Stops a process where it is, and waits until it stands.
    ///
    /// On a busy machine it may run on for a moment after the signal. `SIGCONT` lets it go on. Waits on Linux alone, at
    /// most 10 s.
    public static func suspend(_ pid: Int32) {
        signal(pid, SIGSTOP)
        let deadline = ContinuousClock.now + .seconds(10)
        while let state = state(of: pid), state != UInt8(ascii: "T"), ContinuousClock.now < deadline { usleep(100) }
    }

    /// Waits until the process is gone; false when it still runs at the deadline.
    public static func waitForExit(of pid: Int32, within deadline: Duration) async throws -> Bool {
        let end = ContinuousClock.now + deadline
        var pause = Duration.milliseconds(2)
        while isRunning(pid) {
            if ContinuousClock.now >= end { return false }
            try await Task.sleep(for: pause)
            pause = min(pause * 2, .milliseconds(50))
        }
        return true
    }

    #if canImport(Darwin)
    private static func darwinArguments(of pid: Int32) -> [String] {
        var name: [Int32] = [CTL_KERN, KERN_PROCARGS2, pid]
        var size = 0
        guard sysctl(&name, 3, nil, &size, nil, 0) == 0, size > 4 else { return [] }
        var bytes = [UInt8](repeating: 0, count: size)
        guard sysctl(&name, 3, &bytes, &size, nil, 0) == 0, size > 4 else { return [] }
        // The number of words, the program's path, padding, then the words.
        let count = bytes.withUnsafeBytes { Int($0.loadUnaligned(as: Int32.self)) }
        let parts = bytes[4..<size].split(separator: 0).dropFirst()
        return parts.prefix(count).map { String(decoding: $0, as: UTF8.self) }
    }
    #endif
}
