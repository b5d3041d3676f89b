import Diagnostics
import NIOCore
import RESP
import Synchronization

/// Keeps a subscription alive: subscribes whenever the connection becomes ready, asks whether the server lives, and
/// turns what it sends into events.
final class SubscriptionRunner: Sendable {
    let queue: SubscriptionQueue
    private let configuration: RedisConfiguration
    private let channels: [RESPArgument]
    private let patterns: [RESPArgument]
    private let connection: RedisConnection
    /// How many channels and patterns the server has confirmed on this connection.
    private let confirmed = Mutex(0)

    init(
        _ configuration: RedisConfiguration,
        transport: RedisTransport,
        channels: [RESPArgument],
        patterns: [RESPArgument]
    ) {
        self.configuration = configuration
        self.channels = channels
        self.patterns = patterns
        queue = SubscriptionQueue(maximumMessages: configuration.maximumMessages)
        connection = RedisConnection(configuration, transport: transport, isSubscriber: true)
    }

    /// Connects.
    func start() {
        connection.subscribe(
            RedisLink.SubscriptionEvents(
                ready: { self.subscribe() },
                pushed: { self.pushed($0) },
                lost: { self.queue.append(.lost($0)) }
            )
        )
    }

    /// Closes the connection and ends the events.
    func stop() async {
        await connection.close()
        queue.close()
    }

    private func subscribe() {
        confirmed.withLock { $0 = 0 }
        if !channels.isEmpty { connection.push(RESPCommand("SUBSCRIBE", channels)) }
        if !patterns.isEmpty { connection.push(RESPCommand("PSUBSCRIBE", patterns)) }
        ask(generation: connection.generation)
    }

    private func pushed(_ value: RESPValue) {
        // A subscriber's commands are not refused but for what the user may not read.
        if let text = value.errorText { return connection.reset(.refused(text)) }
        guard let parts = value.elements, let word = parts.first?.text else { return }
        switch (word, parts.count) {
        case ("message", 3):
            guard let channel = parts[1].bytes, let payload = parts[2].bytes else { return }
            queue.append(.message(RedisMessage(channel: channel, pattern: nil, payload: payload)))
        case ("pmessage", 4):
            guard let pattern = parts[1].bytes, let channel = parts[2].bytes, let payload = parts[3].bytes else {
                return
            }
            queue.append(.message(RedisMessage(channel: channel, pattern: pattern, payload: payload)))
        case ("subscribe", _), ("psubscribe", _):
            let count = confirmed.withLock { count in
                count += 1
                return count
            }
            if count == channels.count + patterns.count { queue.append(.subscribed) }
        default: break
        }
    }

    /// Asks whether the server lives, and again after a while for as long as it is the same connection.
    private func ask(generation: Int) {
        connection.send(RESPCommand("PING"), timeout: configuration.heartbeatLimit) { reply in
            guard generation == self.connection.generation else { return }
            switch reply {
            case .success:
                _ = self.connection.eventLoop.scheduleTask(in: TimeAmount(clamping: self.configuration.heartbeat)) {
                    self.ask(generation: generation)
                }
            case .failure(let error) where error.code == .redisDeadline:
                self.connection.reset(
                    .unavailable("\(self.configuration.url) did not answer within \(self.configuration.heartbeatLimit)")
                )
            case .failure: break
            }
        }
    }
}
