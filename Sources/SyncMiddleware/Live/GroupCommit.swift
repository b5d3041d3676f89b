import Domain
import Postgres
import Synchronization

/// The transactions of writes: the shell of `GroupCommitStateMachine`.
///
/// Writes without an `Idempotency-Key` that wait at the same time share one: it costs the server one COMMIT, and us one
/// round trip and one session. A group never harms a member: whatever PostgreSQL refuses in it, and a row that somebody
/// else has locked, makes all of them go alone.
final class GroupCommit: Sendable {
    /// What became of a write.
    enum Outcome: Sendable {
        case committed(WriteStateMachine.Change)
        /// An earlier request with the same key has done it.
        case repeated(WriteReceipt)
        /// PostgreSQL, the mode or the row as it is does not allow it. Nothing was changed.
        case refused(any Error)
        /// The connection broke, or a deadline passed, before COMMIT. Nothing was changed.
        case failed(any Error)
        /// Whether COMMIT has taken effect is not known.
        case unknown(WriteStateMachine.Change, any Error)
    }

    private struct Member {
        let part: WriteTransaction.Part
        let deadline: ContinuousClock.Instant
        let noteEpoch: @Sendable (Int) -> Void
        /// Called once, with nil for a member that goes alone.
        let settle: @Sendable (Outcome?) -> Void
    }

    private struct Queue {
        var machine: GroupCommitStateMachine
        var members: [Int: Member] = [:]
        var lastNumber = 0
        /// The tasks whose turns are free.
        var idle: [CheckedContinuation<[Member]?, Never>] = []

        mutating func take(_ numbers: [Int]) -> [Member] { numbers.compactMap { members.removeValue(forKey: $0) } }
    }

    private let postgres: PostgresClient
    private let configuration: SyncConfiguration
    private let queue: Mutex<Queue>

    init(_ postgres: PostgresClient, configuration: SyncConfiguration) {
        self.postgres = postgres
        self.configuration = configuration
        queue = Mutex(Queue(machine: GroupCommitStateMachine(maximumWrites: configuration.groupedWrites)))
    }

    /// How many writes wait for a turn.
    var waiting: Int { queue.withLock { $0.machine.waiting.count } }

    /// BEGIN to COMMIT, or not; ends with `databaseDeadline`.
    ///
    /// A write that shares a transaction is not cancelled with its task.
    ///
    /// - Parameters:
    ///   - part: the write.
    ///   - noteEpoch: is told before COMMIT in which epoch of the cache the transaction runs.
    /// - Returns: what became of it.
    func run(_ part: WriteTransaction.Part, noteEpoch: @escaping @Sendable (Int) -> Void) async -> Outcome {
        let deadline = ContinuousClock.now + configuration.databaseDeadline
        let mayShare = part.request.idempotencyKey == nil && part.request.modeEpoch == nil
        if mayShare, let outcome = await join(part, deadline, noteEpoch) { return outcome }
        return await transact([part], deadline, lockWait: nil, noteEpoch)[0]
    }

    // MARK: Turns

    /// Takes turns until the task is cancelled: as many groups are under way as tasks do so.
    func takeTurns() async {
        await withTaskCancellationHandler {
            while let group = await next() { await serve(group) }
        } onCancel: {
            close()
        }
    }

    private func next() async -> [Member]? {
        await withCheckedContinuation { continuation in
            let (group, isClosed) = queue.withLock { queue -> ([Member], Bool) in
                guard !queue.machine.isClosed else { return ([], true) }
                let group = queue.take(queue.machine.freed())
                if group.isEmpty { queue.idle.append(continuation) }
                return (group, false)
            }
            if isClosed { continuation.resume(returning: nil) }
            if !group.isEmpty { continuation.resume(returning: group) }
        }
    }

    /// Nil for a write that has to go alone.
    private func join(
        _ part: WriteTransaction.Part,
        _ deadline: ContinuousClock.Instant,
        _ noteEpoch: @escaping @Sendable (Int) -> Void
    ) async -> Outcome? {
        await withCheckedContinuation { (continuation: CheckedContinuation<Outcome?, Never>) in
            let member = Member(part: part, deadline: deadline, noteEpoch: noteEpoch) {
                continuation.resume(returning: $0)
            }
            switch enqueue(member) {
            case .wait: break
            case .alone: member.settle(nil)
            case .begin(let task, let group): task.resume(returning: group)
            }
        }
    }

    private enum Entrance {
        case wait
        case alone
        case begin(CheckedContinuation<[Member]?, Never>, [Member])
    }

    private func enqueue(_ member: Member) -> Entrance {
        queue.withLock { queue in
            queue.lastNumber += 1
            queue.members[queue.lastNumber] = member
            switch queue.machine.arrived(queue.lastNumber) {
            case .wait: return .wait
            case .begin(let numbers): return .begin(queue.idle.removeLast(), queue.take(numbers))
            case .alone:
                queue.members[queue.lastNumber] = nil
                return .alone
            }
        }
    }

    private func close() {
        let (left, idle) = queue.withLock { queue in
            defer { queue.idle = [] }
            return (queue.take(queue.machine.close()), queue.idle)
        }
        for member in left { member.settle(nil) }
        for task in idle { task.resume(returning: nil) }
    }

    private func serve(_ group: [Member]) async {
        let now = ContinuousClock.now
        for member in group where member.deadline <= now {
            member.settle(.failed(SyncError.noTurn))
        }
        // Everybody in one order, so that groups wait for each other's rows and never in a circle.
        let members = group.filter { $0.deadline > now }.sorted { $0.part.precedes($1.part) }
        guard let deadline = members.map(\.deadline).min() else { return }
        // One is enough: all members are of one instance.
        let noteEpoch = members[0].noteEpoch
        let outcomes = await transact(members.map(\.part), deadline, lockWait: configuration.groupLockWait, noteEpoch)
        let goAlone = outcomes.contains { Self.isOfTheGroup($0, of: members.count) }
        for (member, outcome) in zip(members, outcomes) { member.settle(goAlone ? nil : outcome) }
    }

    /// Whether the transaction may have ended so for another member's sake, or for its lock wait.
    private static func isOfTheGroup(_ outcome: Outcome, of count: Int) -> Bool {
        switch outcome {
        case .refused(let error as PostgresError), .failed(let error as PostgresError):
            error.sqlState == "55P03" || (count > 1 && error.sqlState != nil && !DocumentSource.isOutage(error))
        default: false
        }
    }

    // MARK: Transactions

    private func transact(
        _ parts: [WriteTransaction.Part],
        _ deadline: ContinuousClock.Instant,
        lockWait: Duration?,
        _ noteEpoch: (Int) -> Void
    ) async -> [Outcome] {
        let transaction = WriteTransaction(
            parts: parts,
            deadline: deadline,
            configuration: configuration,
            lockWait: lockWait
        )
        var results: [WriteTransaction.Result] = []
        do {
            try await postgres.withTransaction(
                opening: transaction.opening,
                timeout: max(deadline - .now, .milliseconds(1))
            ) { session, opened in
                results = try await transaction.run(session, opened)
                for case .success(let change) in results { return noteEpoch(change.epoch) }
                throw NothingChanged()
            }
        } catch is NothingChanged {
            // Rolled back: every result is a refusal.
        } catch let repeated as WriteTransaction.Repeated {
            return [.repeated(repeated.receipt)]
        } catch let error as PostgresError {
            if error.isCommitUnknown, !results.isEmpty {
                return results.map { Self.outcome($0) { .unknown($0, error) } }
            }
            return parts.map { _ in Self.isRefusal(error) ? .refused(error) : .failed(error) }
        } catch {
            return parts.map { _ in .refused(error) }
        }
        return results.map { Self.outcome($0) { .committed($0) } }
    }

    /// Leaves a transaction in which no row was changed.
    private struct NothingChanged: Error {}

    private static func outcome(
        _ result: WriteTransaction.Result,
        _ changed: (WriteStateMachine.Change) -> Outcome
    ) -> Outcome {
        switch result {
        case .success(let change): changed(change)
        case .failure(let error): .refused(error)
        }
    }

    /// Whether the server does not take the row, however often it is asked.
    private static func isRefusal(_ error: PostgresError) -> Bool {
        guard let state = error.sqlState else { return false }
        // Data, constraints, privileges, statement; not locks, serialization, resources and shutdown.
        return ["22", "23", "42", "44", "P0"].contains { state.hasPrefix($0) }
    }
}

extension WriteTransaction.Part {
    /// An order of rows that all processes have.
    fileprivate func precedes(_ other: Self) -> Bool {
        let (mine, theirs) = (request.change, other.request.change)
        return mine.kind == theirs.kind
            ? ExactText(mine.id) < ExactText(theirs.id) : mine.kind < theirs.kind
    }
}
