public import Diagnostics

/// Why a migration, verification, explanation or export could not be done.
public struct DataMigrationError: CortexError {
    /// The stable code.
    public let code: ErrorCode
    /// What happened and where.
    public let message: String
    /// What to do next.
    public let hint: String?
    /// The error that led to this one.
    public let cause: (any Error)?
    /// More facts for programs.
    public let details: [String: String]

    /// An error of this module.
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

    static var interrupted: DataMigrationError {
        DataMigrationError(
            .interrupted,
            "the run was interrupted; everything read so far is kept",
            hint: "start the same command again: it goes on where this one stopped"
        )
    }
}
