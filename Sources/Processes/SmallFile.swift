import Diagnostics

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Files of ours that fit into memory: read whole, replaced whole.
public enum SmallFile: Sendable {
    /// Replaces the file atomically: after a crash it holds the old or the new bytes, never a mixture.
    ///
    /// Written beside the place, with `mode` (0600 by default) and owner, synced, renamed, and the directory synced.
    /// Throws `file.cannot_write` or `disk.full`; nothing is left beside the file then.
    public static func write(
        _ bytes: [UInt8],
        to path: String,
        mode: UInt32 = 0o600,
        owner: Account? = nil
    ) throws(ProcessesError) {
        let temporary = path + ".new-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        let call = SystemCall(operation: "write", path: path)
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let descriptor = try call.check(open(temporary, flags, mode_t(mode)))
        do throws(ProcessesError) {
            defer { close(descriptor) }
            try writeAll(bytes, to: descriptor, call)
            try call.check(fchmod(descriptor, mode_t(mode)))
            if let owner { try call.check(fchown(descriptor, owner.userID, owner.groupID)) }
            try call.check(fsync(descriptor))
        } catch {
            unlink(temporary)
            throw error
        }
        guard rename(temporary, path) == 0 else {
            let number = errno
            unlink(temporary)
            throw call.failure(number)
        }
        try Directory.sync(Directory.parent(of: path))
    }

    /// Replaces the file atomically with text, see `write(_:to:mode:owner:)`.
    public static func write(
        text: String,
        to path: String,
        mode: UInt32 = 0o600,
        owner: Account? = nil
    ) throws(ProcessesError) {
        try write(Array(text.utf8), to: path, mode: mode, owner: owner)
    }

    /// The file's bytes, at most `limit` (16 MiB by default); nil when there is no such file.
    ///
    /// Throws `file.cannot_read`.
    public static func read(_ path: String, limit: Int = 16 << 20) throws(ProcessesError) -> [UInt8]? {
        let call = SystemCall(operation: "read", path: path)
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw call.failure(errno, fallback: .cannotRead)
        }
        defer { close(descriptor) }
        return try readAll(descriptor, limit: limit, call)
    }

    /// The file's text without white space at its end; nil when there is no such file.
    public static func readText(_ path: String) throws(ProcessesError) -> String? {
        guard let bytes = try read(path) else { return nil }
        let end = bytes.lastIndex { $0 > 0x20 }.map { $0 + 1 } ?? 0
        return String(decoding: bytes[..<end], as: UTF8.self)
    }

    /// The last lines of a log, at most `limit` bytes (4,000 by default); empty when it cannot be read.
    public static func tail(of path: String, from offset: Int = 0, limit: Int = 4_000) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        let size = Int(lseek(descriptor, 0, SEEK_END))
        let start = max(offset, size - limit)
        guard size > start, lseek(descriptor, off_t(start), SEEK_SET) >= 0 else { return "" }
        let call = SystemCall(operation: "read", path: path)
        // The tail only decorates an error that is being made: failing to read it must not hide that one.
        guard let bytes = try? readAll(descriptor, limit: limit, call) else { return "" }
        let text = String(decoding: bytes, as: UTF8.self)
        guard start > offset, let line = text.firstIndex(of: "\n") else { return text }
        return String(text[text.index(after: line)...])
    }

    /// The size of a file; 0 when there is none.
    public static func size(of path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }

    /// The bytes of a file that may vanish at any time, as those below `/proc` do.
    static func bytesIfPresent(at path: String) -> [UInt8]? {
        // Gone, or not ours to read: both mean that nothing is known.
        (try? read(path)) ?? nil
    }

    static func writeAll(_ bytes: [UInt8], to descriptor: Int32, _ call: SystemCall) throws(ProcessesError) {
        var start = 0
        while start < bytes.count {
            #if canImport(Glibc)
            let count = bytes[start...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            #elseif canImport(Musl)
            let count = bytes[start...].withUnsafeBytes { Musl.write(descriptor, $0.baseAddress, $0.count) }
            #else
            let count = bytes[start...].withUnsafeBytes { Darwin.write(descriptor, $0.baseAddress, $0.count) }
            #endif
            if count < 0, errno == EINTR { continue }
            start += try call.check(count)
        }
    }

    private static func readAll(
        _ descriptor: Int32,
        limit: Int,
        _ call: SystemCall
    ) throws(ProcessesError) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while bytes.count < limit {
            let wanted = min(buffer.count, limit - bytes.count)
            #if canImport(Glibc)
            let count = Glibc.read(descriptor, &buffer, wanted)
            #elseif canImport(Musl)
            let count = Musl.read(descriptor, &buffer, wanted)
            #else
            let count = Darwin.read(descriptor, &buffer, wanted)
            #endif
            if count < 0, errno == EINTR { continue }
            if try call.check(count, fallback: .cannotRead) == 0 { break }
            bytes.append(contentsOf: buffer[..<count])
        }
        return bytes
    }
}
