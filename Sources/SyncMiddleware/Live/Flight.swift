import Synchronization

/// The shell of one `ReadStateMachine`: the read that others of the same key wait for.
struct Flight {
    private let instance: SyncInstance
    private let kind: String
    private let id: String
    private let need: ReadNeed
    private let flight: Int
    private let ticket: NearCache.Ticket
    private var machine: ReadStateMachine
    /// When Redis stored what it gave, in milliseconds since 1970.
    private var filledAt: Int?
    /// The server of the epoch under which Redis is read: a connection that leads to another one by now does not answer.
    private var run: String?
    private var failure: DocumentSource.Failure?
    /// Whether Redis was asked.
    private var hasAskedRedis = false

    init(
        instance: SyncInstance,
        kind: String,
        id: String,
        need: ReadNeed,
        flight: Int,
        ticket: NearCache.Ticket
    ) {
        self.instance = instance
        self.kind = kind
        self.id = id
        self.need = need
        self.flight = flight
        self.ticket = ticket
        machine = ReadStateMachine(
            need: need,
            token: instance.nextToken(),
            patience: instance.readPatience
        )
    }

    private var key: String { "\(kind):\(id)" }

    private mutating func access() -> CacheStateMachine.Access {
        let (access, run) = instance.accessAndRun(need)
        self.run = run
        return access
    }

    /// Reads, ends the flight, and sends what leaves Redis as it should be.
    func run() async throws -> Answer {
        var flight = self
        var action = flight.begin()
        while true {
            switch action {
            case .answer(let found, let followUp):
                let answer = flight.answer(found)
                instance.land(self.flight, found, answer, key: key, ticket: ticket)
                instance.store.follow(followUp, key)
                return answer
            case .fail(let followUp):
                instance.counters.add(.failedReads)
                instance.counters.add(flight.hasAskedRedis ? .redisMisses : .redisBypasses)
                // Those who waited have nothing to do with the end of our caller.
                let error = SyncError.unavailable(flight.failure?.cause)
                instance.abort(self.flight, Task.isCancelled ? .again : .failed(error))
                instance.store.follow(followUp, key)
                try Task.checkCancellation()
                throw error
            default:
                guard let next = await flight.step(action) else {
                    instance.abort(self.flight, .again)
                    throw CancellationError()
                }
                action = next
            }
        }
    }

    private mutating func begin() -> ReadStateMachine.Action {
        let access = access()
        return machine.start(access)
    }

    /// Does one thing and says what comes next; nil when the task was cancelled in a pause.
    private mutating func step(_ action: ReadStateMachine.Action) async -> ReadStateMachine.Action? {
        switch action {
        case .get(let epoch):
            hasAskedRedis = true
            let (found, filledAt) = await instance.store.get(key, epoch: epoch, on: run)
            self.filledAt = filledAt
            let access = access()
            return machine.found(found, access: access)
        case .lease(let lease):
            let reply = await instance.store.lease(key, lease, on: run)
            if case .held(_, let filledAt)? = reply { self.filledAt = filledAt }
            return machine.leased(reply, now: instance.clock.now, jitter: reply == .busy ? Int.random(in: 0..<5) : 0)
        case .pause(let milliseconds):
            await instance.rest(.milliseconds(milliseconds))
            if Task.isCancelled { return nil }
            let access = access()
            return machine.paused(access)
        case .readDatabase:
            return await readDatabase()
        case .answer, .fail:
            preconditionFailure("a read that has ended goes on")
        }
    }

    private mutating func readDatabase() async -> ReadStateMachine.Action {
        let sentAt = instance.clock.now
        instance.counters.add(.databaseReads)
        if need == .strong { instance.counters.add(.strongReads) }
        if case .reading(.fill(let lease)) = machine.state {
            instance.leasedReads.withLock(\.self)?(
                LeasedRead(kind: kind, id: id, epoch: lease.epoch, lease: lease.token)
            )
        }
        do throws(DocumentSource.Failure) {
            return machine.readDatabase(try await instance.source.read(kind, id), sentAt: sentAt)
        } catch {
            failure = error
            instance.counters.add(.databaseFailures)
            let now = instance.clock.now
            let staleEpoch = instance.state.withLock { state in
                state.follow(run: instance.store.link.run)
                run = state.cache.polled?.redisRun
                return error.isOutage ? state.cache.staleEpoch(now: now) : nil
            }
            return machine.databaseFailed(staleEpoch: staleEpoch)
        }
    }

    private func answer(_ found: ReadStateMachine.Answer) -> Answer {
        let source: Answer.Source
        switch found.source {
        case .redis:
            source = .redis
            instance.counters.add(.redisHits)
        case .database:
            source = .database
            instance.counters.add(hasAskedRedis ? .redisMisses : .redisBypasses)
        case .stale:
            source = .stale
            instance.counters.add(.staleAnswers)
        }
        return Answer(found, source: source, filledAt: filledAt, now: instance.clock.now)
    }
}
