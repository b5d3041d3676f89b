import Foundation
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
    private var failure: DocumentSource.Failure?

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
            configuration: instance.configuration
        )
    }

    private var key: String { "\(kind):\(id)" }

    /// Reads, ends the flight, and leaves Redis as it should be.
    func run() async throws -> Answer {
        var flight = self
        var action = flight.machine.start(instance.access(need))
        while true {
            switch action {
            case .answer(let found, let followUp):
                let answer = flight.answer(found)
                instance.land(self.flight, found, answer, key: key, ticket: ticket)
                await follow(followUp)
                return answer
            case .fail(let followUp):
                instance.counters.add(.failedReads)
                // Those who waited have nothing to do with the end of our caller.
                let error = SyncError.unavailable(flight.failure?.cause)
                instance.abort(self.flight, Task.isCancelled ? .again : .failed(error))
                await follow(followUp)
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

    /// Does one thing and says what comes next; nil when the task was cancelled in a pause.
    private mutating func step(_ action: ReadStateMachine.Action) async -> ReadStateMachine.Action? {
        switch action {
        case .get(let epoch):
            let (found, filledAt) = await instance.store.get(key, epoch: epoch)
            self.filledAt = filledAt
            return machine.found(found, access: instance.access(need))
        case .lease(let lease):
            let reply = await instance.store.lease(key, lease)
            if case .held(_, let filledAt)? = reply { self.filledAt = filledAt }
            return machine.leased(reply, now: instance.clock.now, jitter: reply == .busy ? Int.random(in: 0..<5) : 0)
        case .pause(let milliseconds):
            await instance.rest(.milliseconds(milliseconds))
            return Task.isCancelled ? nil : machine.paused(instance.access(need))
        case .readDatabase:
            return await readDatabase()
        case .answer, .fail:
            preconditionFailure("a read that has ended goes on")
        }
    }

    private mutating func readDatabase() async -> ReadStateMachine.Action {
        let sentAt = instance.clock.now
        instance.counters.add(.databaseReads)
        do throws(DocumentSource.Failure) {
            return machine.readDatabase(try await instance.source.read(kind, id), sentAt: sentAt)
        } catch {
            failure = error
            let now = instance.clock.now
            let run = instance.store.run
            let staleEpoch = instance.state.withLock { state in
                state.follow(run: run)
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
        case .database: source = .database
        case .stale:
            source = .stale
            instance.counters.add(.staleAnswers)
        }
        let known = max(0, instance.clock.now - found.freshAsOf)
        let stored = filledAt.map { max(0, Int(Date().timeIntervalSince1970 * 1000) - $0) }
        let age =
            switch source {
            case .near, .database: known
            // What is known of the relay says nothing of a stale answer; what nobody dated is as old as it is stored.
            case .redis: min(known, stored ?? known)
            case .stale: stored ?? 0
            }
        return Answer(found.document, source: source, age: .milliseconds(age))
    }

    private func follow(_ followUp: ReadStateMachine.FollowUp) async {
        switch followUp {
        case .none: break
        case .fill(let lease, let document): _ = await instance.store.fill(key, lease, document)
        case .release(let lease): await instance.store.release(key, lease)
        case .invalidate(let epoch, let version):
            _ = await instance.store.invalidate(key, epoch: epoch, version: version)
        }
    }
}
