public import Diagnostics

/// Why a Redis could not be copied.
public struct RedisSourceError: CortexError {
    /// What happened outside: `source.empty`, `source.hot`, `disk.full` or `file.cannot_write`.
    public let code: ErrorCode
    /// What happened, in one sentence.
    public let message: String
    /// What to do next.
    public let hint: String?

    init(_ code: ErrorCode, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }
}
