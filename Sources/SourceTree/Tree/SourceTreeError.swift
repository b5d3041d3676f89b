public import Diagnostics

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Why a source tree, or a place in it, could not be read or written.
public struct SourceTreeError: CortexError, Sendable {
    /// What went wrong, for callers that act on it.
    public enum Reason: Sendable, Hashable {
        /// The root does not exist.
        case rootMissing
        /// The root is no directory.
        case rootNotDirectory
        /// The root may not be read.
        case rootNotPermitted
        /// The root holds nothing.
        case rootEmpty
        /// The entry is no longer there; it went away after it was listed.
        case vanished
        /// The entry may not be read.
        case notPermitted
        /// The entry is something else than a regular file, such as a pipe that replaced it.
        case notRegular
        /// The file changed during each of the tries to read it.
        case hot
        /// The file has other bytes than when it was hashed.
        case changedSinceHashed
        /// The operating system refused for another reason; see `errno`.
        case unreadable
        /// The place to write to is not as expected: replaced, or not empty.
        case notAsExpected
        /// The path would leave its root: absolute, `..`, an empty part or NUL.
        case unsafePath
        /// The place cannot be written.
        case cannotWrite
        /// The disk is full.
        case diskFull
    }

    /// What went wrong.
    public let reason: Reason
    /// The path it is about, shown as `TreePath.text` does.
    public let path: String
    /// What happened, without the path.
    public let summary: String
    /// The operating system's error number, where it gave one.
    public let errno: Int32?
    /// The error that led to this one.
    public let cause: (any Error)?

    /// An error about a path.
    public init(
        _ reason: Reason,
        path: String,
        _ summary: String,
        errno: Int32? = nil,
        cause: (any Error)? = nil
    ) {
        self.reason = reason
        self.path = path
        self.summary = summary
        self.errno = errno
        self.cause = cause
    }

    /// The stable code that follows from the reason.
    public var code: ErrorCode {
        switch reason {
        case .rootMissing: .sourceMissing
        case .rootNotDirectory: .sourceNotDirectory
        case .rootNotPermitted: .sourceNotPermitted
        case .rootEmpty: .sourceEmpty
        case .vanished, .notPermitted, .notRegular, .unreadable: .sourceUnreadable
        case .hot, .changedSinceHashed: .sourceHot
        case .notAsExpected, .cannotWrite: .cannotWrite
        case .unsafePath: .cannotWrite
        case .diskFull: .diskFull
        }
    }

    /// What happened, where, and what the operating system said.
    public var message: String {
        let place = path.isEmpty ? "" : ": \(path)"
        return errno.map { "\(summary)\(place) (\(SystemError(errno: $0).text))" } ?? summary + place
    }

    /// What to do about it.
    public var hint: String? {
        switch reason {
        case .rootMissing, .rootNotDirectory:
            "Give --source the project root, which holds coordination/, or the coordination folder itself"
        case .rootNotPermitted, .notPermitted: "Give this user read and search permission, or run as another user"
        case .rootEmpty: "Check that --source names the tree that the system writes to"
        case .hot, .changedSinceHashed: "Try again when its writer pauses"
        case .notAsExpected: "Look at what is there now; nothing was overwritten"
        case .diskFull: "Free space and try again"
        case .vanished, .notRegular, .unreadable, .unsafePath, .cannotWrite: nil
        }
    }

    /// `path`, and `errno` where known.
    public var details: [String: String] {
        var details = ["path": path]
        details["errno"] = errno.map { String($0) }
        return details
    }
}

extension SourceTreeError {
    /// The error for a call that failed while reading.
    static func reading(_ path: [UInt8], _ errno: Int32) -> SourceTreeError {
        let text = TreePath.text(path)
        return switch errno {
        case ENOENT: SourceTreeError(.vanished, path: text, "The entry is gone", errno: errno)
        case EACCES, EPERM: SourceTreeError(.notPermitted, path: text, "The entry may not be read", errno: errno)
        case ELOOP, ENOTDIR:
            SourceTreeError(.notRegular, path: text, "The entry is a link, or below something that is no directory")
        case ENXIO: SourceTreeError(.notRegular, path: text, "The entry is a socket or device")
        default: SourceTreeError(.unreadable, path: text, "The entry cannot be read", errno: errno)
        }
    }

    /// The error for a call that failed while writing.
    static func writing(_ path: [UInt8], _ errno: Int32) -> SourceTreeError {
        let isFull = errno == ENOSPC || errno == EDQUOT
        return SourceTreeError(
            isFull ? .diskFull : .cannotWrite,
            path: TreePath.text(path),
            isFull ? "The disk is full" : "The place cannot be written",
            errno: errno
        )
    }
}
