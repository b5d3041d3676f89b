#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The standard input of a child, complete before it starts.
///
/// Writing to a child while it runs would raise SIGPIPE, which ends a process that does not ignore it, whenever the
/// child ends without reading everything.
enum ChildInput {
    /// A descriptor from which exactly these bytes can be read; the caller closes it.
    static func descriptor(holding bytes: [UInt8]) throws(ProcessesError) -> Int32 {
        guard !bytes.isEmpty else {
            return try SystemCall(operation: "open", path: "/dev/null").check(open("/dev/null", O_RDONLY | O_CLOEXEC))
        }
        if let pipe = try filledPipe(bytes) { return pipe }
        return try hiddenFile(bytes)
    }

    /// A pipe with the bytes in it; nil when they are more than it takes.
    private static func filledPipe(_ bytes: [UInt8]) throws(ProcessesError) -> Int32? {
        var ends: [Int32] = [-1, -1]
        try SystemCall(operation: "make", path: "a pipe").check(pipe(&ends))
        defer { close(ends[1]) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
        guard write(ends[1], bytes, bytes.count) == bytes.count else {
            close(ends[0])
            return nil
        }
        return ends[0]
    }

    /// A file without a name that holds the bytes.
    private static func hiddenFile(_ bytes: [UInt8]) throws(ProcessesError) -> Int32 {
        var template = Array("/tmp/cortex-input-XXXXXX".utf8CString)
        let call = SystemCall(operation: "create a temporary file in", path: "/tmp")
        let descriptor = try call.check(mkstemp(&template))
        unlink(template)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        do throws(ProcessesError) {
            try SmallFile.writeAll(bytes, to: descriptor, call)
            try call.check(lseek(descriptor, 0, SEEK_SET))
        } catch {
            close(descriptor)
            throw error
        }
        return descriptor
    }
}
