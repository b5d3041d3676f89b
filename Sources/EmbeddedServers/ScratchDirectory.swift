import Diagnostics
import Processes
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A directory of throwaway servers that surely goes when its owner does.
///
/// A watchdog process reads a pipe that only this process can write to. However this process ends, the system closes
/// the pipe; the watchdog then stops the servers that work in the directory and removes it.
final class ScratchDirectory: Sendable {
    /// The directory; 0700, owned by the account.
    let path: String
    private let watchdog: Int32
    private let pipeEnd: Mutex<Int32?>

    private init(path: String, watchdog: Int32, pipeEnd: Int32) {
        self.path = path
        self.watchdog = watchdog
        self.pipeEnd = Mutex(pipeEnd)
    }

    /// Makes the directory and starts its watchdog.
    static func make(account: Account, in parent: String = "/tmp") async throws -> ScratchDirectory {
        let path = try TemporaryDirectory.make(prefix: "cortex-scratch", in: parent)
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            let number = errno
            try Directory.remove(path)
            throw EmbeddedServersError(.internal, "no pipe for a watchdog: \(String(cString: strerror(number)))")
        }
        // Children that are started by other means must not hold the pipe open.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[0]) }
        do {
            let command = ChildCommand("/bin/sh", ["-c", script, "cortex-watchdog", path])
            let pid = try await Daemon.launch(command, log: "/dev/null", standardInput: ends[0])
            let made = ScratchDirectory(path: path, watchdog: pid, pipeEnd: ends[1])
            try Directory.own(path, mode: 0o700, owner: account)
            return made
        } catch {
            close(ends[1])
            // The error that led here is the one to tell; a watchdog that runs removes the directory itself.
            try? Directory.remove(path)
            throw error
        }
    }

    /// Has the watchdog stop the servers and remove the directory, and waits for it.
    func dispose() async throws {
        let descriptor = pipeEnd.withLock { end in
            defer { end = nil }
            return end
        }
        if let descriptor { close(descriptor) }
        guard try await ProcessTable.waitForExit(of: watchdog, within: .seconds(30)), !Directory.exists(path) else {
            throw EmbeddedServersError(
                .serverStopFailed,
                "the scratch servers in \(path) could not be removed",
                details: ["path": path]
            )
        }
    }

    /// The watchdog.
    ///
    /// It ends the PostgreSQL server so that its shared memory goes too, then whatever else names the
    /// directory in its command line.
    private static let script = """
        dir=$1
        trap '' INT TERM HUP
        while read -r line; do :; done
        is_ours() {
            case "$({ tr '\\0' ' ' <"/proc/$1/cmdline" || ps -o args= -p "$1"; } 2>/dev/null)" in
            *"$dir"*) return 0 ;;
            esac
            return 1
        }
        for file in "$dir"/*/postmaster.pid; do
            pid=$(sed -n 1p "$file" 2>/dev/null)
            if [ -n "$pid" ] && is_ours "$pid"; then
                kill -QUIT "$pid"
                tries=0
                while is_ours "$pid" && [ $tries -lt 200 ]; do
                    sleep 0.05
                    tries=$((tries + 1))
                done
            fi
        done
        tries=0
        while [ -e "$dir" ] && [ $tries -lt 200 ]; do
            for process in /proc/[0-9]*; do
                pid=${process#/proc/}
                [ "$pid" = $$ ] || ! is_ours "$pid" || kill -KILL "$pid"
            done
            rm -rf "$dir" && [ ! -e "$dir" ] && break
            sleep 0.05
            tries=$((tries + 1))
        done
        """
}
