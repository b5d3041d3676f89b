@testable import SyncMiddleware

/// One schedule: two or three instances with the production machines before a model PostgreSQL and a model Redis,
/// with faults, all of it decided by the seed; then the faults end, and what is left is held against the promises.
final class Simulation {
    let seed: UInt64
    let configuration: SyncConfiguration
    let plan: SchedulePlan
    let database: ModelPostgres
    let redis = ModelRedis()
    let checker: Checker
    let isTracing: Bool
    var random: SeededRandom
    private(set) var instances: [SimulatedInstance] = []
    private(set) var now = 0
    private(set) var trace: [String] = []
    /// The transitions that the machines made, `machine: from --> to`; nil when nobody asks.
    private(set) var transitions: Set<String>?
    private var queue = EventQueue()
    private var counter = 0

    init(seed: UInt64, guards: SyncGuards = .all, tracing: Bool = false, recording: Bool = false) {
        self.seed = seed
        isTracing = tracing
        transitions = recording ? [] : nil
        random = SeededRandom(seed: seed)
        var configuration = SyncConfiguration()
        // Short lives, so that expiry happens within a schedule; the relations of the defaults are kept.
        configuration.leaseTime = .milliseconds(300)
        configuration.databaseDeadline = .milliseconds(800)
        configuration.floorTime = .milliseconds(1200)
        configuration.suspendAfter = .milliseconds(100)
        configuration.relayPatience = .milliseconds(400)
        configuration.nearCacheStripes = 4
        configuration.guards = guards
        plan = SchedulePlan(&random)
        configuration.documentTime = .milliseconds(plan.documentTime)
        if !plan.hasNearCache { configuration.nearCacheBytes = 0 }
        self.configuration = configuration
        database = ModelPostgres(keys: plan.keys, redisRun: "r1")
        checker = Checker(database: database, configuration: configuration)
        instances = (1...plan.instances).map { SimulatedInstance(id: $0, world: self) }
    }

    /// Runs the schedule of this seed.
    static func run(
        _ seed: UInt64,
        guards: SyncGuards = .all,
        tracing: Bool = false,
        recording: Bool = false
    ) -> Simulation {
        let simulation = Simulation(seed: seed, guards: guards, tracing: tracing, recording: recording)
        simulation.run()
        return simulation
    }

    private func run() {
        for instance in instances { instance.start() }
        for operation in plan.operations { at(operation.time) { self.begin(operation.kind) } }
        for fault in plan.faults { at(fault.time) { self.inject(fault) } }
        advance(to: plan.healing)
        heal()
        advance(to: plan.healing + 1400)
        for instance in instances {
            for key in plan.keys { instance.read(key, need: .recent) }
        }
        advance(to: plan.healing + 1500)
        let unanswered = instances.map(\.openReads).reduce(0, +)
        if unanswered > 0 { checker.fail("P16", "\(unanswered) reads have no answer after healing") }
        for instance in instances {
            instance.checkNearCache()
            if case .database(.newerEpoch) = instance.state.access(.recent, now: now) {
                checker.fail("P16", "instance \(instance.id) waits for an epoch that nobody knows")
            }
        }
        checker.checkEnd(redis: redis, now: now)
    }

    private func advance(to end: Int) {
        while checker.violation == nil, let event = queue.next(until: end) {
            now = event.time
            event.run()
        }
        now = end
    }

    // MARK: For the parts

    func at(_ time: Int, _ run: @escaping () -> Void) {
        queue.add(at: time, run)
    }

    func after(_ delay: Int, _ run: @escaping () -> Void) {
        queue.add(at: now + delay, run)
    }

    func note(_ text: @autoclosure () -> String) {
        guard isTracing else { return }
        let time = String(now)
        trace.append(String(repeating: " ", count: max(0, 5 - time.count)) + time + "  " + text())
    }

    /// A machine may have changed its state.
    func changed(_ machine: String, _ old: some NamedState, _ new: some NamedState) {
        guard transitions != nil, old.name != new.name else { return }
        transitions?.insert("\(machine): \(old.name) --> \(new.name)")
    }

    /// A text that nothing else in this schedule uses.
    func token(_ prefix: String) -> String {
        counter += 1
        return "\(prefix)\(counter)"
    }

    /// How long a message takes: mostly next to nothing, sometimes longer than a deadline of Redis.
    func latency() -> Int {
        if now >= plan.healing { return random.below(3) }
        if random.oneIn(plan.slowOdds) { return random.below(plan.slowest) }
        return random.below(random.oneIn(4) ? 20 : 3)
    }

    /// Up to this long, but over when the faults are.
    func lateness(_ longest: Int) -> Int {
        random.below(max(1, min(longest, plan.healing - now)))
    }

    /// What a write leaves: a body that no other write has, or now and then a deleted row.
    func newContent() -> VersionedDocument.Content {
        counter += 1
        if random.oneIn(6) { return .absent }
        return .present(body: [UInt8(counter & 0xff)], sensitivity: random.oneIn(12) ? "secret" : "public")
    }

    // MARK: What clients do

    private func begin(_ kind: SchedulePlan.Operation.Kind) {
        switch kind {
        case .read(let instance, let key, let choice):
            let need: CacheStateMachine.Need =
                switch choice {
                case 0...6: .recent
                case 7...10: .version(checker.tokens[key] ?? 0)
                default: .strong
                }
            instances[instance].read(key, need: need)
        case .write(let instance, let key):
            instances[instance].write(key)
        case .foreignWrite(let key):
            // psql: no epoch lock, nobody told; sometimes it takes its time, sometimes it rolls back.
            let isKept = !random.oneIn(5)
            let longest = random.oneIn(2) ? 1500 : 20
            database.update(key, content: newContent(), holdsEpoch: false) { transaction, _ in
                self.note("psql changes \(key) to v\(transaction.document.version) (transaction \(transaction.xid))")
                self.after(self.lateness(longest)) {
                    self.note("psql \(isKept ? "commits" : "rolls back") transaction \(transaction.xid)")
                    self.database.end(transaction, commit: isKept, now: self.now)
                }
            }
        }
    }

    // MARK: Faults

    private func inject(_ fault: SchedulePlan.Fault) {
        let instance = instances[fault.instance]
        let end = min(now + fault.length, plan.healing)
        note("fault: \(fault.kind) (instance \(instance.id), \(end - now) ms)")
        switch fault.kind {
        case .crash:
            instance.crash()
            at(end) { instance.restart() }
        case .evict: redis.evict(ModelRedis.key(database.state.epoch, fault.key))
        case .flushAll: redis.flushAll()
        case .takeImage: redis.takeImage()
        case .restartRedis, .restartRedisWithImage:
            redis.restart(withImage: fault.kind == .restartRedisWithImage)
            for instance in instances { instance.redisRestarted() }
        case .stallRedis: redis.stalledUntil = max(redis.stalledUntil, end)
        case .fillRedis:
            redis.isFull = true
            at(end) { self.redis.isFull = false }
        case .redisClock: redis.clockOffset += fault.length - 700
        case .cutFromRedis: instance.cutFromRedis(until: end)
        case .cutFromDatabase: instance.cutFromDatabaseUntil = max(instance.cutFromDatabaseUntil, end)
        case .dropMessages: instance.messagesLostUntil = max(instance.messagesLostUntil, end)
        case .pauseRelay: instance.relayPausedUntil = max(instance.relayPausedUntil, end)
        case .stopAllRelays:
            for instance in instances { instance.relayPausedUntil = max(instance.relayPausedUntil, end) }
        case .deposeRelay: database.leaveOffice()
        case .flushEpoch: database.moveEpoch(fence: nil, run: nil) { _ in self.note("the epoch moved") }
        case .forgedHint: instance.state.heardOf(epoch: .max, now: now)
        case .foreignTransaction:
            let xid = database.begin()
            at(end) { self.database.end(xid) }
        }
    }

    private func heal() {
        note("healing")
        redis.isFull = false
        redis.stalledUntil = 0
        for instance in instances { instance.heal() }
    }
}
