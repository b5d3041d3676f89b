import Synchronization

/// A connection as seen from outside of the I/O thread: its number, its board, and the way to it.
final class ConnectionHandle: Sendable {
    let id: Int
    let board: ConnectionBoard
    let thread: IOThread
    private let lastNumber = Mutex(0)

    init(id: Int, thread: IOThread) {
        self.id = id
        self.thread = thread
        board = ConnectionBoard(id: id)
    }

    /// A number for the next exchange.
    func nextNumber() -> Int {
        lastNumber.withLock { number in
            number += 1
            return number
        }
    }

    /// The number of the last exchange.
    var currentNumber: Int { lastNumber.withLock { $0 } }

    /// Sends a statement and waits for its first answer.
    ///
    /// `effect` says what a missing reply means, by default decided by whether a transaction is open; `isShielded` is
    /// true for cleanup, which runs also in a cancelled task.
    func perform(
        _ sql: String,
        _ form: Statement.Form,
        shape: ConnectionStateMachine.Shape = .collected,
        effect: ConnectionStateMachine.Effect? = nil,
        deadline: ContinuousClock.Instant?,
        isShielded: Bool = false
    ) async throws(PostgresError) -> (number: Int, answer: Answer) {
        if Task.isCancelled, !isShielded { throw .cancelledBeforeSending("a statement") }
        let statement = Statement(
            number: nextNumber(),
            sql: sql,
            form: form,
            shape: shape,
            effect: effect,
            deadline: deadline
        )
        let answer = try await thread.call(interrupt: isShielded ? nil : interrupt(statement.number)) { reply in
            .perform(id, statement, reply)
        }
        return (statement.number, answer)
    }

    /// The command that stops an exchange of a cancelled task.
    func interrupt(_ number: Int) -> Command {
        .interrupt(id, number: number, .cancelled)
    }

    /// Whether nothing runs; only a task that outlives its session's scope can leave something.
    func isIdle() async -> Bool {
        if board.read({ $0.lastEnded }) == currentNumber { return true }
        let answer =
            await withCheckedContinuation { thread.submit(.askIdle(id, Reply($0))) }
            as Result<Bool, PostgresError>
        return (try? answer.get()) ?? false  // a thread that is gone has nothing to lend
    }

    /// Leaves an exchange half way; returns when the connection is usable again, or gone.
    func abandon(_ number: Int) async {
        // Success in any case: there is nothing that the caller could do.
        _ =
            await withCheckedContinuation { thread.submit(.abandon(id, number: number, Reply($0))) }
            as Result<Void, PostgresError>
    }
}
