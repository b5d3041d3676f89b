#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What a call of the operating system ended with when it failed.
struct SystemError: Error {
    let errno: Int32

    /// What the system calls it.
    var text: String { strerror(errno).map { String(cString: $0) } ?? "error \(errno)" }
}

/// An open file or directory that is closed with its last reference.
final class Descriptor {
    let number: Int32

    init(owning number: Int32) {
        self.number = number
    }

    deinit {
        // Nothing was written through it that has not been synced, so there is no error to report.
        close(number)
    }

    /// Opens a path the way the caller spelled it, links followed.
    convenience init(path: String, flags: Int32) throws(SystemError) {
        self.init(owning: try Self.retry { systemOpen(path, flags | O_CLOEXEC) })
    }

    /// Opens a directory by a path of the caller's own, links followed.
    static func directory(at path: String) throws(SystemError) -> Descriptor {
        try Descriptor(path: path, flags: O_RDONLY | O_DIRECTORY)
    }

    /// Opens a name in this directory, never following a link.
    func open(_ name: some Collection<UInt8>, flags: Int32, mode: UInt32 = 0) throws(SystemError) -> Descriptor {
        let number = try withName(name) { name in
            openat(self.number, name, flags | O_NOFOLLOW | O_CLOEXEC, mode_t(mode))
        }
        return Descriptor(owning: number)
    }

    /// Opens a subdirectory by its name.
    func directory(_ name: some Collection<UInt8>) throws(SystemError) -> Descriptor {
        try open(name, flags: O_RDONLY | O_DIRECTORY)
    }

    /// Opens the directory at a relative path, part by part, so that no part may be a link.
    func directory(below path: [UInt8]) throws(SystemError) -> Descriptor {
        var current = self
        for name in path.split(separator: UInt8(ascii: "/")) { current = try current.directory(name) }
        return current
    }

    /// The facts of what is open.
    func status() throws(SystemError) -> FileStatus {
        var status = stat()
        _ = try Self.retry { fstat(number, &status) }
        return FileStatus(status)
    }

    /// The facts of a name in this directory; of the link itself where it is one.
    func status(of name: some Collection<UInt8>) throws(SystemError) -> FileStatus {
        var status = stat()
        _ = try withName(name) { fstatat(number, $0, &status, AT_SYMLINK_NOFOLLOW) }
        return FileStatus(status)
    }

    /// Calls with the name as a C string, again when a signal interrupted it; throws when the result is negative.
    @discardableResult
    func withName(
        _ name: some Collection<UInt8>,
        _ call: (UnsafePointer<CChar>) -> Int32
    ) throws(SystemError) -> Int32 {
        let text = name.map { CChar(bitPattern: $0) } + [0]
        return try Self.retry { text.withUnsafeBufferPointer { $0.baseAddress.map(call) ?? -1 } }
    }

    /// Reads into the buffer; 0 at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        try Self.retryCount { systemRead(number, buffer.baseAddress, buffer.count) }
    }

    /// Writes all of the buffer.
    func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        var rest = bytes
        while !rest.isEmpty {
            let count = try Self.retryCount { systemWrite(number, rest.baseAddress, rest.count) }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// Writes all of the bytes.
    func write(_ bytes: [UInt8]) throws(SystemError) {
        try bytes.withUnsafeBufferPointer { bytes throws(SystemError) in try write(UnsafeRawBufferPointer(bytes)) }
    }

    /// Waits for the end of a write that another process is in, where the file system can.
    ///
    /// Linux's common file systems take the lock that writers hold while they look for a hole.
    func waitForWrite() {
        #if os(Linux)
        let seekHole: Int32 = 4  // SEEK_HOLE of linux/fs.h, which the C library shows to GNU sources only.
        _ = lseek(number, 0, seekHole)
        _ = lseek(number, 0, SEEK_SET)
        #endif
    }

    /// Waits until the content is on the disk.
    func synchronize() throws(SystemError) {
        _ = try Self.retry { fsync(number) }
    }

    static func retry(_ call: () -> Int32) throws(SystemError) -> Int32 {
        while true {
            let result = call()
            if result >= 0 { return result }
            let number = errno
            if number != EINTR { throw SystemError(errno: number) }
        }
    }

    private static func retryCount(_ call: () -> Int) throws(SystemError) -> Int {
        while true {
            let result = call()
            if result >= 0 { return result }
            let number = errno
            if number != EINTR { throw SystemError(errno: number) }
        }
    }
}

// Named apart from the methods above, which would hide them.
private func systemOpen(_ path: String, _ flags: Int32) -> Int32 {
    open(path, flags)
}

private func systemRead(_ number: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    guard let buffer else { return 0 }
    return read(number, buffer, count)
}

private func systemWrite(_ number: Int32, _ buffer: UnsafeRawPointer?, _ count: Int) -> Int {
    guard let buffer else { return 0 }
    return write(number, buffer, count)
}
