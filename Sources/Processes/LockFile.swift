import Diagnostics

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A lock between processes: `flock` on a file that says who holds it.
///
/// The system frees the lock when its holder ends, however it ends, so there are no stale locks.
public enum LockFile: Sendable {
    /// Runs the body while holding the lock.
    ///
    /// `holder` is the command to name to those who wait, as in "cortex up". Waits up to `patience` (not at all by
    /// default), then throws `run.locked` with the holder's process id and command. The directory above is made when
    /// missing; the file stays behind, empty. Children do not inherit the lock.
    public static func withLock<R>(
        at path: String,
        holder: String,
        patience: Duration = .zero,
        _ body: () async throws -> R
    ) async throws -> R {
        let descriptor = try await acquire(path, holder: holder, patience: patience)
        defer {
            ftruncate(descriptor, 0)
            // Closing alone would not do: a child between its birth and its program's start still has the descriptor.
            flock(descriptor, LOCK_UN)
            close(descriptor)
        }
        return try await body()
    }

    /// Who holds the lock, as process id and command; nil when nobody does or it cannot be told.
    public static func holder(of path: String) -> (pid: Int32, command: String)? {
        // Without a readable file there is no holder to name.
        guard let text = (try? SmallFile.readText(path)) ?? nil else { return nil }
        let lines = text.split(separator: "\n", maxSplits: 1)
        guard let first = lines.first, let pid = Int32(first) else { return nil }
        return (pid, lines.count > 1 ? String(lines[1]) : "?")
    }

    /// Whether somebody holds the lock now; what cannot be opened is held by nobody.
    public static func isHeld(at path: String) -> Bool {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_SH | LOCK_NB) == 0 else { return errno == EWOULDBLOCK }
        flock(descriptor, LOCK_UN)
        return false
    }

    private static func acquire(_ path: String, holder: String, patience: Duration) async throws -> Int32 {
        let end = ContinuousClock.now + patience
        while true {
            if let descriptor = try attempt(path, holder: holder) { return descriptor }
            guard ContinuousClock.now < end else { throw locked(path) }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// One attempt; nil when somebody else holds the lock or has just replaced the file.
    private static func attempt(_ path: String, holder: String) throws(ProcessesError) -> Int32? {
        try Directory.make(Directory.parent(of: path))
        let call = SystemCall(operation: "open the lock file", path: path)
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else {
            // The directory was removed between the two calls.
            if errno == ENOENT { return nil }
            throw call.failure(errno)
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, isSameFile(descriptor, path) else {
            close(descriptor)
            return nil
        }
        let text = Array("\(getpid())\n\(holder)\n".utf8)
        // The text only helps those who wait; the lock holds without it.
        ftruncate(descriptor, 0)
        pwrite(descriptor, text, text.count, 0)
        return descriptor
    }

    private static func isSameFile(_ descriptor: Int32, _ path: String) -> Bool {
        var opened = stat()
        var named = stat()
        return fstat(descriptor, &opened) == 0 && stat(path, &named) == 0 && opened.st_ino == named.st_ino
            && opened.st_dev == named.st_dev
    }

    private static func locked(_ path: String) -> ProcessesError {
        let known = holder(of: path)
        let name = known.map { "process \($0.pid) (\($0.command))" } ?? "another process"
        var details = ["path": path]
        if let known {
            details["pid"] = String(known.pid)
            details["command"] = known.command
        }
        return ProcessesError(
            .runLocked,
            "\(path) is held by \(name)",
            hint: "Wait until it has ended, or end it, then try again.",
            details: details
        )
    }
}
