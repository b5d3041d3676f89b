public import Diagnostics

/// What went wrong with a child process, a lock, or a file of ours.
public struct ProcessesError: CortexError, Sendable {
    /// The stable code.
    public let code: ErrorCode
    /// What happened and where.
    public let message: String
    /// What to do next.
    public let hint: String?
    /// The error that led to this one.
    public let cause: (any Error)?
    /// Facts for programs: `path`, `errno`, `program`, `pid`, `status`.
    public let details: [String: String]

    /// Makes an error; only code and message are needed.
    public init(
        _ code: ErrorCode,
        _ message: String,
        hint: String? = nil,
        cause: (any Error)? = nil,
        details: [String: String] = [:]
    ) {
        self.code = code
        self.message = message
        self.hint = hint
        self.cause = cause
        self.details = details
    }
}
