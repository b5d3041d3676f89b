/// What is published, and in what portions.
public struct ViewConfiguration: Sendable, Equatable {
    /// The kinds that are published; all.
    ///
    /// What was published of another kind is taken out when the view is next rebuilt.
    public var kinds = Set(ViewKind.allCases)
    /// How long the documents `task:{id}` and `agent:{id}` are kept after their last change; 24 h.
    public var documentTime: Duration = .seconds(86_400)
    /// How many rows are read, and keys are looked at, at a time; 500.
    public var pageRows = 500
    /// How many bytes one script takes at most, unless a single row is larger; 1 MiB.
    ///
    /// Redis does nothing else while a script runs.
    public var batchBytes = 1 << 20
    /// The deadline of a script; 5 s.
    public var redisDeadline: Duration = .seconds(5)
    /// How long a difference must outlast what may be on its way before it counts; 1 s.
    public var settleTime: Duration = .seconds(1)

    /// The defaults.
    public init() {}
}

/// Under which number somebody may write the view: the epoch, and the fencing number of the relay in it.
public struct ViewOffice: Sendable, Equatable {
    /// The epoch of the cache.
    public let epoch: Int
    /// The relay's fencing number.
    public let fence: Int

    /// Joins both.
    public init(epoch: Int, fence: Int) {
        self.epoch = epoch
        self.fence = fence
    }
}
