public import Diagnostics

/// Why a load test cannot be made, or not go on.
public struct LoadGenerationError: CortexError {
    /// `usage`, `not_permitted`, `sync.unavailable` or `process.failed`.
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
