public import Diagnostics

/// What can go wrong in the sync middleware beyond what its stores say themselves.
public struct SyncError: CortexError {
    /// One of the codes `view.foreign`, `view.fenced`, `internal`.
    public let code: ErrorCode
    /// What happened, in one sentence.
    public let message: String
    /// What to do next.
    public let hint: String?
    /// The error that led to this one.
    public let cause: (any Error)?

    init(_ code: ErrorCode, _ message: String, hint: String? = nil, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
        self.cause = cause
    }
}
