import Diagnostics

/// An error of the command line itself, or of what a command was asked to do.
struct CommandError: CortexError {
    let code: ErrorCode
    let message: String
    let hint: String?
    let cause: (any Error)?
    let details: [String: String]

    init(
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
