public import Diagnostics

/// Why somebody is not let in, or cannot be found out about.
public struct AccessError: CortexError {
    /// One of the `access.…` codes, `usage`, `not_found`, `program.missing` or `internal`.
    public let code: ErrorCode
    /// What happened, in one sentence.
    public let message: String
    /// What to do next.
    public let hint: String?
    /// The error that led to this one.
    public let cause: (any Error)?
    /// What is wrong with the credentials, where that is the matter.
    public let refusal: Refusal?
    /// When it is worth asking again, where the caller asks too often.
    public let retryAfter: Duration?

    init(
        _ code: ErrorCode,
        _ message: String,
        hint: String? = nil,
        cause: (any Error)? = nil,
        refusal: Refusal? = nil,
        retryAfter: Duration? = nil
    ) {
        self.code = code
        self.message = message
        self.hint = hint
        self.cause = cause
        self.refusal = refusal
        self.retryAfter = retryAfter
    }

    /// What is wrong with credentials; the raw values are those of the metric `cortex_access_decisions_total`.
    public enum Refusal: String, Sendable, CaseIterable {
        /// None were presented, and nobody may do this without.
        case missing
        /// They are no bearer key of Cortex.
        case malformed
        /// There is no such key.
        case unknown
        /// The key has expired.
        case expired
        /// The key was revoked.
        case revoked
        /// The user whose key it is was disabled.
        case disabled
    }

    /// For programs: `refusal`, or `retry_after` in whole seconds.
    public var details: [String: String] {
        var details: [String: String] = [:]
        if let refusal { details["refusal"] = refusal.rawValue }
        if let retryAfter { details["retry_after"] = String(retryAfter.wholeSecondsUp) }
        return details
    }
}

extension AccessError {
    /// The value of the label `decision` of `cortex_access_decisions_total`.
    public var decision: String {
        switch code {
        case .accessRateLimited: "rate_limited"
        case .accessUnavailable: "unavailable"
        default: refusal?.rawValue ?? "denied"
        }
    }

    static func refused(_ refusal: Refusal) -> AccessError {
        let (message, hint) =
            switch refusal {
            case .missing: ("this needs a key", "send Authorization: Bearer and a key; cortex keys create makes one")
            case .malformed: ("the Authorization header holds no key of Cortex", "it reads Bearer cortex_…")
            case .unknown: ("the key is not known", "cortex keys list shows those that are")
            case .expired: ("the key has expired", "cortex keys create makes a new one")
            case .revoked: ("the key was revoked", "cortex keys create makes a new one")
            case .disabled: ("the user of the key is disabled", "an administrator can enable the user again")
            }
        return AccessError(.accessUnauthenticated, message, hint: hint, refusal: refusal)
    }

    static func denied(_ scope: AccessScopes) -> AccessError {
        AccessError(
            .accessDenied,
            "this needs the scope \(scope.names.joined(separator: ", "))",
            hint: "use a key that has it; scopes of a key do not change"
        )
    }

    static func tooOften(_ retryAfter: Duration) -> AccessError {
        AccessError(
            .accessRateLimited,
            "too many requests",
            hint: "ask again in \(retryAfter.wholeSecondsUp) s",
            retryAfter: retryAfter
        )
    }

    static func unavailable(_ cause: (any Error)?) -> AccessError {
        AccessError(
            .accessUnavailable,
            "whether the key is valid cannot be found out now",
            hint: "try again in a moment",
            cause: cause
        )
    }
}

extension Duration {
    /// Whole seconds, rounded up, at least 1.
    var wholeSecondsUp: Int64 {
        max(1, components.seconds + (components.attoseconds > 0 ? 1 : 0))
    }
}
