/// The limits and switches of the HTTP service, with their defaults; `docs/limits.md` lists them.
public struct ServiceConfiguration: Sendable, Equatable {
    /// The largest body of a request in bytes; 1 MiB, then 413.
    public var bodyLimit = 1 << 20
    /// How deep the JSON of a body may nest; 64, then 400.
    public var depthLimit = 64
    /// The largest header field in bytes, name and value; 16 KiB, then 431.
    public var headerFieldLimit = 16 << 10
    /// All header fields of a request in bytes; 64 KiB, then 431.
    public var headerListLimit = 64 << 10
    /// The number of header fields; 100, then 431.
    public var headerCountLimit = 100
    /// The longest request target in bytes; 8 KiB, then 414.
    public var targetLimit = 8 << 10
    /// How long a connection may be without a complete request head; 30 s, then it is closed.
    public var headTime: Duration = .seconds(30)
    /// How long a body may take from head to end; 30 s, then the connection is closed.
    public var bodyTime: Duration = .seconds(30)
    /// How long the peer may leave bytes of ours unread; 30 s, then the connection is closed.
    public var unreadTime: Duration = .seconds(30)
    /// How long a connection that is being closed waits for the peer to close too; 1 s.
    public var lingerTime: Duration = .seconds(1)
    /// How many connections are accepted at a time; 4,096, the next ones wait in the kernel.
    public var connectionLimit = 4_096
    /// How many streams of events are served at a time; 256, then 503.
    public var streamLimit = 256
    /// How often a silent stream of events gets a comment that keeps it alive; 15 s.
    public var heartbeat: Duration = .seconds(15)
    /// The largest number of lines of a batch; 1,000.
    public var batchLimit = 1_000
    /// Whether PUT, PATCH and DELETE have to carry `If-Match`; no, otherwise 428 without it.
    public var requiresIfMatch = false
    /// What `Retry-After` says where the error does not know better; 1 s.
    public var retryAfter: Duration = .seconds(1)

    /// The defaults.
    public init() {}
}
