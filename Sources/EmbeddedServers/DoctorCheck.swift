/// One thing that was looked at, and what to do about it.
public struct DoctorCheck: Sendable, Hashable, Codable {
    /// How it looks.
    public enum Outcome: String, Sendable, Hashable, Codable {
        /// As it should be.
        case ok
        /// It works, but something should be known or done.
        case warn
        /// It keeps the stack from working.
        case fail
    }

    /// What was looked at; stable.
    public let name: String
    /// How it looks.
    public let outcome: Outcome
    /// What was found.
    public let message: String
    /// What to do; nil when nothing is.
    public let fix: String?

    /// Makes a check.
    public init(_ name: String, _ outcome: Outcome, _ message: String, fix: String? = nil) {
        self.name = name
        self.outcome = outcome
        self.message = message
        self.fix = fix
    }
}
