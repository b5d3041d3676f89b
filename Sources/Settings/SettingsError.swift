public import Diagnostics

/// A setting that cannot be used, with the place where it was written.
public struct SettingsError: CortexError {
    /// `setting.invalid`, or `file.cannot_read` for a file that a setting names.
    public let code: ErrorCode
    /// What is wrong and where.
    public let message: String
    /// What to write instead.
    public let hint: String?
    /// The error of the file system or of the YAML reader.
    public let cause: (any Error)?
    /// `setting` and `origin`, or `path` and `line`.
    public let details: [String: String]

    init(
        _ message: String,
        code: ErrorCode = .settingInvalid,
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
