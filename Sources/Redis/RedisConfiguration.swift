public import RESP

/// Where Redis is and how patiently to talk to it.
public struct RedisConfiguration: Sendable, Hashable, CustomStringConvertible {
    /// Server, login and database.
    public var url: RedisURL
    /// The name that `CLIENT LIST` shows for our connections; default `cortex`.
    ///
    /// No spaces.
    public var clientName: String
    /// How long one attempt to connect may take, TLS and sign-in included; default 5 s.
    public var connectTimeout: Duration = .seconds(5)
    /// How long a command may take unless the call says otherwise; default 2 s.
    public var commandTimeout: Duration = .seconds(2)
    /// How long a server that owes replies may be silent after callers gave up on it; default 10 s.
    ///
    /// Then the connection is closed and made anew.
    public var silenceLimit: Duration = .seconds(10)
    /// How long to wait between attempts to connect.
    public var backOff = RedisBackOff()
    /// How many commands may wait for a reply on one connection; default 65,536.
    ///
    /// One more fails at once.
    public var maximumPendingCommands: Int = 65_536
    /// How many bytes of commands may wait for a reply on one connection; default 64 MiB.
    ///
    /// More fail at once. A single larger command is sent when nothing else waits.
    public var maximumPendingBytes: Int = 64 << 20
    /// What a reply may be at most.
    public var limits = RESPLimits()
    /// How many messages a subscription keeps for a slow reader; default 8,192.
    ///
    /// Beyond it the oldest go.
    public var maximumMessages: Int = 8_192
    /// How often a subscription's connection is asked whether it lives; default 1 s.
    public var heartbeat: Duration = .seconds(1)
    /// How long the answer to that may take; default 2 s.
    public var heartbeatLimit: Duration = .seconds(2)

    /// Uses the parts of a URL.
    public init(_ url: RedisURL, clientName: String = "cortex") {
        self.url = url
        self.clientName = clientName
    }

    /// Reads a URL, see `RedisURL`.
    ///
    /// Throws `setting.invalid`.
    public init(url: String, clientName: String = "cortex") throws(RedisError) {
        self.init(try RedisURL(url), clientName: clientName)
    }

    /// The URL without the password.
    public var description: String { url.description }
}

/// The pauses between attempts to connect: doubled each time, and shortened by chance so that many clients do not come
/// back at once.
public struct RedisBackOff: Sendable, Hashable {
    /// The first pause at most; default 50 ms.
    public var first: Duration
    /// The longest pause; default 2 s.
    public var longest: Duration

    /// Sets what is given, else the defaults.
    public init(first: Duration = .milliseconds(50), longest: Duration = .seconds(2)) {
        self.first = first
        self.longest = longest
    }

    /// The pause after so many failures in a row: between half and all of it, as `chance` (0 to 1) says.
    func pause(afterFailures failures: Int, chance: Double) -> Duration {
        let doublings = min(max(failures - 1, 0), 30)
        let full = min(first * (1 << doublings), longest)
        return full * (0.5 + 0.5 * min(max(chance, 0), 1))
    }
}
