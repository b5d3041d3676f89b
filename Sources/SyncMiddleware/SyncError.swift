public import Diagnostics

/// What can go wrong in the sync middleware beyond what its stores say themselves.
public struct SyncError: CortexError {
    /// One of the `sync.…` and `view.…` codes, `not_found`, `usage`, `redis.unavailable`, or `internal`.
    public let code: ErrorCode
    /// What happened, in one sentence.
    public let message: String
    /// What to do next.
    public let hint: String?
    /// The error that led to this one.
    public let cause: (any Error)?
    /// The version that the row has, where a change expected another one.
    public let currentVersion: Int?

    init(
        _ code: ErrorCode,
        _ message: String,
        hint: String? = nil,
        cause: (any Error)? = nil,
        currentVersion: Int? = nil
    ) {
        self.code = code
        self.message = message
        self.hint = hint
        self.cause = cause
        self.currentVersion = currentVersion
    }

    /// The facts for programs: `version`, where a change expected another one.
    public var details: [String: String] {
        currentVersion.map { ["version": String($0)] } ?? [:]
    }
}

extension SyncError {
    static func unavailable(_ cause: (any Error)?) -> SyncError {
        SyncError(
            .syncUnavailable,
            "PostgreSQL does not answer, and nothing young enough is cached",
            hint: "try again in a moment; cortex doctor says why",
            cause: cause
        )
    }

    static func unknownKind(_ kind: String) -> SyncError {
        SyncError(
            .usage,
            "there is no kind of rows \"\(kind)\"",
            hint: "the kinds are the tracked tables of the catalog"
        )
    }

    static var missing: SyncError { SyncError(.notFound, "there is no such row") }

    static func conflict(current: Int) -> SyncError {
        SyncError(
            .syncConflict,
            "the row has version \(current), not the one that the change expects",
            hint: "read it and decide anew",
            currentVersion: current
        )
    }

    static func exists(current: Int) -> SyncError {
        SyncError(.syncConflict, "the row exists already", currentVersion: current)
    }

    static func wrongMode(_ mode: String) -> SyncError {
        SyncError(
            .syncMode,
            "PostgreSQL does not take writes now (mode \(mode)), or the mode has changed since",
            hint: "cortex status says where the truth lives"
        )
    }

    static var noTurn: SyncError {
        SyncError(.syncUnavailable, "no transaction became free in time", hint: "try again in a moment")
    }

    static var inFlight: SyncError {
        SyncError(.syncInFlight, "the same request is under way", hint: "ask again in a moment")
    }

    static var keyReused: SyncError {
        SyncError(.syncKeyReused, "the Idempotency-Key was used for another request", hint: "use a new key")
    }

    static func unknownOutcome(_ cause: any Error) -> SyncError {
        SyncError(
            .syncOutcomeUnknown,
            "it is not known whether the write happened",
            hint: "send the same request again with the same Idempotency-Key",
            cause: cause
        )
    }
}
