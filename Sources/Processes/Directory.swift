import Diagnostics

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Directories: making, listing, removing.
public enum Directory: Sendable {
    /// Makes the directory and the missing ones above it; one that is there already is left as it is.
    ///
    /// Only the last one gets `mode` and `owner`, and only when it was made by this call; the others get 0755. The
    /// process's umask plays no part. Returns whether the directory was made. Throws `file.cannot_write`.
    @discardableResult
    public static func make(
        _ path: String,
        mode: UInt32 = 0o755,
        owner: Account? = nil
    ) throws(ProcessesError) -> Bool {
        if isDirectory(path) { return false }
        let above = parent(of: path)
        if above != path, !isDirectory(above) { try make(above) }
        let call = SystemCall(operation: "create the directory", path: path)
        guard mkdir(path, mode_t(mode)) == 0 else {
            let number = errno
            // Somebody else may have been quicker.
            if number == EEXIST, isDirectory(path) { return false }
            throw call.failure(number)
        }
        try call.check(chmod(path, mode_t(mode)))
        if let owner { try call.check(chown(path, owner.userID, owner.groupID)) }
        return true
    }

    /// Whether the path leads to a directory.
    public static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Whether the path itself is a symbolic link.
    public static func isLink(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
    }

    /// Whether there is anything at the path, a broken link included.
    public static func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    /// The user id that owns what is at the path; nil when there is nothing.
    public static func owner(of path: String) -> UInt32? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_uid : nil
    }

    /// The permission bits of what is at the path; nil when there is nothing.
    public static func mode(of path: String) -> UInt32? {
        var status = stat()
        return lstat(path, &status) == 0 ? UInt32(status.st_mode & 0o7777) : nil
    }

    /// Gives a directory or file of ours to its owner with this mode.
    public static func own(_ path: String, mode: UInt32, owner: Account?) throws(ProcessesError) {
        let call = SystemCall(operation: "set the owner of", path: path)
        if let owner { try call.check(lchown(path, owner.userID, owner.groupID)) }
        try call.check(chmod(path, mode_t(mode)))
    }

    /// The names in a directory, sorted; empty when it cannot be read.
    public static func entries(of path: String) -> [String] {
        // A directory that is not there has no entries; callers look at it first where the difference matters.
        ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    }

    /// Removes a file or a directory with all that is in it; links are removed, not followed.
    ///
    /// What is not there needs no removing. Throws `file.cannot_write`.
    public static func remove(_ path: String) throws(ProcessesError) {
        guard exists(path) else { return }
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            // A server that is just ending removes files of its own at the same time.
            if !exists(path) { return }
            throw ProcessesError(.cannotWrite, "cannot remove \(path)", cause: error, details: ["path": path])
        }
    }

    /// Removes a directory only if it is empty; returns whether it is gone.
    @discardableResult
    public static func removeIfEmpty(_ path: String) -> Bool {
        rmdir(path) == 0 || !exists(path)
    }

    /// Moves a file or directory within its file system, replacing nothing but an empty directory, and syncs the place.
    public static func rename(_ path: String, to target: String) throws(ProcessesError) {
        #if canImport(Glibc)
        let result = Glibc.rename(path, target)
        #elseif canImport(Musl)
        let result = Musl.rename(path, target)
        #else
        let result = Darwin.rename(path, target)
        #endif
        try SystemCall(operation: "move \(path) to", path: target).check(result)
        try sync(parent(of: target))
    }

    /// Makes sure that the directory's entries are on the disk.
    public static func sync(_ path: String) throws(ProcessesError) {
        let call = SystemCall(operation: "sync the directory", path: path)
        let descriptor = try call.check(open(path, O_RDONLY | O_CLOEXEC))
        defer { close(descriptor) }
        // Some file systems cannot sync a directory and say EINVAL; there is nothing more to do on them.
        if fsync(descriptor) == -1, errno != EINVAL { throw call.failure(errno) }
    }

    /// The bytes that an ordinary user can still write on the file system of the path; nil when unknown.
    public static func freeBytes(at path: String) -> Int64? {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        return Int64(clamping: UInt64(status.f_bavail) &* UInt64(status.f_frsize))
    }

    /// The path without its last part; `/` for the root and `.` for a bare name.
    public static func parent(of path: String) -> String {
        var trimmed = Substring(path)
        while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed.removeLast() }
        guard let slash = trimmed.lastIndex(of: "/") else { return "." }
        return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
    }

    /// The path with links resolved; nil when it leads nowhere.
    public static func resolved(_ path: String) -> String? {
        guard let pointer = realpath(path, nil) else { return nil }
        defer { free(pointer) }
        return String(cString: pointer)
    }
}
