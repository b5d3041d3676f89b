/// How the embedded servers are found and started.
public struct EmbeddedStackConfiguration: Sendable {
    /// Where the programs are looked for.
    public var search = ServerSearch()
    /// The port of PostgreSQL; by default the one of the last start, else one that the kernel chooses.
    public var postgresPort: UInt16?
    /// The port of Redis; chosen like PostgreSQL's.
    public var redisPort: UInt16?
    /// How long a server's start may take, recovery after a crash included; 2 minutes by default.
    public var startDeadline: Duration = .seconds(120)
    /// How long PostgreSQL may take to stop in order before it is stopped at once; 30 s by default.
    public var stopPatience: Duration = .seconds(30)
    /// How long to wait for another `up` or `down` of the same home; 3 minutes by default.
    public var lockPatience: Duration = .seconds(180)

    /// The defaults.
    public init() {}
}
