@testable import SyncMiddleware

/// The shell of the relay machine.
extension SimulatedInstance {
    func tickRelay() {
        let incarnation = incarnation
        world.after(30 + world.random.below(20)) { self.ifAlive(incarnation) { self.tickRelay() } }
        guard let fence = relay.fence, world.now >= relayPausedUntil else { return }
        run(relay.tick(), fence)
    }

    /// What comes back for an office that is over is dropped; a relay that sleeps sees it when it wakes.
    private func resume(_ fence: Int, _ body: @escaping () -> Void) {
        let incarnation = incarnation
        if world.now < relayPausedUntil {
            return world.at(relayPausedUntil) { self.ifAlive(incarnation) { self.resume(fence, body) } }
        }
        if relay.fence == fence { body() }
    }

    private func run(_ action: RelayStateMachine.Action, _ fence: Int) {
        switch action {
        case .none:
            break
        case .readBatch:
            let guards = world.configuration.guards
            callDatabase(isQuick: !world.random.oneIn(4)) { database, reply in
                reply(database.batch(guards))
            } _: { (batch: RelayStateMachine.Batch?) in
                self.resume(fence) {
                    guard let batch else { return self.run(self.relay.readFailed(), fence) }
                    self.run(self.relay.read(batch, link: self.state.link, now: self.world.now), fence)
                }
            }
        case .invalidate(let epoch, let keys):
            var left = keys.count
            var run: String? = if case .up(let run) = state.link { run } else { nil }
            for key in keys {
                invalidate(key.key, epoch: epoch, version: key.version) { reply in
                    if reply?.confirms != true { run = nil }
                    left -= 1
                    guard left == 0 else { return }
                    self.resume(fence) { self.run(self.relay.invalidated(by: run, now: self.world.now), fence) }
                }
            }
        case .save(let progress):
            // What was passed without Redis says nothing about what is in Redis.
            var confirmed: RelayStateMachine.Batch?
            if case .saving(_, let batch) = relay.state, !batch.state.isSuspended { confirmed = batch }
            if !progress.passed.isEmpty { world.note("the relay saves \(progress.passed.map(\.version))") }
            callDatabase(isQuick: progress.passed.isEmpty && !world.random.oneIn(4)) { database, reply in
                let wasOurs = database.save(progress)
                self.world.checker.relaySaved()
                if let confirmed, wasOurs, !confirmed.rows.isEmpty {
                    let state = confirmed.state
                    let keys = FeedRow.coalesced(confirmed.rows)
                    self.world.checker.passedThrough(run: state.redisRun, epoch: state.epoch, keys)
                }
                reply(wasOurs)
            } _: { (wasOurs: Bool?) in
                self.resume(fence) {
                    guard let wasOurs else { return self.run(self.relay.saveFailed(), fence) }
                    self.run(self.relay.saved(wasOurs, now: self.world.now), fence)
                }
            }
        case .publish(let epoch, let rows):
            for row in FeedRow.coalesced(rows) {
                told(row.key, version: row.version, epoch: epoch)
                publish(row.key, version: row.version, epoch: epoch)
            }
        case .suspend, .moveEpoch, .resign:
            changeState(action, fence: fence)
        }
    }

    private func changeState(_ action: RelayStateMachine.Action, fence: Int) {
        world.note("the relay of instance \(id): \(action)")
        callDatabase { database, reply in
            switch action {
            case .suspend(let fence): reply(database.suspend(fence: fence))
            case .moveEpoch(let fence, let run, _): database.moveEpoch(fence: fence, run: run, reply)
            default:
                if database.fence == fence { database.leaveOffice() }
                reply(true)
            }
        } _: { (wasOurs: Bool?) in
            // Whoever resigns closes the session, and the lock goes with it, whether the server heard more or not.
            if action == .resign, self.world.database.relayHolder == self.id, self.world.database.fence == fence {
                self.world.database.leaveOffice()
            }
            self.resume(fence) {
                // Unknown is like refused by nobody: the next batch shows the state as it is.
                self.run(wasOurs.map { self.relay.changed($0) } ?? self.relay.readFailed(), fence)
            }
        }
    }
}
