import NIOCore
import Synchronization

/// The events of a subscription between the connection's loop and its reader, bounded.
///
/// At the bound the oldest message goes and is counted; what concerns the link is kept.
final class SubscriptionQueue: Sendable {
    private struct State {
        var events = CircularBuffer<RedisSubscriptionEvent>()
        var messages = 0
        var missed = 0
        var reader: CheckedContinuation<RedisSubscriptionEvent?, Never>?
        var isClosed = false

        /// The next event to read.
        mutating func pop() -> RedisSubscriptionEvent? {
            if missed > 0 {
                defer { missed = 0 }
                return .overflowed(missed: missed)
            }
            let event = events.popFirst()
            if case .message? = event { messages -= 1 }
            return event
        }

        mutating func dropOldestMessage() {
            let index = events.firstIndex { if case .message = $0 { true } else { false } }
            guard let index else { return }
            if index == events.startIndex { _ = events.removeFirst() } else { events.remove(at: index) }
            messages -= 1
            missed += 1
        }
    }

    private let maximumMessages: Int
    private let state = Mutex(State())

    init(maximumMessages: Int) {
        self.maximumMessages = max(1, maximumMessages)
    }

    /// Something happened.
    func append(_ event: RedisSubscriptionEvent) {
        let reader = state.withLock { state -> CheckedContinuation<RedisSubscriptionEvent?, Never>? in
            guard !state.isClosed else { return nil }
            if let reader = state.reader {
                state.reader = nil
                return reader
            }
            if case .message = event {
                if state.messages >= maximumMessages { state.dropOldestMessage() }
                state.messages += 1
            }
            state.events.append(event)
            return nil
        }
        reader?.resume(returning: event)
    }

    /// The next event; nil when closed or cancelled.
    func next() async -> RedisSubscriptionEvent? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let event: RedisSubscriptionEvent?? = state.withLock { state in
                    if Task.isCancelled { return .some(nil) }
                    if let event = state.pop() { return event }
                    if state.isClosed { return .some(nil) }
                    precondition(state.reader == nil, "two tasks read one subscription")
                    state.reader = continuation
                    return nil
                }
                if let event { continuation.resume(returning: event) }
            }
        } onCancel: {
            dismissReader()
        }
    }

    /// No more events; what was not read stays readable.
    func close() {
        state.withLock { $0.isClosed = true }
        dismissReader()
    }

    private func dismissReader() {
        let reader = state.withLock { state in
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume(returning: nil)
    }
}
