public import EmbeddedServers

/// A place where PostgreSQL and Redis run for Cortex.
public protocol RuntimeTarget: Sendable {
    /// Makes the servers available and returns where they are; what runs already is left alone.
    func up() async throws -> TargetEndpoints
    /// Stops what the target started; `purge` also removes its data.
    func down(purge: Bool) async throws
    /// How the servers are; changes nothing.
    func status() async throws -> TargetStatus
}

/// State, version and URL of one server of a target.
public struct TargetServerStatus: Sendable, Hashable {
    /// How it is.
    public let state: ServerState
    /// The version of the running server; nil when it does not answer.
    public let version: String?
    /// A URL that works from a shell and holds no secret; nil when none is known.
    public let url: String?
    /// Like `url`, as superuser; on the local target only.
    public let superuserURL: String?

    /// Makes a status.
    public init(_ state: ServerState, version: String? = nil, url: String? = nil, superuserURL: String? = nil) {
        self.state = state
        self.version = version
        self.url = url
        self.superuserURL = superuserURL
    }
}

/// How the servers of a target are.
public struct TargetStatus: Sendable, Hashable {
    /// PostgreSQL.
    public let postgres: TargetServerStatus
    /// Redis; nil when the target was not given one.
    public let redis: TargetServerStatus?

    /// Makes a status.
    public init(postgres: TargetServerStatus, redis: TargetServerStatus?) {
        self.postgres = postgres
        self.redis = redis
    }
}
