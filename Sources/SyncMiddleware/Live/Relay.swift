import Diagnostics
import Postgres
import Synchronization

/// The shell of `RelayStateMachine`: while its session holds the advisory lock it passes the change feed on.
///
/// Everything of one office happens on that session, one statement after the other, so no reply of an earlier office can
/// come in a later one, and the lock ends with the connection.
final class Relay: Sendable {
    /// What the view is told next.
    private struct ViewCall: Sendable {
        let fence: Int
        let epoch: Int
    }

    private static let retryPause = Duration.milliseconds(250)
    private static let viewRetryPause = Duration.seconds(1)

    private let instance: SyncInstance
    private let postgres: PostgresClient
    private let publisher: (any ViewPublisher)?
    private let machine: Mutex<RelayStateMachine>
    private let calls: AsyncStream<ViewCall>
    private let callsContinuation: AsyncStream<ViewCall>.Continuation

    init(_ instance: SyncInstance, postgres: PostgresClient, publisher: (any ViewPublisher)?) {
        self.instance = instance
        self.postgres = postgres
        self.publisher = publisher
        machine = Mutex(RelayStateMachine(instance.configuration))
        // A view that is behind is told once what is true now.
        (calls, callsContinuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    private var configuration: SyncConfiguration { instance.configuration }
    private var counters: SyncCounters { instance.counters }

    // MARK: Office

    /// Stands for the office until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            var hasResigned = false
            do {
                hasResigned = try await postgres.withSession { session in try await serve(session) }
            } catch {
                // The session is gone or PostgreSQL is away: whoever gets the lock next goes on from what was saved.
                counters.add(.failedPolls)
            }
            machine.withLock { $0.deposed() }
            instance.state.withLock { $0.isRelay = false }
            // Who gave up because Redis is out of its reach lets the others try first.
            await instance.rest(hasResigned ? configuration.relayPatience : Self.retryPause)
        }
    }

    /// One office on this session, if it is free.
    ///
    /// - Returns: whether it was given up because Redis could not be reached.
    private func serve(_ session: PostgresSession) async throws -> Bool {
        let store = RelayStore(session: session, configuration: configuration)
        guard let office = try await store.takeOffice(holder: instance.name) else { return false }
        let fence = office.fence
        callView(fence: fence, epoch: office.epoch)
        machine.withLock { $0.elected(fence: fence) }
        instance.state.withLock { $0.isRelay = true }
        counters.add(.elections)
        var nextTrim = ContinuousClock.now
        while !Task.isCancelled, session.isUsable {
            var action = machine.withLock { $0.tick() }
            while action != .none {
                if action == .resign { return true }
                action = try await perform(action, store)
            }
            guard machine.withLock({ $0.fence }) == fence else { return false }
            if ContinuousClock.now >= nextTrim {
                let (rows, hasMore) = try await store.trim()
                counters.add(.trimmedRows, rows)
                if !hasMore { nextTrim = .now + configuration.trimInterval }
            }
            await instance.rest(configuration.relayInterval)
        }
        return false
    }

    /// Does one thing, and says what the machine wants next.
    ///
    /// A statement that fails leaves the session usable or ends the office with it.
    private func perform(
        _ action: RelayStateMachine.Action,
        _ store: RelayStore
    ) async throws
        -> RelayStateMachine.Action
    {
        do {
            return try await attempt(action, store)
        } catch let error as PostgresError {
            guard store.session.isUsable, error.code != .postgresCancelled else { throw error }
            counters.add(.failedPolls)
            return machine.withLock { if case .saving = $0.state { $0.saveFailed() } else { $0.readFailed() } }
        }
    }

    private func attempt(
        _ action: RelayStateMachine.Action,
        _ store: RelayStore
    ) async throws
        -> RelayStateMachine.Action
    {
        let clock = instance.clock
        switch action {
        case .none, .resign:
            return .none
        case .readBatch:
            guard let batch = try await store.batch() else { return machine.withLock { $0.readFailed() } }
            // A server that hangs has a connection all the same; a suspension ends only when it answers.
            let run = batch.state.isSuspended ? await instance.store.link.answeringRun() : instance.store.link.run
            let link = run.map { CacheStateMachine.Link.up(run: $0) } ?? .down
            return machine.withLock { $0.read(batch, link: link, now: clock.now) }
        case .invalidate(let epoch, let keys):
            let run = await instance.store.invalidate(keys, epoch: epoch)
            return machine.withLock { $0.invalidated(by: run, now: clock.now) }
        case .save(let progress):
            let wasOurs = try await store.save(progress)
            if wasOurs { counters.add(.passedRows, progress.passed.count) }
            return machine.withLock { $0.saved(wasOurs, now: clock.now) }
        case .publish(let epoch, let rows):
            publish(rows, epoch: epoch)
            return .none
        case .suspend(let fence):
            let wasOurs = try await store.suspend(fence: fence)
            if wasOurs { counters.add(.suspensions) }
            return machine.withLock { $0.changed(wasOurs) }
        case .moveEpoch(let fence, let run, let progress):
            let epoch = try await store.moveEpoch(fence: fence, run: run, passing: progress)
            if let epoch {
                counters.add(.epochMoves)
                counters.add(.passedRows, progress?.passed.count ?? 0)
                callView(fence: fence, epoch: epoch)
            }
            return machine.withLock { $0.changed(epoch != nil) }
        }
    }

    // MARK: What was passed

    private func publish(_ rows: [FeedRow], epoch: Int) {
        for row in FeedRow.newest(rows) { instance.tell(row.kind, row.rowKey, version: row.version, epoch: epoch) }
        if let fence = machine.withLock({ $0.fence }) { callView(fence: fence, epoch: epoch) }
    }

    private func callView(fence: Int, epoch: Int) {
        callsContinuation.yield(ViewCall(fence: fence, epoch: epoch))
    }

    /// Calls the publisher beside the passing of changes, until the task is cancelled.
    func runPublisher() async {
        guard let publisher else { return }
        for await call in calls {
            do {
                try await publisher.advance(fence: call.fence, epoch: call.epoch)
            } catch {
                counters.add(.failedPublications)
                await instance.rest(Self.viewRetryPause)
                guard machine.withLock({ $0.fence }) == call.fence else { continue }
                // Kept only if nothing newer came meanwhile: the buffer holds one.
                if case .dropped(let newer) = callsContinuation.yield(call) { callsContinuation.yield(newer) }
            }
        }
    }
}
