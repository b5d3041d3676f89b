@testable import SyncMiddleware

/// One process of Cortex: the production machines, and the steps between them as messages that take time, get lost, or
/// find nobody there any more.
final class SimulatedInstance {
    let id: Int
    unowned let world: Simulation
    var state: CacheStateMachine
    var near: NearCache
    var flights: SingleFlightStateMachine
    var relay: RelayStateMachine {
        didSet { world.changed("RelayStateMachine", oldValue.state, relay.state) }
    }
    var waiting: [Int: SimulatedRead] = [:]
    var writes: [SimulatedWrite] = []
    /// What this process acknowledged, and what it was told, by key.
    var acknowledgedHere: [String: Int] = [:]
    var toldHere: [String: Int] = [:]
    var openReads = 0
    var nextReader = 0
    private(set) var incarnation = 0
    private(set) var isUp = true
    private var cutFromRedisUntil = 0
    var cutFromDatabaseUntil = 0
    var messagesLostUntil = 0
    var relayPausedUntil = 0

    init(id: Int, world: Simulation) {
        self.id = id
        self.world = world
        state = CacheStateMachine(world.configuration)
        near = NearCache(world.configuration)
        flights = SingleFlightStateMachine(world.configuration)
        relay = RelayStateMachine(world.configuration)
    }

    // MARK: Life

    func start() {
        connectToRedis()
        let incarnation = incarnation
        world.after(world.random.below(30)) { self.ifAlive(incarnation) { self.poll() } }
        world.after(world.random.below(40)) { self.ifAlive(incarnation) { self.tickRelay() } }
    }

    func crash() {
        guard isUp else { return }
        isUp = false
        incarnation += 1
        if world.database.relayHolder == id { world.database.leaveOffice() }
        // What it had begun in PostgreSQL rolls back when the server notices, unless COMMIT is on its way.
        for write in writes { write.processDied() }
        writes = []
        waiting = [:]
        openReads = 0
        acknowledgedHere = [:]
        toldHere = [:]
        state = CacheStateMachine(world.configuration)
        near = NearCache(world.configuration)
        flights = SingleFlightStateMachine(world.configuration)
        relay = RelayStateMachine(world.configuration)
    }

    func restart() {
        guard !isUp else { return }
        isUp = true
        start()
    }

    func ifAlive(_ incarnation: Int, _ run: () -> Void) {
        if isUp, self.incarnation == incarnation { run() }
    }

    func heal() {
        cutFromRedisUntil = 0
        cutFromDatabaseUntil = 0
        messagesLostUntil = 0
        relayPausedUntil = 0
        if isUp {
            if state.link == .down || !near.isLive { connectToRedis() }
        } else {
            restart()
        }
    }

    // MARK: The link to Redis

    var isCutFromRedis: Bool { world.now < cutFromRedisUntil }

    func cutFromRedis(until end: Int) {
        cutFromRedisUntil = max(cutFromRedisUntil, end)
        let incarnation = incarnation
        world.after(world.random.below(300)) {
            self.ifAlive(incarnation) { if self.isCutFromRedis { self.disconnect() } }
        }
        world.at(end) { self.ifAlive(incarnation) { if !self.isCutFromRedis { self.connectToRedis() } } }
    }

    func redisRestarted() {
        guard isUp else { return }
        disconnect()
        let incarnation = incarnation
        world.after(world.random.below(60)) {
            self.ifAlive(incarnation) { if !self.isCutFromRedis { self.connectToRedis() } }
        }
    }

    private func disconnect() {
        state.disconnected()
        near.clear(staysLive: false)
    }

    private func connectToRedis() {
        guard isUp else { return }
        state.connected(run: world.redis.runID)
        if !near.isLive { near.linkEstablished() }
        world.note("instance \(id) is connected to \(world.redis.runID)")
    }

    // MARK: Calls

    /// A command to Redis: it may run after its deadline, and its reply may be lost; nil for no reply in time.
    func callRedis<Reply>(_ command: @escaping (ModelRedis) -> Reply, _ done: @escaping (Reply?) -> Void) {
        let incarnation = incarnation
        let deadline = world.now + 50
        var isOver = false
        let finish: (Reply?) -> Void = { reply in
            if isOver { return }
            isOver = true
            self.ifAlive(incarnation) { done(reply) }
        }
        guard case .up(let run) = state.link, !isCutFromRedis else {
            return world.at(state.link == .down ? world.now : deadline) { finish(nil) }
        }
        let travel = world.latency()
        if travel > 40 { world.at(deadline) { finish(nil) } }
        func arrive() {
            let redis = world.redis
            // The connection ended with its server.
            guard redis.runID == run else { return finish(nil) }
            if redis.stalledUntil > world.now {
                if world.now < deadline { world.at(deadline) { finish(nil) } }
                return world.at(redis.stalledUntil, arrive)
            }
            let reply = command(redis)
            let back = world.latency()
            if isCutFromRedis || world.now + back > deadline {
                return world.at(max(deadline, world.now)) { finish(nil) }
            }
            if back == 0 { return finish(reply) }
            world.after(back) { finish(redis.runID == run ? reply : nil) }
        }
        if travel == 0 { arrive() } else { world.after(travel, arrive) }
    }

    /// A statement to PostgreSQL; nil when it cannot be reached or does not answer in time.
    ///
    /// A quick one takes no time: nothing interesting can happen on the way.
    func callDatabase<Reply>(
        isQuick: Bool = false,
        _ statement: @escaping (ModelPostgres, @escaping (Reply) -> Void) -> Void,
        _ done: @escaping (Reply?) -> Void
    ) {
        let incarnation = incarnation
        let isCut = world.now < cutFromDatabaseUntil
        if isQuick, !isCut { return statement(world.database) { done($0) } }
        let deadline = world.now + world.configuration.databaseDeadline.milliseconds
        var isOver = false
        let finish: (Reply?) -> Void = { reply in
            if isOver { return }
            isOver = true
            self.ifAlive(incarnation) { done(reply) }
        }
        // A refused connection is known at once, a silent one at the deadline.
        if isCut { return world.at(world.random.oneIn(2) ? world.now + 1 : deadline) { finish(nil) } }
        world.at(deadline) { finish(nil) }
        world.after(world.latency()) {
            statement(self.world.database) { reply in
                self.world.after(self.world.latency()) {
                    if self.world.now >= self.cutFromDatabaseUntil { finish(reply) }
                }
            }
        }
    }

    // MARK: Polls and messages

    private func poll() {
        let sentAt = world.now
        let incarnation = incarnation
        world.after(150 + world.random.below(100)) { self.ifAlive(incarnation) { self.poll() } }
        callDatabase(isQuick: !world.random.oneIn(4)) { database, reply in
            // The lock goes to a session, and a dead process has none.
            let isThere = self.isUp && self.incarnation == incarnation
            reply((database.state, isThere ? database.takeOffice(self.id) : nil))
        } _: { (result: (CacheState, Int?)?) in
            guard let (polled, fence) = result else {
                // The session is closed, and with it goes a lock that we do not know of.
                if self.world.database.relayHolder == self.id, self.world.database.fence != self.relay.fence {
                    self.world.database.leaveOffice()
                }
                return
            }
            if let fence {
                self.world.note("instance \(self.id) runs the relay (fence \(fence))")
                self.relay.elected(fence: fence)
            }
            if self.state.polled(polled, sentAt: sentAt, now: self.world.now) == .epoch {
                self.near.clear(staysLive: true)
            }
            for write in self.writes { write.observe() }
        }
    }

    /// A hint reaches every instance, late, out of order, or not at all.
    func publish(_ key: String, version: Int, epoch: Int) {
        guard state.link != .down, !isCutFromRedis else { return }
        for other in world.instances where other !== self {
            let incarnation = other.incarnation
            world.after(world.latency()) {
                other.ifAlive(incarnation) {
                    if other.near.isLive, !other.isCutFromRedis, self.world.now >= other.messagesLostUntil {
                        other.told(key, version: version, epoch: epoch)
                    }
                }
            }
        }
    }

    func told(_ key: String, version: Int, epoch: Int) {
        world.note("instance \(id) learns of \(key) v\(version)")
        state.heardOf(epoch: epoch, now: world.now)
        near.invalidate(key, version: version)
        toldHere[key] = max(toldHere[key] ?? 0, version)
    }

    // MARK: Clients

    func read(_ key: String, need: CacheStateMachine.Need) {
        guard isUp else { return }
        openReads += 1
        SimulatedRead(instance: self, key: key, need: need).join()
    }

    func write(_ key: String) {
        guard isUp else { return }
        let write = SimulatedWrite(instance: self, key: key)
        writes.append(write)
        write.start()
    }

    func checkNearCache() {
        for key in world.plan.keys {
            guard let hit = near.document(for: key, now: world.now) else { continue }
            let current = world.database.current(key)
            world.checker.checkEqual(hit.document, current, key: key, place: "the near-cache of instance \(id)")
        }
    }
}
