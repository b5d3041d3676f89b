public import Diagnostics

/// Where the servers of a running stack are reached.
///
/// No URL holds a secret.
public struct EmbeddedEndpoints: Sendable, Hashable {
    /// The database as its owner, through the socket, with a passfile.
    public let postgresURL: String
    /// The database as its owner, through 127.0.0.1, with a passfile.
    public let postgresLoopbackURL: String
    /// The database as superuser, through the socket, with a passfile.
    public let superuserURL: String
    /// The database as superuser, through 127.0.0.1, with a passfile.
    public let superuserLoopbackURL: String
    /// The directory of PostgreSQL's socket.
    public let sockets: String
    /// PostgreSQL's port.
    public let postgresPort: UInt16
    /// Redis through 127.0.0.1 as user `cortex`; the URL form has no place for a passfile.
    public let redisURL: String
    /// Redis' socket.
    public let redisSocket: String
    /// The password that belongs to `redisURL`.
    public let redisPassword: Secret
    /// What the caller should be told, such as data that lies outside the home.
    public let notes: [String]
}

/// A database login whose password was generated before the role exists.
public struct LoginSecret: Sendable, Hashable {
    /// The role's name.
    public let role: String
    /// Its password.
    public let secret: Secret
}

/// How a server is.
public enum ServerState: String, Sendable, Hashable, Codable {
    /// It answers.
    case running
    /// It was set up and does not run.
    case stopped
    /// It was never set up.
    case absent
    /// Its process runs, or its address is known, and it does not answer.
    case unreachable
}

/// State and version of one server.
public struct ServerStatus: Sendable, Hashable {
    /// How it is.
    public let state: ServerState
    /// The version of the running server, such as `15.18`; nil when it does not answer.
    public let version: String?
    /// Its process id; nil when it does not run here.
    public let processID: Int32?

    /// Makes a status.
    public init(_ state: ServerState, version: String? = nil, processID: Int32? = nil) {
        self.state = state
        self.version = version
        self.processID = processID
    }
}

/// The state of the embedded stack.
public struct EmbeddedStatus: Sendable, Hashable {
    /// PostgreSQL.
    public let postgres: ServerStatus
    /// Redis.
    public let redis: ServerStatus
    /// Where they are reached; nil unless PostgreSQL's process runs.
    public let endpoints: EmbeddedEndpoints?
}
