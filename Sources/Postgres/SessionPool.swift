import Diagnostics
import Synchronization

/// The connections of a client, lent out one session at a time: the shell around `SessionPoolStateMachine`.
final class SessionPool: Sendable {
    /// What a waiter is given.
    private enum Grant {
        case lease(ConnectionHandle)
        case open
        case failed(PostgresError)
    }

    private struct State {
        var machine: SessionPoolStateMachine
        var handles: [Int: ConnectionHandle] = [:]
        var waiters: [Int: CheckedContinuation<Grant, Never>] = [:]
        var issued = 0

        mutating func nextID() -> Int {
            issued += 1
            return issued
        }
    }

    private let state: Mutex<State>
    private let thread: IOThread
    private let configuration: PostgresConfiguration

    init(thread: IOThread, configuration: PostgresConfiguration, maximumSessions: Int) {
        self.thread = thread
        self.configuration = configuration
        state = Mutex(
            State(
                machine: SessionPoolStateMachine(
                    maximumSessions: maximumSessions,
                    maximumWaiters: configuration.maximumWaiters
                )
            )
        )
    }

    // MARK: Taking and giving back

    /// A connection for the caller alone: an idle one, a new one, or the next that is given back.
    func acquire() async throws(PostgresError) -> ConnectionHandle {
        if Task.isCancelled { throw .cancelledBeforeSending("waiting for a PostgreSQL session") }
        let ticket = state.withLock { $0.nextID() }
        let grant = await withTaskCancellationHandler {
            await withCheckedContinuation { enter(ticket: ticket, $0) }
        } onCancel: {
            leave(ticket: ticket, .cancelledBeforeSending("waiting for a PostgreSQL session"))
        }
        switch grant {
        case .lease(let handle): return handle
        case .open: return try await open()
        case .failed(let error): throw error
        }
    }

    /// Gives a connection back; one that is not usable is closed.
    func release(_ handle: ConnectionHandle, isUsable: Bool) {
        state.withLock { state in
            if !isUsable { state.handles[handle.id] = nil }
            handOver(state.machine.release(handle.id, isUsable: isUsable), &state)
        }
        if !isUsable { thread.submit(.close(handle.id)) }
    }

    /// Refuses everybody from now on.
    func close() {
        state.withLock { state in
            for ticket in state.machine.close() {
                state.waiters.removeValue(forKey: ticket)?.resume(returning: .failed(.clientClosed))
            }
        }
    }

    /// How many tasks wait.
    var waitingTasks: Int { state.withLock { $0.machine.waiting.count } }

    // MARK: Waiting

    private func enter(ticket: Int, _ continuation: CheckedContinuation<Grant, Never>) {
        var broken: [Int] = []
        let isWaiting = state.withLock { state in
            // A cancellation before this line is seen here, one after it finds the ticket in the queue.
            guard !Task.isCancelled else {
                continuation.resume(returning: .failed(.cancelledBeforeSending("waiting for a PostgreSQL session")))
                return false
            }
            let action = state.machine.acquire(ticket: ticket) { id in
                if state.handles[id]?.board.isUsable == true { return true }
                state.handles[id] = nil
                broken.append(id)
                return false
            }
            switch action {
            case .lease(let id):
                guard let handle = state.handles[id] else { preconditionFailure("lease of unknown connection") }
                continuation.resume(returning: .lease(handle))
            case .open: continuation.resume(returning: .open)
            case .refuseFull: continuation.resume(returning: .failed(.poolFull(configuration.maximumWaiters)))
            case .refuseClosed: continuation.resume(returning: .failed(.clientClosed))
            case .wait:
                state.waiters[ticket] = continuation
                return true
            }
            return false
        }
        for id in broken { thread.submit(.close(id)) }
        guard isWaiting else { return }
        let patience = configuration.sessionWait
        thread.submit(
            .startTimer(ticket, at: .now + patience) { [self] in leave(ticket: ticket, .poolExhausted(patience)) }
        )
    }

    private func leave(ticket: Int, _ error: PostgresError) {
        let waiter = state.withLock { state in
            state.machine.abandon(ticket: ticket) ? state.waiters.removeValue(forKey: ticket) : nil
        }
        guard let waiter else { return }
        thread.submit(.stopTimer(ticket))
        waiter.resume(returning: .failed(error))
    }

    private func handOver(_ action: SessionPoolStateMachine.HandOver, _ state: inout State) {
        let (ticket, grant): (Int, Grant)
        switch action {
        case .none: return
        case .open(let waiting): (ticket, grant) = (waiting, .open)
        case .lease(let id, let waiting):
            guard let handle = state.handles[id] else { preconditionFailure("hand-over of unknown connection") }
            (ticket, grant) = (waiting, .lease(handle))
        }
        thread.submit(.stopTimer(ticket))
        state.waiters.removeValue(forKey: ticket)?.resume(returning: grant)
    }

    // MARK: Opening

    /// Opens the connection that the caller was granted.
    private func open() async throws(PostgresError) -> ConnectionHandle {
        let giveUp = ContinuousClock.now + configuration.connectRetry
        var pause = Duration.milliseconds(50)
        while true {
            do throws(PostgresError) {
                let handle = try await connect()
                state.withLock { state in
                    state.handles[handle.id] = handle
                    state.machine.opened(handle.id)
                }
                return handle
            } catch {
                let mayHelp = error.code == .postgresUnavailable && error.sqlState != "3D000"
                guard mayHelp, ContinuousClock.now + pause < giveUp else {
                    state.withLock { state in handOver(state.machine.openFailed(), &state) }
                    throw error
                }
                // A cancelled sleep ends the next attempt at once.
                try? await Task.sleep(for: pause)
                pause = min(pause * 2, .seconds(1))
            }
        }
    }

    private func connect() async throws(PostgresError) -> ConnectionHandle {
        if Task.isCancelled { throw .cancelledBeforeSending("connecting to PostgreSQL") }
        let handle = ConnectionHandle(id: state.withLock { $0.nextID() }, thread: thread)
        thread.submit(.create(handle.board))
        let request = OpenRequest(configuration: configuration, deadline: .now + configuration.connectTimeout)
        do throws(PostgresError) {
            try await thread.call(interrupt: .interrupt(handle.id, number: 0, .cancelled)) { reply in
                .open(handle.id, request, reply)
            }
            return handle
        } catch {
            thread.submit(.close(handle.id))
            throw error
        }
    }
}

extension PostgresError {
    fileprivate static func poolExhausted(_ patience: Duration) -> PostgresError {
        PostgresError(
            .postgresDeadline,
            "no PostgreSQL session became free within \(patience)",
            hint: "shorten what holds sessions, or allow more of them"
        )
    }

    fileprivate static func poolFull(_ maximum: Int) -> PostgresError {
        PostgresError(
            .postgresUnavailable,
            "\(maximum) tasks wait for a PostgreSQL session already",
            hint: "the database is overloaded: try again later"
        )
    }
}
