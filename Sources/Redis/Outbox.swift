import NIOCore
import RESP
import Synchronization

/// A command on its way to the connection's loop.
struct Submission: Sendable {
    let command: RESPCommand
    let waiter: Waiter
    let deadline: NIODeadline
}

/// Where callers on any thread leave their commands for the loop, bounded.
///
/// Counts commands until they are answered, so the bound holds for everything that waits for one connection.
struct Outbox: Sendable {
    /// Why a command was not taken.
    enum Refusal: Sendable, Equatable {
        case closed
        case tooManyCommands
        case tooManyBytes
    }

    /// What taking a command leads to.
    enum Action: Sendable, Equatable {
        /// The first of a batch: tell the loop.
        case schedule
        /// The loop knows already.
        case wait
        case refuse(Refusal)
    }

    private let maximumCommands: Int
    private let maximumBytes: Int
    private var batch: [Submission] = []
    private var isClosed = false
    /// Commands taken and not answered.
    private(set) var commands = 0
    /// Their bytes.
    private(set) var bytes = 0

    init(maximumCommands: Int, maximumBytes: Int) {
        self.maximumCommands = maximumCommands
        self.maximumBytes = maximumBytes
    }

    /// Takes a command.
    mutating func append(_ submission: Submission) -> Action {
        guard !isClosed else { return .refuse(.closed) }
        guard commands < maximumCommands else { return .refuse(.tooManyCommands) }
        let size = submission.command.encoded.count
        // One large command may go alone.
        guard bytes == 0 || bytes + size <= maximumBytes else { return .refuse(.tooManyBytes) }
        commands += 1
        bytes += size
        batch.append(submission)
        return batch.count == 1 ? .schedule : .wait
    }

    /// Hands the batch to the loop.
    mutating func take() -> [Submission] {
        let taken = batch
        batch = []
        batch.reserveCapacity(min(taken.count, 1_024))
        return taken
    }

    /// So many commands were answered or dropped.
    mutating func release(commands: Int, bytes: Int) {
        self.commands -= commands
        self.bytes -= bytes
    }

    /// Takes no more.
    mutating func close() {
        isClosed = true
    }
}
