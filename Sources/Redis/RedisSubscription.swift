/// What happens on a subscription.
public enum RedisSubscriptionEvent: Sendable {
    /// Every channel and pattern is subscribed: from here on nothing is missed until `lost` or `overflowed`.
    case subscribed
    /// Somebody published something.
    case message(RedisMessage)
    /// The link is gone, or the server refused the subscription: messages are missed until `subscribed` comes again.
    case lost(RedisError)
    /// The reader was too slow: so many of the oldest messages were dropped.
    case overflowed(missed: Int)
}

/// A published message.
public struct RedisMessage: Sendable, Hashable {
    /// The channel it was published on.
    public let channel: [UInt8]
    /// The pattern that matched it; nil for a channel subscribed by name.
    public let pattern: [UInt8]?
    /// What was published.
    public let payload: [UInt8]
}

/// The events of a subscription, in order; for one reader.
///
/// Ends when its scope ends or the reading task is cancelled.
public struct RedisSubscription: AsyncSequence, Sendable {
    /// One event.
    public typealias Element = RedisSubscriptionEvent

    private let queue: SubscriptionQueue

    init(_ queue: SubscriptionQueue) {
        self.queue = queue
    }

    /// Reads the events one by one.
    public struct AsyncIterator: AsyncIteratorProtocol, Sendable {
        fileprivate let queue: SubscriptionQueue

        /// The next event; nil when the scope has ended or the task is cancelled.
        public func next() async -> RedisSubscriptionEvent? {
            await queue.next()
        }
    }

    /// A reader; at most one may wait at a time.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(queue: queue)
    }
}
