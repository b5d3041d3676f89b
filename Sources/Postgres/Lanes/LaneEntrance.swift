import Diagnostics
import Synchronization

/// The way into a lane from outside of the I/O thread: bounded, and refused at once at the bound.
final class LaneEntrance: Sendable {
    let specification: LaneSpecification
    private let id: Int
    private let thread: IOThread
    private let maximumQueued: Int
    private let patience: Duration
    /// Requests that were let in and are not with a connection.
    private let queued = Atomic(0)
    private let issued = Atomic(0)

    init(_ specification: LaneSpecification, id: Int, thread: IOThread, lanes: LanesConfiguration) {
        self.specification = specification
        self.id = id
        self.thread = thread
        maximumQueued = max(1, lanes.maximumQueued)
        patience = lanes.deadline
        thread.submit(.openLane(id, self))
    }

    /// How many requests wait.
    var waitingRequests: Int { queued.load(ordering: .relaxed) }

    /// Runs a statement and waits for its answer.
    func run(
        _ sql: String,
        _ parameters: [PostgresValue],
        _ deadline: ContinuousClock.Instant?
    ) async throws(PostgresError) -> PostgresResult {
        if Task.isCancelled { throw .cancelledBeforeSending("a request") }
        let parameters = try admit(sql, parameters)
        let ticket = nextTicket()
        let result: Result<PostgresResult, PostgresError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                submit(ticket, sql, parameters, deadline) { continuation.resume(returning: $0) }
            }
        } onCancel: {
            ticket.withdraw()
            thread.submit(.withdraw(id, ticket: ticket.number))
        }
        return try result.get()
    }

    /// Runs a statement and calls the completion, here and now when it is refused.
    func run(
        _ sql: String,
        _ parameters: [PostgresValue],
        _ deadline: ContinuousClock.Instant?,
        completion: @escaping @Sendable (Result<PostgresResult, PostgresError>) -> Void
    ) {
        do {
            submit(nextTicket(), sql, try admit(sql, parameters), deadline, completion)
        } catch {
            completion(.failure(error))
        }
    }

    private func admit(_ sql: String, _ values: [PostgresValue]) throws(PostgresError) -> EncodedParameters {
        guard LaneStatement.isAllowed(sql) else { throw .notForLanes }
        guard !sql.utf8.contains(0) else {
            throw .misuse("the statement holds U+0000, which SQL text cannot hold")
        }
        let parameters = try EncodedParameters(values)
        let count = queued.wrappingAdd(1, ordering: .relaxed).newValue
        guard count <= maximumQueued else {
            left(1)
            throw .laneFull(specification.name, maximumQueued)
        }
        return parameters
    }

    private func nextTicket() -> LaneTicket {
        LaneTicket(issued.wrappingAdd(1, ordering: .relaxed).newValue)
    }

    private func submit(
        _ ticket: LaneTicket,
        _ sql: String,
        _ parameters: EncodedParameters,
        _ deadline: ContinuousClock.Instant?,
        _ completion: @escaping @Sendable (Result<PostgresResult, PostgresError>) -> Void
    ) {
        let request = LaneRequest(
            ticket: ticket,
            sql: sql,
            parameters: parameters,
            deadline: deadline ?? .now + patience,
            completion: completion
        )
        thread.submit(.request(id, request))
    }

    // MARK: For the lane

    /// So many requests wait no longer.
    func left(_ count: Int) {
        queued.wrappingSubtract(count, ordering: .relaxed)
    }

    /// So many wait again.
    func returned(_ count: Int) {
        queued.wrappingAdd(count, ordering: .relaxed)
    }
}
