public import RESP
import Synchronization

/// What a command ends with.
public typealias RedisReply = Result<RESPValue, RedisError>

/// Who gets the reply of a command.
enum Waiter: Sendable {
    /// A suspended task.
    case task(TaskWaiter)
    /// A closure that runs on the connection's loop.
    case closure(@Sendable (RedisReply) -> Void)

    /// The command is about to be sent.
    ///
    /// - Returns: false when nobody wants it any more.
    func markSent() -> Bool {
        switch self {
        case .task(let waiter): waiter.markSent()
        case .closure: true
        }
    }

    /// Hands the reply over, unless the waiter has one already.
    func finish(_ reply: RedisReply) {
        switch self {
        case .task(let waiter): waiter.finish(reply)
        case .closure(let completion): completion(reply)
        }
    }
}

/// A suspended task that is resumed once: by its reply, its deadline, a loss, or its own cancellation, from any thread.
final class TaskWaiter: Sendable {
    private enum State {
        /// Exits: `waiting`, `finished`.
        case new
        /// Exits: `finished`.
        case waiting(CheckedContinuation<RedisReply, Never>, wasSent: Bool)
        case finished
    }

    private let state = Mutex(State.new)

    /// The task is suspended.
    ///
    /// - Returns: false when it was cancelled before; it is resumed then and nothing must be sent.
    func install(_ continuation: CheckedContinuation<RedisReply, Never>) -> Bool {
        let isWanted = state.withLock { state in
            guard case .new = state else { return false }
            state = .waiting(continuation, wasSent: false)
            return true
        }
        if !isWanted { continuation.resume(returning: .failure(.cancelled(wasSent: false))) }
        return isWanted
    }

    func markSent() -> Bool {
        state.withLock { state in
            guard case .waiting(let continuation, _) = state else { return false }
            state = .waiting(continuation, wasSent: true)
            return true
        }
    }

    func finish(_ reply: RedisReply) {
        take()?.continuation.resume(returning: reply)
    }

    /// The task was cancelled.
    func cancel() {
        guard let (continuation, wasSent) = take() else { return }
        continuation.resume(returning: .failure(.cancelled(wasSent: wasSent)))
    }

    private func take() -> (continuation: CheckedContinuation<RedisReply, Never>, wasSent: Bool)? {
        state.withLock { state in
            defer { state = .finished }
            guard case .waiting(let continuation, let wasSent) = state else { return nil }
            return (continuation, wasSent)
        }
    }
}
