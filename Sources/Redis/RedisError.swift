public import Diagnostics
import RESP

/// Everything that can go wrong with Redis.
///
/// `description` and `message` are safe to show: no keys, no values, no credentials. `debugDescription` adds what the
/// server said word for word.
public struct RedisError: CortexError, CustomDebugStringConvertible {
    /// One of the `redis.…` codes, or `setting.invalid` for a URL that cannot be read.
    public let code: ErrorCode
    /// What happened, in one sentence.
    public let message: String
    /// What to do next.
    public let hint: String?
    /// The error that led to this one.
    public let cause: (any Error)?
    /// What the server refused with; nil when it was not the server.
    public let refusal: RedisRefusal?
    /// True when the command was sent and its reply is missing: it may have run.
    ///
    /// Repeat only what does no harm twice.
    public let isOutcomeUnknown: Bool

    init(
        _ code: ErrorCode,
        _ message: String,
        hint: String? = nil,
        cause: (any Error)? = nil,
        refusal: RedisRefusal? = nil,
        isOutcomeUnknown: Bool = false
    ) {
        self.code = code
        self.message = message
        self.hint = hint
        self.cause = cause
        self.refusal = refusal
        self.isOutcomeUnknown = isOutcomeUnknown
    }

    /// The facts for programs: `word` (the server's code word) and `outcome` (`unknown`), those that are known.
    public var details: [String: String] {
        var details: [String: String] = [:]
        details["word"] = refusal?.word
        if isOutcomeUnknown { details["outcome"] = "unknown" }
        return details
    }

    /// The safe description, then what the server said.
    public var debugDescription: String {
        let said = refusal.map { "\n  server: \($0.text)" } ?? ""
        return "RedisError(\(code.rawValue)): \(description)\(said)"
    }
}

extension RedisError {
    /// The server answered with an error.
    static func refused(_ text: [UInt8]) -> RedisError {
        let refusal = RedisRefusal(text)
        switch refusal.kind {
        case .noAuthentication:
            return RedisError(
                .redisAuthentication,
                "Redis wants a password",
                hint: "write redis://user:password@host, or redis://:password@host for the default user",
                refusal: refusal
            )
        case .wrongPassword:
            return RedisError(
                .redisAuthentication,
                "Redis refused user name and password",
                hint: "check the user name and the password in the URL",
                refusal: refusal
            )
        case .noPermission:
            return RedisError(
                .redisAuthentication,
                "Redis does not let this user do that: \(refusal.safeText)",
                hint: "give the user the permission (ACL SETUSER), or use another user",
                refusal: refusal
            )
        case .protectedMode:
            return RedisError(
                .redisAuthentication,
                "Redis is in protected mode and takes only connections from its own machine",
                hint: "give it a password, or connect from its own machine",
                refusal: refusal
            )
        case .loading, .masterDown, .busy:
            return RedisError(
                .redisUnavailable,
                "Redis is not ready: \(refusal.safeText)",
                hint: "try again when it has loaded its data, found its master, or ended the script",
                refusal: refusal
            )
        default:
            return RedisError(.redisRefused, "Redis refused the command: \(refusal.safeText)", refusal: refusal)
        }
    }

    static func unavailable(
        _ message: String,
        hint: String? = nil,
        cause: (any Error)? = nil
    ) -> RedisError {
        RedisError(.redisUnavailable, message, hint: hint, cause: cause)
    }

    static var clientClosed: RedisError {
        unavailable("the Redis client is closed", hint: "use the client only inside of withClient's body")
    }

    static func deadline(wasSent: Bool) -> RedisError {
        RedisError(
            .redisDeadline,
            wasSent ? "Redis did not answer in time" : "there was no link to Redis in time",
            isOutcomeUnknown: wasSent
        )
    }

    static func cancelled(wasSent: Bool) -> RedisError {
        RedisError(
            .redisCancelled,
            "the command was cancelled",
            cause: CancellationError(),
            isOutcomeUnknown: wasSent
        )
    }

    static func overloaded(_ what: String) -> RedisError {
        RedisError(
            .redisOverloaded,
            "\(what) wait for Redis already",
            hint: "Redis is slower than its callers; ask less at a time"
        )
    }

    /// The same error for a command that was sent before it came.
    var withUnknownOutcome: RedisError {
        RedisError(code, message, hint: hint, cause: cause, refusal: refusal, isOutcomeUnknown: true)
    }
}
