import Postgres
import Redis
import Synchronization

/// One process's part of the sync middleware: reads and writes of rows through near-cache, Redis and PostgreSQL, and the
/// relay when it is in office.
///
/// Exists only inside of `withInstance`; what follows the state, the invalidations and the change feed runs beside the
/// body and ends with it. `docs/sync.md` says what is promised.
public final class SyncInstance: Sendable {
    /// The name that the relay's office and our connections carry.
    public let name: String

    let configuration: SyncConfiguration
    let state: Mutex<InstanceState>
    let counters: SyncCounters
    let clock = SyncClock()
    let readPatience: ReadStateMachine.Patience
    let store: CacheStore
    let source: DocumentSource
    let postgres: PostgresClient
    let writes: GroupCommit
    let lanes: PostgresLanes
    let redis: RedisClient
    /// The reads of Redis of the event loops on which somebody read.
    let loopReads = Mutex<[ObjectIdentifier: LoopReads]>([:])
    let leasedReads = Mutex<(@Sendable (LeasedRead) -> Void)?>(nil)
    private let tokens = Atomic<Int>(0)
    private let waiters = Atomic<Int>(0)
    private let tokenPrefix = String(UInt64.random(in: .min ... .max), radix: 36)

    init(
        _ name: String,
        configuration: SyncConfiguration,
        postgres: PostgresClient,
        lanes: PostgresLanes,
        redis: RedisClient
    ) {
        self.name = name
        self.configuration = configuration
        self.postgres = postgres
        self.lanes = lanes
        self.redis = redis
        readPatience = ReadStateMachine.Patience(configuration)
        counters = SyncCounters()
        store = CacheStore(redis, configuration: configuration, counters: counters)
        source = DocumentSource(lanes, configuration: configuration)
        state = Mutex(InstanceState(configuration))
        writes = GroupCommit(postgres, configuration: configuration)
    }

    /// Runs an instance for as long as the body does.
    ///
    /// Neither store has to be there: without PostgreSQL reads are stale or fail, without Redis all come from PostgreSQL.
    ///
    /// - Parameters:
    ///   - name: the name that the relay's office and our connections carry.
    ///   - servers: where the stores are.
    ///   - configuration: the limits.
    ///   - publisher: what keeps the published view; nil for none.
    ///   - runsRelay: whether this instance stands for the relay's office.
    ///   - body: what uses the instance.
    /// - Returns: what the body returns.
    /// - Throws: what the body throws, and what makes a URL unusable.
    @discardableResult
    public static func withInstance<R: Sendable>(
        _ name: String,
        _ servers: SyncServers,
        configuration: SyncConfiguration = SyncConfiguration(),
        publisher: (any ViewPublisher)? = nil,
        runsRelay: Bool = true,
        _ body: @Sendable (SyncInstance) async throws -> R
    ) async throws -> R {
        let servers = servers.patient(configuration)
        var lanes = LanesConfiguration()
        lanes.readConnections = configuration.readConnections
        lanes.maximumQueued = configuration.databaseQueue
        lanes.deadline = configuration.databaseDeadline
        lanes.statementTimeout = configuration.databaseDeadline
        return try await PostgresLanes.withLanes(servers.postgres, lanes) { lanes in
            try await PostgresClient.withClient(servers.postgres, maximumSessions: configuration.writeConnections) {
                postgres in
                try await PostgresClient.withClient(servers.relay, maximumSessions: 1) { relay in
                    try await RedisClient.withClient(servers.redis) { redis in
                        let instance = SyncInstance(
                            name,
                            configuration: configuration,
                            postgres: postgres,
                            lanes: lanes,
                            redis: redis
                        )
                        return try await instance.run(
                            relay: runsRelay ? Relay(instance, postgres: relay, publisher: publisher) : nil,
                            body
                        )
                    }
                }
            }
        }
    }

    // MARK: What is known

    /// What was counted so far, and how the instance stands.
    public var statistics: SyncStatistics {
        var statistics = counters.snapshot
        let now = clock.now
        state.withLock { state in
            statistics.epoch = state.cache.polled?.epoch
            statistics.isSuspended = state.cache.polled?.isSuspended ?? false
            statistics.relayLag = state.cache.freshAsOf.map { .milliseconds(max(0, now - $0)) }
            statistics.mode = state.mode?.mode
            statistics.modeEpoch = state.mode?.epoch
            statistics.horizonAge = state.horizon.map { .milliseconds(max(0, now - $0.since)) } ?? .zero
            state.follow(run: store.link.run)
            if case .database(let reason) = state.cache.access(.recent, now: now) {
                statistics.bypassReason = reason.rawValue
            }
            statistics.isRelay = state.isRelay
            statistics.nearEntries = state.near.count
            statistics.nearBytes = state.near.bytes
        }
        statistics.redisBreaker = BreakerState(store.link.breakerState)
        statistics.databaseBreaker = BreakerState(source.breakerState)
        statistics.redisFailure = store.link.lastFailure.map { "\($0)" }
        statistics.waitingReads = lanes.waitingReads
        statistics.waitingWrites = writes.waiting + postgres.waitingTasks
        return statistics
    }

    /// The maintenance of these stores: what `CacheWatch` beside this instance needs.
    public func maintenance(_ view: ViewConfiguration = ViewConfiguration()) -> CacheMaintenance {
        CacheMaintenance(postgres: postgres, redis: redis, view: view, sync: configuration)
    }

    // MARK: For its parts

    /// Where somebody with this need reads now.
    ///
    /// The connection is looked at under the lock, so that nobody's older look follows a newer one.
    func access(_ need: ReadNeed) -> CacheStateMachine.Access { accessAndRun(need).access }

    /// The same, with the server of that epoch.
    func accessAndRun(_ need: ReadNeed) -> (access: CacheStateMachine.Access, run: String?) {
        state.withLock { state in
            state.follow(run: store.link.run)
            return (state.cache.access(need, now: clock.now), state.cache.polled?.redisRun)
        }
    }

    /// A text that no other read or write uses.
    func nextToken() -> String {
        "\(tokenPrefix)-\(tokens.add(1, ordering: .relaxed).newValue)"
    }

    /// A number that no other waiting read of this instance has.
    func nextWaiter() -> Int { waiters.add(1, ordering: .relaxed).newValue }

    /// Tells ourselves and the others that a version is committed, and in which epoch nothing older is left in Redis.
    func tell(_ kind: String, _ id: String, version: Int, epoch: Int) {
        state.withLock { $0.told("\(kind):\(id)", version: version, epoch: epoch, now: clock.now) }
        let hint = InvalidationHint(kind: kind, id: id, version: version, epoch: epoch)
        store.publish(hint.text, on: InvalidationHint.channel)
    }

    // MARK: Life

    private func run<R: Sendable>(relay: Relay?, _ body: @Sendable (SyncInstance) async throws -> R) async throws -> R {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await self.followState() }
            group.addTask { await self.followServer() }
            group.addTask { await self.followLoopServers() }
            group.addTask { await self.followInvalidations() }
            for _ in 0..<max(configuration.groupCommits, 1) { group.addTask { await self.writes.takeTurns() } }
            if let relay {
                group.addTask { await relay.run() }
                group.addTask { await relay.runPublisher() }
            }
            let result: Result<R, any Error>
            do {
                result = .success(try await body(self))
            } catch {
                result = .failure(error)
            }
            group.cancelAll()
            try await group.waitForAll()
            return try result.get()
        }
    }
}
