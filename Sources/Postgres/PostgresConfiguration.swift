import Diagnostics

/// Where PostgreSQL is and how patiently to talk to it.
///
/// Prints as host, port, database and role; the password and the URL are in no output.
public struct PostgresConfiguration: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable
{
    /// The name that the server shows for our sessions, unless the URL sets one.
    public let applicationName: String
    /// How long one attempt to connect may take, all hosts of the URL together; default 10 s.
    public var connectTimeout: Duration
    /// How long one statement may run, as `statement_timeout` of every session; nil leaves the server's setting.
    ///
    /// The client gives a statement this time and 2 s more before it cancels it itself.
    public var statementTimeout: Duration?
    /// How long to go on trying to connect while the server refuses or starts up; zero (the default) tries once.
    ///
    /// The pauses grow from 50 ms to 1 s.
    public var connectRetry: Duration = .zero
    /// How long to wait for a free session; default 30 s.
    public var sessionWait: Duration = .seconds(30)
    /// How long a statement that was stopped may take to end before its connection is closed instead; default 5 s.
    public var stopGrace: Duration = .seconds(5)
    /// How long COMMIT may take; past it the outcome is unknown; default 5 min.
    public var commitTimeout: Duration = .seconds(300)
    /// How many tasks may wait for a session, one more fails at once; default 4,096.
    public var maximumWaiters: Int = 4_096

    let parameters: ConnectionParameters

    /// Reads a libpq URI (`postgresql://…`) or key=value string; everything that libpq knows is allowed, such as
    /// `passfile`, a socket directory as `host`, `sslmode`.
    ///
    /// Throws `setting.invalid` when libpq cannot read it. The text itself is in no error.
    public init(
        url: String,
        applicationName: String = "cortex",
        connectTimeout: Duration = .seconds(10),
        statementTimeout: Duration? = nil
    ) throws(PostgresError) {
        parameters = try ConnectionParameters(url: url)
        self.applicationName = applicationName
        self.connectTimeout = connectTimeout
        self.statementTimeout = statementTimeout
    }

    /// Server, database and role, such as `127.0.0.1:5432/cortex as cortex`.
    public var description: String { parameters.place }

    /// The same as `description`.
    public var debugDescription: String { parameters.place }

    /// Hides the parameters from reflection.
    public var customMirror: Mirror { Mirror(self, children: ["place": parameters.place]) }
}
