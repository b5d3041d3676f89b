@testable import SyncMiddleware

/// The shell of one `WriteStateMachine`, by a process that may give up between any two steps.
final class SimulatedWrite {
    private let instance: SimulatedInstance
    private let key: String
    private var machine: WriteStateMachine {
        didSet { instance.world.changed("WriteStateMachine", oldValue.state, machine.state) }
    }
    private var transaction: ModelPostgres.Transaction?
    private var isCommitSent = false
    private let ticket: NearCache.Ticket
    /// The step after which nothing more is heard of this writer.
    private var stepsLeft: Int

    init(instance: SimulatedInstance, key: String) {
        self.instance = instance
        self.key = key
        let world = instance.world
        ticket = instance.near.ticket(for: key)
        machine = WriteStateMachine(token: world.token("write"), configuration: world.configuration)
        stepsLeft = world.random.oneIn(world.plan.abandonOdds) ? 1 + world.random.below(5) : .max
        world.note("instance \(instance.id) writes \(key)")
    }

    private var world: Simulation { instance.world }

    func start() {
        let access = instance.state.access(.version(0), now: world.now)
        let isNear = instance.near.document(for: key, now: world.now) != nil
        run(machine.start(access, isNear: isNear, now: world.now))
    }

    func observe() {
        let state = instance.state
        run(machine.observed(state.polled, suspendedSince: state.suspendedSince, now: world.now))
    }

    /// PostgreSQL rolls back what was not committed, once it notices.
    func processDied() {
        stepsLeft = 0
        guard let transaction, !isCommitSent else { return }
        let world = world
        world.after(world.lateness(400)) { world.database.end(transaction, commit: false, now: world.now) }
    }

    private func run(_ actions: [WriteStateMachine.Action]) {
        for action in actions {
            switch action {
            case .noteEpoch, .forget, .keep, .release, .answer: break
            default:
                stepsLeft -= 1
                if stepsLeft == 0 {
                    world.note("the writer of \(key) at instance \(instance.id) is gone")
                    instance.writes.removeAll { $0 === self }
                    return processDied()
                }
            }
            guard stepsLeft > 0 else { return }
            run(action)
        }
    }

    private func run(_ action: WriteStateMachine.Action) {
        switch action {
        case .lease(let lease):
            instance.lease(key, lease) { self.run(self.machine.leased($0)) }
        case .begin:
            begin()
        case .commit:
            commit()
        case .noteEpoch(let epoch):
            instance.state.sawEpoch(epoch)
        case .forget(let version):
            instance.near.invalidate(key, version: version)
        case .keep(let document, let freshAsOf):
            instance.near.replace(document, for: key, freshAsOf: freshAsOf, ticket: ticket)
        case .put(let epoch, let token, let document):
            put(epoch: epoch, token: token, document)
        case .invalidate(let epoch, let version):
            instance.invalidate(key, epoch: epoch, version: version) { self.published($0) }
        case .release(let lease):
            instance.release(key, lease)
        case .wait(let until):
            let incarnation = instance.incarnation
            world.at(until) { self.instance.ifAlive(incarnation) { self.observe() } }
        case .hint(let version, let epoch):
            instance.publish(key, version: version, epoch: epoch)
        case .answer(let outcome):
            end(outcome)
        }
    }

    private func begin() {
        let content = world.newContent()
        instance.callDatabase { database, reply in
            database.update(self.key, content: content, holdsEpoch: true) { transaction, state in
                self.transaction = transaction
                // Nobody is there any more to commit what waited for its lock.
                if self.stepsLeft <= 0 { return self.processDied() }
                reply((transaction, state))
            }
        } _: { (result: (ModelPostgres.Transaction, CacheState)?) in
            guard let (transaction, state) = result else {
                self.run(self.machine.failed())
                return self.processDied()
            }
            let version = transaction.document.version
            self.world.note("instance \(self.instance.id) makes \(self.key) v\(version), epoch \(state.epoch)")
            if self.world.random.oneIn(12) {
                self.world.database.end(transaction, commit: false, now: self.world.now)
                return self.run(self.machine.refused())
            }
            let change = WriteStateMachine.Change(
                document: transaction.document,
                xid: transaction.xid,
                epoch: state.epoch,
                redisRun: state.redisRun
            )
            self.run(self.machine.changed(change))
        }
    }

    private func commit() {
        guard let transaction else { preconditionFailure("COMMIT without a transaction") }
        isCommitSent = true
        let world = world
        // Now and then the connection breaks with COMMIT on its way: it takes effect later, or never.
        if world.random.oneIn(world.plan.lostCommitOdds) {
            let isKept = !world.random.oneIn(4)
            world.after(world.lateness(world.random.oneIn(2) ? 500 : 60)) {
                world.note("COMMIT of \(self.key) v\(transaction.document.version) \(isKept ? "arrives" : "is lost")")
                world.database.end(transaction, commit: isKept, now: world.now)
            }
            let incarnation = instance.incarnation
            return world.after(world.random.below(10)) {
                self.instance.ifAlive(incarnation) { self.run(self.machine.commitUnknown()) }
            }
        }
        // What is checked at the end of the transaction does not hold.
        let isRefused = world.random.oneIn(40)
        instance.callDatabase { database, reply in
            database.end(transaction, commit: !isRefused, now: world.now)
            if isRefused { return reply(false) }
            world.note("\(self.key) v\(transaction.document.version) is committed (transaction \(transaction.xid))")
            reply(true)
        } _: { (isDone: Bool?) in
            if isDone == nil {
                // The statement never reached the server, or its reply is lost.
                world.after(world.lateness(300)) { world.database.end(transaction, commit: false, now: world.now) }
                self.run(self.machine.commitUnknown())
            } else if isDone == false {
                self.run(self.machine.refused())
            } else {
                self.run(self.machine.committed(canConfirm: self.canConfirm, now: world.now))
            }
        }
    }

    private func put(epoch: Int, token: String?, _ document: VersionedDocument) {
        let place = ModelRedis.key(epoch, key)
        let world = world
        instance.callRedis { redis in
            redis.change(place, now: world.now) { cell, now, isFull in
                let reply = cell.put(
                    document,
                    token: token,
                    time: world.configuration.documentTime.milliseconds,
                    floorTime: world.configuration.floorTime.milliseconds,
                    now: now,
                    isFull: isFull,
                    guards: world.configuration.guards
                )
                if reply == .stored { world.checker.stored(document.version, place: place, run: redis.runID) }
                world.note("PUT \(place) v\(document.version) \(token ?? "-"): \(reply)")
                return reply
            }
        } _: {
            self.published($0)
        }
    }

    private func published(_ reply: CacheCell.Reply?) {
        run(machine.published(reply, canConfirm: canConfirm))
    }

    /// Whether our connection leads to the server of the transaction's epoch.
    private var canConfirm: Bool {
        guard case .committing(let change, _) = machine.state else {
            guard case .publishing(let change, _) = machine.state else { return false }
            return instance.state.canConfirm(run: change.redisRun)
        }
        return instance.state.canConfirm(run: change.redisRun)
    }

    private func end(_ outcome: WriteStateMachine.Outcome) {
        world.note("instance \(instance.id) answers the writer of \(key): \(outcome)")
        instance.writes.removeAll { $0 === self }
        guard case .acknowledged(let version) = outcome, let document = transaction?.document else { return }
        world.checker.acknowledged(key, document)
        instance.acknowledgedHere[key] = max(instance.acknowledgedHere[key] ?? 0, version)
        instance.toldHere[key] = max(instance.toldHere[key] ?? 0, version)
    }
}
