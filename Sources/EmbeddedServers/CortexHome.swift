import Diagnostics
import Processes

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The directory that holds everything Cortex keeps on this machine (`CORTEX_HOME`), and its layout.
public struct CortexHome: Sendable, Hashable {
    /// The absolute path, without `.`, `..` and double slashes; links are not resolved.
    public let path: String

    /// Takes an absolute path, or one relative to the working directory.
    ///
    /// Throws `setting.invalid` for an empty path, one with a line break or NUL, one above 900 bytes, and for the root.
    public init(_ path: String) throws(EmbeddedServersError) {
        guard !path.isEmpty, !path.utf8.contains(where: { $0 == 0 || $0 == 0x0a || $0 == 0x0d }) else {
            throw Self.invalid(path, "is empty or holds a line break")
        }
        var absolute = path
        if !path.hasPrefix("/") {
            guard let directory = Self.workingDirectory else {
                throw Self.invalid(path, "is relative, and the working directory is gone")
            }
            absolute = "\(directory)/\(path)"
        }
        self.path = Self.normalised(absolute)
        guard self.path != "/" else { throw Self.invalid(path, "is the root directory") }
        // libpq and PostgreSQL hold paths of up to 1,023 bytes; our longest name below needs the rest.
        guard self.path.utf8.count <= 900 else { throw Self.invalid(path, "is longer than 900 bytes") }
    }

    // MARK: Layout

    /// The PostgreSQL server's directory; it is elsewhere when the server's user cannot reach it.
    public var postgres: String { "\(path)/postgres" }
    /// The Redis server's directory; elsewhere like PostgreSQL's.
    public var redis: String { "\(path)/redis" }
    /// Sockets, ports, pid and lock files.
    public var run: String { "\(path)/run" }
    /// One directory per migration run.
    public var runs: String { "\(path)/runs" }
    /// Backups.
    public var backups: String { "\(path)/backups" }
    /// Generated passwords and passfiles, 0700.
    public var secrets: String { "\(path)/secrets" }
    /// Logs of the servers and the service.
    public var logs: String { "\(path)/logs" }

    /// The socket on which a running service takes orders.
    public var controlSocket: String { "\(run)/control.sock" }

    /// The lock that `up` and `down` hold.
    var stackLock: String { "\(run)/stack.lock" }

    /// Says that the directory is a home, so that `down(purge:)` never takes another program's directory for ours.
    var marker: String { "\(path)/.cortex-home" }

    /// A name for this home that is short and always the same: 16 hexadecimal digits.
    var shortName: String {
        // FNV-1a, 64 bits.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in path.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    // MARK: Making it

    /// Makes the directories that are missing: `secrets` and `backups` 0700, the others 0755.
    ///
    /// Throws `setting.invalid` when the place is a file, or holds `postgres` or `redis` that are not of Cortex;
    /// `file.cannot_write` or `disk.full` when it cannot be written.
    public func prepare() throws {
        if Directory.exists(path), !Directory.isDirectory(path) {
            throw Self.invalid(path, "is a file")
        }
        if !Directory.exists(marker) {
            if let foreign = [postgres, redis].first(where: Directory.exists) {
                throw Self.invalid(path, "is no home of Cortex but holds \(foreign)")
            }
            try Directory.make(path)
            try SmallFile.write(text: "A home of Cortex. cortex down --purge removes it.\n", to: marker, mode: 0o644)
        }
        for directory in [run, runs, logs] { try Directory.make(directory) }
        for directory in [secrets, backups] { try Directory.make(directory, mode: 0o700) }
        if Directory.mode(of: secrets) != 0o700 { try Directory.own(secrets, mode: 0o700, owner: nil) }
    }

    private static func invalid(_ path: String, _ reason: String) -> EmbeddedServersError {
        EmbeddedServersError(
            .settingInvalid,
            "the home \(path) cannot be used: it \(reason)",
            hint: "Set CORTEX_HOME to a directory of its own.",
            details: ["path": path]
        )
    }

    private static var workingDirectory: String? {
        guard let pointer = getcwd(nil, 0) else { return nil }
        defer { free(pointer) }
        return String(cString: pointer)
    }

    private static func normalised(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }
}
