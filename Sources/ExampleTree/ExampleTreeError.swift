public import Diagnostics

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Why an example tree could not be written.
public struct ExampleTreeError: CortexError, Sendable {
    /// The place.
    public let path: String
    /// What happened.
    public let summary: String
    /// The operating system's error number, where it gave one.
    public let errno: Int32?

    init(path: String, _ summary: String, errno: Int32? = nil) {
        self.path = path
        self.summary = summary
        self.errno = errno
    }

    /// `disk.full` when that was the reason, else `file.cannot_write`.
    public var code: ErrorCode { errno == ENOSPC ? .diskFull : .cannotWrite }

    /// What happened and where.
    public var message: String {
        let reason = errno.flatMap { strerror($0) }.map { " (\(String(cString: $0)))" } ?? ""
        return "\(summary): \(path)\(reason)"
    }

    /// Where to write instead.
    public var hint: String? { "Name a directory that does not exist yet" }

    /// `path`, and `errno` where known.
    public var details: [String: String] {
        var details = ["path": path]
        details["errno"] = errno.map { String($0) }
        return details
    }
}
