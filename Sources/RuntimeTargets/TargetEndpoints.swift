public import Diagnostics

/// Where the servers of a target are reached.
///
/// URLs of the local target name passfiles instead of holding passwords, so they work from a shell and may be shown.
/// Those of an existing target are the caller's own and may hold a password: the description redacts it.
public struct TargetEndpoints: Sendable, Hashable, CustomStringConvertible {
    /// The database as its owner; the fastest way there is.
    public var postgresURL: String
    /// The database as superuser; nil where Cortex does not own the server.
    public var superuserURL: String?
    /// Redis, without its password; nil without Redis.
    public var redisURL: String?
    /// Redis' socket; nil when it is reached by TCP only.
    public var redisSocket: String?
    /// The password that belongs to `redisURL`; nil when it needs none or the URL holds it.
    public var redisPassword: Secret?
    /// What the caller should be told, such as data that lies outside the home.
    public var notes: [String]

    /// Makes endpoints; all but the first are optional.
    public init(
        postgresURL: String,
        superuserURL: String? = nil,
        redisURL: String? = nil,
        redisSocket: String? = nil,
        redisPassword: Secret? = nil,
        notes: [String] = []
    ) {
        self.postgresURL = postgresURL
        self.superuserURL = superuserURL
        self.redisURL = redisURL
        self.redisSocket = redisSocket
        self.redisPassword = redisPassword
        self.notes = notes
    }

    /// The URLs without passwords.
    public var description: String {
        [postgresURL, superuserURL, redisURL].compactMap { $0.map(Redaction.redact) }.joined(separator: " ")
    }
}
