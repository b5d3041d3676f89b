/// How wide lanes are, and how patient.
///
/// Values outside of the ranges that are named here count as the nearest one inside.
public struct LanesConfiguration: Sendable, Equatable {
    /// Connections of the read lane, 1 to 4; default 2: a few busy backends beat many that take turns.
    public var readConnections = 2
    /// The most connections of the write lane, 1 to 32, each with one write under way while few callers wait; default 16.
    public var writeConnections = 16
    /// From so many writes under way and waiting on, batches of them share transactions; default 8.
    public var sharingDemand = 8
    /// How many such transactions run at a time, 1 to 4; default 4: while one is flushed to disk, others run.
    ///
    /// With more than one, two batches that change the same rows in different order can deadlock: the server ends one
    /// after `deadlock_timeout`, and its members then run one by one. Take 1 where writers fight over the same rows.
    public var sharingConnections = 4
    /// The most members of a batch, 1 to 1,024; default 64.
    ///
    /// A slow one delays those behind it.
    public var maximumBatch = 64
    /// How many requests may wait in each lane, default 4,096; one more fails at once with `postgres.unavailable`.
    public var maximumQueued = 4_096
    /// The deadline of a request that names none, from the call on; default 2 s.
    public var deadline = Duration.seconds(2)
    /// How long requests wait for a server that cannot be reached, before they and those that come then fail at once; default
    /// 500 ms: a quick restart fails nobody, and who has another answer gives it soon.
    public var outagePatience = Duration.milliseconds(500)
    /// How long a statement may run on the server, as `statement_timeout` of every connection; default 2 s.
    public var statementTimeout = Duration.seconds(2)

    /// All defaults.
    public init() {}
}
