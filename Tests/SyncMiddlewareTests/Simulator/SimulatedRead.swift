@testable import SyncMiddleware

/// One caller's read at one instance: near-cache, single flight, and the read machine where it leads.
final class SimulatedRead {
    private let instance: SimulatedInstance
    private let key: String
    private let need: CacheStateMachine.Need
    private let reader: Checker.Reader
    private let incarnation: Int

    init(instance: SimulatedInstance, key: String, need: CacheStateMachine.Need) {
        self.instance = instance
        self.key = key
        self.need = need
        incarnation = instance.incarnation
        reader = Checker.Reader(
            instance: instance.id,
            key: key,
            need: need,
            startedAt: instance.world.now,
            acknowledgedHere: instance.acknowledgedHere[key] ?? 0,
            toldHere: instance.toldHere[key] ?? 0
        )
        instance.world.note("instance \(instance.id) reads \(key) (\(need))")
    }

    func join() {
        let world = instance.world
        if need != .strong, let hit = instance.near.document(for: key, now: world.now) {
            var isEnough = true
            if case .version(let least) = need { isEnough = hit.document.version >= least }
            if isEnough { return answer(hit.document, source: "near-cache", isStale: false) }
        }
        let ticket = instance.near.ticket(for: key)
        instance.nextReader += 1
        let waiter = SingleFlightStateMachine.Waiter(id: instance.nextReader, need: need, joinedAt: reader.startedAt)
        switch instance.flights.join(key, waiter: waiter, ticket: ticket) {
        case .wait: instance.waiting[waiter.id] = self
        case .lead(let flight):
            SimulatedFlight(leader: self, instance: instance, key: key, need: need, flight: flight, ticket: ticket)
                .start()
        }
    }

    func answer(_ document: VersionedDocument, source: String, isStale: Bool) {
        instance.world.note("instance \(instance.id) answers \(key) v\(document.version) from \(source)")
        instance.openReads -= 1
        instance.world.checker.answered(reader, document, source: source, isStale: isStale)
    }

    func fail() {
        instance.world.note("instance \(instance.id) has no answer for \(key)")
        instance.openReads -= 1
    }
}

/// The shell of one `ReadStateMachine`.
final class SimulatedFlight {
    private let leader: SimulatedRead
    private let instance: SimulatedInstance
    private let key: String
    private let need: CacheStateMachine.Need
    private let flight: Int
    private let ticket: NearCache.Ticket
    private var machine: ReadStateMachine {
        didSet { instance.world.changed("ReadStateMachine", oldValue.state, machine.state) }
    }

    init(
        leader: SimulatedRead,
        instance: SimulatedInstance,
        key: String,
        need: CacheStateMachine.Need,
        flight: Int,
        ticket: NearCache.Ticket
    ) {
        self.leader = leader
        self.instance = instance
        self.key = key
        self.need = need
        self.flight = flight
        self.ticket = ticket
        let token = instance.world.token("read")
        machine = ReadStateMachine(need: need, token: token, patience: .init(instance.world.configuration))
    }

    private var world: Simulation { instance.world }
    private var access: CacheStateMachine.Access { instance.state.access(need, now: world.now) }

    func start() {
        run(machine.start(access))
    }

    private func run(_ action: ReadStateMachine.Action) {
        switch action {
        case .get(let epoch):
            let place = ModelRedis.key(epoch, key)
            instance.callRedis {
                $0.cell(place, now: self.world.now)
            } _: { (cell: CacheCell?) in
                self.run(self.machine.found(Self.found(cell), access: self.access))
            }
        case .lease(let lease):
            instance.lease(key, lease) { reply in
                let jitter = reply == .busy ? self.world.random.below(5) : 0
                self.run(self.machine.leased(reply, now: self.world.now, jitter: jitter))
            }
        case .pause(let time):
            let incarnation = instance.incarnation
            world.after(time) {
                self.instance.ifAlive(incarnation) { self.run(self.machine.paused(self.access)) }
            }
        case .readDatabase:
            readDatabase()
        case .answer(let answer, let followUp):
            end(answer)
            let incarnation = instance.incarnation
            // A process may be put aside between any two steps.
            let pause = world.random.oneIn(4) ? world.lateness(250) : 0
            world.after(pause) { self.instance.ifAlive(incarnation) { self.follow(followUp) } }
        case .fail(let followUp):
            for waiter in instance.flights.failed(flight) { instance.waiting.removeValue(forKey: waiter.id)?.fail() }
            leader.fail()
            follow(followUp)
        }
    }

    private static func found(_ cell: CacheCell?) -> ReadStateMachine.Found {
        guard let cell else { return .failed }
        guard case .document(let document, _) = cell.content else { return .nothing }
        return .document(document)
    }

    private func readDatabase() {
        let sentAt = world.now
        if case .reading(.fill(let lease)) = machine.state {
            world.note("instance \(instance.id) reads \(key) from PostgreSQL with lease \(lease.token)")
            world.checker.readDatabase(lease: lease.token)
        }
        instance.callDatabase { database, reply in
            reply(database.current(self.key))
        } _: { (document: VersionedDocument?) in
            if let document {
                self.run(self.machine.readDatabase(document, sentAt: sentAt))
            } else {
                self.run(self.machine.databaseFailed(staleEpoch: self.instance.state.staleEpoch(now: self.world.now)))
            }
        }
    }

    private func end(_ answer: ReadStateMachine.Answer) {
        let isStale = answer.source == .stale
        let source = answer.source.rawValue
        if isStale {
            for waiter in instance.flights.failed(flight) { instance.waiting.removeValue(forKey: waiter.id)?.join() }
        } else {
            instance.near.install(answer.document, for: key, freshAsOf: answer.freshAsOf, ticket: ticket)
            let landings = instance.flights.landed(
                flight,
                version: answer.document.version,
                freshAsOf: answer.freshAsOf
            )
            for (waiter, landing) in landings {
                guard let read = instance.waiting.removeValue(forKey: waiter.id) else { continue }
                switch landing {
                case .take: read.answer(answer.document, source: source, isStale: false)
                case .again: read.join()
                }
            }
        }
        leader.answer(answer.document, source: source, isStale: isStale)
    }

    private func follow(_ followUp: ReadStateMachine.FollowUp) {
        let world = world
        let configuration = world.configuration
        switch followUp {
        case .none:
            break
        case .fill(let lease, let document):
            let place = ModelRedis.key(lease.epoch, key)
            instance.callRedis { redis in
                redis.change(place, now: world.now) { cell, now, isFull in
                    let reply = cell.fill(
                        document,
                        token: lease.token,
                        time: configuration.documentTime.milliseconds,
                        now: now,
                        isFull: isFull,
                        guards: configuration.guards
                    )
                    if reply == .filled { world.checker.stored(document.version, place: place, run: redis.runID) }
                    world.note("FILL \(place) v\(document.version) \(lease.token): \(reply)")
                    return reply
                }
            } _: { (_: CacheCell.Reply?) in
            }
        case .release(let lease):
            instance.release(key, lease)
        case .invalidate(let epoch, let version):
            instance.invalidate(key, epoch: epoch, version: version) { _ in }
        }
    }
}

extension SimulatedInstance {
    func lease(_ key: String, _ lease: ReadStateMachine.Lease, _ done: @escaping (CacheCell.Reply?) -> Void) {
        let place = ModelRedis.key(lease.epoch, key)
        let world = world
        callRedis(
            { redis in
                redis.change(place, now: world.now) { cell, now, isFull in
                    let old = cell.content
                    let reply = cell.lease(
                        token: lease.token,
                        time: world.configuration.leaseTime.milliseconds,
                        floorTime: world.configuration.floorTime.milliseconds,
                        now: now,
                        isFull: isFull
                    )
                    if reply == .granted { world.checker.granted(over: old, now: now) }
                    world.note("LEASE \(place) \(lease.token): \(reply)")
                    return reply
                }
            },
            done
        )
    }

    func release(_ key: String, _ lease: ReadStateMachine.Lease) {
        let world = world
        callRedis { redis in
            redis.change(ModelRedis.key(lease.epoch, key), now: world.now) { cell, _, _ in
                cell.release(token: lease.token)
            }
        } _: { (_: CacheCell.Reply?) in
        }
    }

    func invalidate(_ key: String, epoch: Int, version: Int, _ done: @escaping (CacheCell.Reply?) -> Void) {
        let place = ModelRedis.key(epoch, key)
        let world = world
        callRedis(
            { redis in
                redis.change(place, now: world.now) { cell, now, isFull in
                    let time = world.configuration.floorTime.milliseconds
                    let reply = cell.invalidate(version: version, floorTime: time, now: now, isFull: isFull)
                    world.note("INVALIDATE \(place) v\(version): \(reply)")
                    return reply
                }
            },
            done
        )
    }
}
