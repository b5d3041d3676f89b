public import Diagnostics

/// A report that could not be made or written.
public struct ReportingError: CortexError {
    /// `file.cannot_write`, or `internal` for facts that cannot be encoded.
    public let code: ErrorCode
    /// What happened and where.
    public let message: String
    /// What to do next.
    public let hint: String?
    /// The error of the file system or the encoder.
    public let cause: (any Error)?

    init(_ code: ErrorCode, _ message: String, hint: String? = nil, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
        self.cause = cause
    }
}
