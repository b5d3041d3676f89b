import Diagnostics

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Turns the `errno` of a failed call into an error that names the place.
struct SystemCall: Sendable {
    /// What was tried, as in "create the directory".
    let operation: String
    /// The file that it was tried on.
    let path: String

    /// The error for the given `errno`, with the code that fits it.
    func failure(_ number: Int32, fallback: ErrorCode = .cannotWrite) -> ProcessesError {
        let reason = String(cString: strerror(number))
        let details = ["path": path, "errno": String(number)]
        let message = "cannot \(operation) \(path): \(reason)"
        switch number {
        case ENOSPC, EDQUOT:
            return ProcessesError(
                .diskFull,
                message,
                hint: "Free space on that file system, then try again.",
                details: details
            )
        case EACCES, EPERM, EROFS:
            return ProcessesError(
                fallback,
                message,
                hint: "Choose a place that this user may use, or change its permissions.",
                details: details
            )
        default:
            return ProcessesError(fallback, message, details: details)
        }
    }

    /// Throws `failure(errno)` when a call that answers -1 on failure did so.
    @discardableResult
    func check<R: BinaryInteger>(_ result: R, fallback: ErrorCode = .cannotWrite) throws(ProcessesError) -> R {
        guard result == -1 else { return result }
        throw failure(errno, fallback: fallback)
    }
}
