import Diagnostics
import Synchronization

/// The one thread on which all libpq connections of a client live.
///
/// Commands come in through a locked inbox; everything behind it (`ConnectionTable` and below) is made on the thread
/// and never leaves it. The thread ends with `stop()`.
final class IOThread: Sendable {
    private struct Inbox {
        var commands: [Command] = []
        var isOpen = true
    }

    private let inbox = Mutex(Inbox())
    private let wakeUp: WakeUpPipe

    /// Starts the thread.
    init() throws(PostgresError) {
        wakeUp = try WakeUpPipe()
        let isStarted = SystemThread.start { [self] in
            ConnectionTable(thread: self).run(wakeUpDescriptor: wakeUp.readEnd)
        }
        guard isStarted else {
            wakeUp.close()
            throw PostgresError(.internal, "no thread for PostgreSQL", hint: "raise the limit of threads")
        }
    }

    /// Hands a command to the thread; answers it at once when the thread is gone.
    func submit(_ command: Command) {
        let isAccepted = inbox.withLock { inbox in
            guard inbox.isOpen else { return false }
            inbox.commands.append(command)
            // Under the lock, so that the pipe cannot be closed meanwhile. Only the first of a batch needs to wake.
            if inbox.commands.count == 1 { wakeUp.wake() }
            return true
        }
        if !isAccepted { command.refuse() }
    }

    /// Submits a command that is answered, and waits for the answer.
    ///
    /// `interrupt` is submitted when the task is cancelled; without one it waits on regardless.
    func call<Value: Sendable>(
        interrupt: Command?,
        _ makeCommand: (Reply<Value>) -> Command
    ) async throws(PostgresError) -> Value {
        let result: Result<Value, PostgresError>
        if let interrupt {
            result = await withTaskCancellationHandler {
                await withCheckedContinuation { submit(makeCommand(Reply($0))) }
            } onCancel: {
                submit(interrupt)
            }
        } else {
            result = await withCheckedContinuation { submit(makeCommand(Reply($0))) }
        }
        return try result.get()
    }

    /// Ends every connection and the thread, and waits until that is done.
    func stop() async {
        // The thread answers success; failure means that it is gone already.
        _ = await withCheckedContinuation { submit(.stop(Reply($0))) } as Result<Void, PostgresError>
    }

    // MARK: For the thread itself

    /// Takes all commands that wait.
    func takeCommands() -> [Command] {
        wakeUp.drain()
        return inbox.withLock { inbox in
            defer { inbox.commands = [] }
            return inbox.commands
        }
    }

    /// Refuses everything from now on and what still waits.
    func close() {
        let rest = inbox.withLock { inbox in
            inbox.isOpen = false
            wakeUp.close()
            defer { inbox.commands = [] }
            return inbox.commands
        }
        for command in rest { command.refuse() }
    }
}
