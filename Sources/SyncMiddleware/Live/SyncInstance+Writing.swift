import Diagnostics
import Domain
import Postgres
import Synchronization

/// Writes: the shell of `WriteStateMachine`.
extension SyncInstance {
    /// Changes a row, and returns when nobody who asks without a version token can be given the old one beyond S.
    ///
    /// Throws `sync.conflict` (with the version that the row has), `not_found`, `sync.refused` (a value or constraint),
    /// `sync.mode`, `sync.in_flight` and `sync.key_reused` for an `Idempotency-Key`, `sync.unavailable` when nothing was
    /// changed, `sync.outcome_unknown` when that is not known, `usage`, `CancellationError`: then it may have happened.
    public func write(_ request: WriteRequest) async throws -> WriteReceipt {
        var write = RowWrite(
            instance: self,
            request: request,
            machine: WriteStateMachine(token: nextToken(), configuration: configuration)
        )
        return try await write.run()
    }
}

/// One write under way.
private struct RowWrite {
    /// How often it looks whether a poll has settled it.
    private static let watchInterval = Duration.milliseconds(10)

    private let instance: SyncInstance
    private let request: WriteRequest
    private var machine: WriteStateMachine
    private var receipt: WriteReceipt?
    private var failure: (any Error)?
    /// Of the moment before it began.
    private var ticket: NearCache.Ticket?

    init(instance: SyncInstance, request: WriteRequest, machine: WriteStateMachine) {
        self.instance = instance
        self.request = request
        self.machine = machine
    }

    private var kind: String { request.change.kind }
    private var id: String { request.change.id }
    private var key: String { "\(kind):\(id)" }

    mutating func run() async throws -> WriteReceipt {
        let table = try DocumentSource.table(kind)
        let statement = try RowStatement(request.change, of: table)
        let now = instance.clock.now
        let isNear = instance.state.withLock { state in
            ticket = state.near.ticket(for: key)
            return state.near.document(for: key, now: now) != nil
        }
        var actions = machine.start(instance.access(.version(0)), isNear: isNear, now: now)
        while !actions.isEmpty {
            var next: [WriteStateMachine.Action] = []
            for action in actions {
                if case .answer(let outcome) = action { return try answer(outcome) }
                if let more = try await perform(action, statement, of: table) { next = more }
            }
            actions = next
        }
        preconditionFailure("a write ended in state \(machine.state) without an answer")
    }

    /// Does one thing; what comes next, if that ends a step.
    private mutating func perform(
        _ action: WriteStateMachine.Action,
        _ statement: RowStatement,
        of table: CatalogTable
    ) async throws -> [WriteStateMachine.Action]? {
        switch action {
        case .lease(let lease):
            return machine.leased(await instance.store.lease(key, lease))
        case .begin:
            return await transact(statement, of: table)
        case .commit, .noteEpoch:
            // Inside of `transact`, which has the one done before the other.
            return nil
        case .forget(let version):
            instance.state.withLock { $0.near.invalidate(key, version: version) }
            return nil
        case .keep(let document, let freshAsOf):
            instance.state.withLock { state in
                guard let ticket else { return }
                state.near.replace(document, for: key, freshAsOf: freshAsOf, ticket: ticket)
            }
            return nil
        case .put(let epoch, let token, let document):
            let reply = await instance.store.put(key, epoch: epoch, token: token, document)
            return machine.published(reply, canConfirm: canConfirm)
        case .invalidate(let epoch, let version):
            let reply = await instance.store.invalidate(key, epoch: epoch, version: version)
            return machine.published(reply, canConfirm: canConfirm)
        case .release(let lease):
            await instance.store.release(key, lease)
            return nil
        case .wait(let until):
            return try await wait(until: until)
        case .hint(let version, let epoch):
            instance.tell(kind, id, version: version, epoch: epoch)
            return nil
        case .answer:
            preconditionFailure("an answer is the end of a write")
        }
    }

    /// BEGIN to COMMIT; what the machine hears of before COMMIT was done then.
    private mutating func transact(
        _ statement: RowStatement,
        of table: CatalogTable
    ) async -> [WriteStateMachine.Action] {
        let part = WriteTransaction.Part(request: request, table: table, statement: statement)
        let instance = instance
        let outcome = await instance.writes.run(part) { epoch in
            instance.state.withLock { $0.cache.sawEpoch(epoch) }
        }
        switch outcome {
        case .committed(let change):
            _ = machine.changed(change)
            receipt = WriteTransaction.receipt(request.change, change.document)
            return machine.committed(canConfirm: instance.canConfirm(change), now: instance.clock.now)
        case .unknown(let change, let error):
            _ = machine.changed(change)
            failure = error
            return machine.commitUnknown()
        case .repeated(let receipt):
            self.receipt = receipt
            return machine.refused()
        case .refused(let error):
            failure = error
            return machine.refused()
        case .failed(let error):
            failure = error
            return machine.failed()
        }
    }

    /// Waits until a poll or the time says that it may be acknowledged.
    private mutating func wait(until: Int) async throws -> [WriteStateMachine.Action] {
        while true {
            try await Task.sleep(for: Self.watchInterval)
            let (polled, suspendedSince) = instance.state.withLock { ($0.cache.polled, $0.cache.suspendedSince) }
            let now = instance.clock.now
            let actions = machine.observed(polled, suspendedSince: suspendedSince, now: now)
            if !actions.isEmpty { return actions }
            precondition(now < until, "a write waits beyond its end")
        }
    }

    private var canConfirm: Bool {
        guard case .publishing(let change, _) = machine.state else { return false }
        return instance.canConfirm(change)
    }

    private func answer(_ outcome: WriteStateMachine.Outcome) throws -> WriteReceipt {
        switch outcome {
        case .acknowledged:
            guard let receipt else { preconditionFailure("acknowledged without a receipt") }
            instance.counters.add(.acknowledgedWrites)
            return receipt
        case .refused:
            if let receipt {
                instance.counters.add(.repeatedAnswers)
                return receipt
            }
            throw refusal
        case .failed:
            if (failure as? PostgresError)?.code == .postgresCancelled { throw CancellationError() }
            throw SyncError(
                .syncUnavailable,
                "PostgreSQL did not take the write in time; nothing was changed",
                hint: "try again in a moment",
                cause: failure
            )
        case .unknown:
            instance.counters.add(.unknownWrites)
            throw SyncError.unknownOutcome(failure ?? CancellationError())
        }
    }

    private var refusal: any Error {
        guard let error = failure as? PostgresError else { return failure ?? SyncError.missing }
        return SyncError(.syncRefused, "PostgreSQL does not take the row", hint: error.hint, cause: error)
    }
}

extension SyncInstance {
    /// Whether what our connection to Redis confirms counts for this change.
    fileprivate func canConfirm(_ change: WriteStateMachine.Change) -> Bool {
        state.withLock { state in
            state.follow(run: store.link.run)
            return state.cache.canConfirm(run: change.redisRun)
        }
    }
}
