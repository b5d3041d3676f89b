import Diagnostics
import NIOCore
import RESP

/// The loop's side of a connection: performs what the state machine says.
// @unchecked: every member but the constants is used on `eventLoop` alone, which each entry checks.
final class RedisLink: @unchecked Sendable {
    /// What a connection that carries a subscription tells, on the loop.
    struct SubscriptionEvents: Sendable {
        let ready: @Sendable () -> Void
        let pushed: @Sendable (RESPValue) -> Void
        let lost: @Sendable (RedisError) -> Void
    }

    let eventLoop: any EventLoop
    let configuration: RedisConfiguration
    private let transport: RedisTransport
    private var events: SubscriptionEvents?
    // Both own each other until `close`, which every scope reaches.
    private var front: RedisConnection?

    private var machine: RedisConnectionStateMachine
    private var channel: (any Channel)?
    private var decoder: RESPDecoder
    private var replies = ReplyQueue<Waiter>()
    /// Commands that wait for the attempt to connect.
    private var held: [Submission] = []
    /// Why the last attempt or connection ended.
    private var failure: RedisError?
    private var lastReceived = NIODeadline.now()
    private var sweep: (deadline: NIODeadline, task: Scheduled<Void>)?
    private var connectLimit: Scheduled<Void>?
    private var retry: Scheduled<Void>?

    init(_ configuration: RedisConfiguration, transport: RedisTransport, isSubscriber: Bool) {
        self.configuration = configuration
        self.transport = transport
        eventLoop = transport.eventLoop
        decoder = RESPDecoder(limits: configuration.limits)
        machine = RedisConnectionStateMachine(
            hasLogin: configuration.url.password != nil,
            selectsDatabase: configuration.url.database != 0,
            isSubscriber: isSubscriber
        )
    }

    /// Called once, before anything else.
    func attach(_ front: RedisConnection) {
        self.front = front
    }

    // MARK: Commands

    /// Sends, holds or fails what callers left in the outbox.
    func drain() {
        eventLoop.preconditionInEventLoop()
        guard let batch = front?.takeBatch(), !batch.isEmpty else { return }
        switch machine.submit() {
        case .send: send(batch)
        case .hold: hold(batch)
        case .connectAndHold:
            hold(batch)
            connect()
        case .refuse:
            drop(batch, failure ?? .clientClosed)
        }
    }

    /// Writes a command whose answers are pushes.
    func write(_ command: RESPCommand) {
        eventLoop.preconditionInEventLoop()
        guard let channel else { return }
        channel.writeAndFlush(channel.allocator.buffer(bytes: command.encoded), promise: nil)
    }

    private func hold(_ batch: [Submission]) {
        held += batch
        scheduleSweep(batch)
    }

    private func send(_ batch: [Submission]) {
        guard let channel else { preconditionFailure("a ready connection without a channel") }
        var buffer = channel.allocator.buffer(capacity: batch.reduce(0) { $0 + $1.command.encoded.count })
        var unwanted = (commands: 0, bytes: 0)
        for submission in batch {
            let size = submission.command.encoded.count
            guard submission.waiter.markSent() else {
                unwanted.commands += 1
                unwanted.bytes += size
                continue
            }
            buffer.writeBytes(submission.command.encoded)
            replies.append(submission.waiter, deadline: submission.deadline, size: size)
        }
        if unwanted.commands > 0 { front?.release(commands: unwanted.commands, bytes: unwanted.bytes) }
        guard buffer.readableBytes > 0 else { return }
        channel.writeAndFlush(buffer, promise: nil)
        scheduleSweep(batch)
    }

    private func drop(_ batch: [Submission], _ error: RedisError) {
        guard !batch.isEmpty else { return }
        front?.release(commands: batch.count, bytes: batch.reduce(0) { $0 + $1.command.encoded.count })
        for submission in batch { submission.waiter.finish(.failure(error)) }
    }

    // MARK: Connecting

    /// Connects, and tells what happens from now on.
    func subscribe(_ events: SubscriptionEvents) {
        eventLoop.preconditionInEventLoop()
        self.events = events
        if machine.wake() { connect() }
    }

    private func connect() {
        let attempt = machine.attempt
        decoder = RESPDecoder(limits: configuration.limits)
        failure = nil
        connectLimit = eventLoop.scheduleTask(in: TimeAmount(clamping: configuration.connectTimeout)) {
            self.connectTimeIsOver(attempt)
        }
        transport.connect(self, attempt: attempt).whenComplete { result in
            switch result {
            case .success(let channel): self.opened(channel, attempt: attempt)
            case .failure(let error):
                self.failed(error, attempt: attempt)
                self.lost(attempt: attempt)
            }
        }
    }

    private func connectTimeIsOver(_ attempt: Int) {
        guard machine.isConnecting(attempt: attempt) else { return }
        note(.unavailable("\(configuration.url) did not answer within \(configuration.connectTimeout)"))
        giveUpChannel(attempt)
    }

    private func opened(_ channel: any Channel, attempt: Int) {
        guard let step = machine.opened(attempt: attempt) else {
            channel.close(promise: nil)
            return
        }
        self.channel = channel
        lastReceived = .now()
        greet(step)
    }

    private func greet(_ step: GreetingStateMachine.Step) {
        write(configuration.greeting(step))
    }

    private func becameReady() {
        connectLimit?.cancel()
        connectLimit = nil
        failure = nil
        front?.becameReady()
        events?.ready()
        let waiting = held
        held = []
        send(waiting)
    }

    // MARK: Replies

    func received(_ buffer: ByteBuffer, attempt: Int) {
        eventLoop.preconditionInEventLoop()
        guard attempt == machine.attempt else { return }
        lastReceived = .now()
        buffer.withUnsafeReadableBytes { decoder.append(contentsOf: $0) }
        do {
            while attempt == machine.attempt, let value = try decoder.next() {
                switch machine.received(value, attempt: attempt) {
                case .deliver:
                    let (receiver, size) = replies.next()
                    if case .unexpected = receiver {
                        return breakProtocol("it answered what was not asked", nil, attempt)
                    }
                    // Before the reply: whoever has it finds room for the next command.
                    front?.release(commands: 1, bytes: size)
                    if case .waiter(let waiter) = receiver { waiter.finish(Self.reply(value)) }
                case .push: events?.pushed(value)
                case .greet(let step): greet(step)
                case .becomeReady: becameReady()
                case .giveUp(let error):
                    note(error)
                    return giveUpChannel(attempt)
                case .ignore: return
                }
            }
        } catch {
            breakProtocol("it is no Redis, or speaks another protocol", error, attempt)
        }
    }

    private static func reply(_ value: RESPValue) -> RedisReply {
        if let text = value.errorText { return .failure(.refused(text)) }
        return .success(value)
    }

    private func breakProtocol(_ what: String, _ cause: (any Error)?, _ attempt: Int) {
        note(
            RedisError(
                .redisProtocol,
                "\(configuration.url) broke the protocol: \(what)",
                hint: "check host and port; for TLS the URL must begin with rediss://",
                cause: cause
            )
        )
        giveUpChannel(attempt)
    }

    // MARK: Losing the connection

    /// Something went wrong on the channel, which closes next.
    func failed(_ error: any Error, attempt: Int) {
        eventLoop.preconditionInEventLoop()
        guard attempt == machine.attempt else { return }
        note(.connecting(error, to: configuration.url))
    }

    /// Gives the transport up as broken.
    func reset(_ reason: RedisError) {
        eventLoop.preconditionInEventLoop()
        note(reason)
        giveUpChannel(machine.attempt)
    }

    /// The channel of an attempt is gone.
    func lost(attempt: Int) {
        eventLoop.preconditionInEventLoop()
        let wasConnecting = machine.isConnecting(attempt: attempt)
        guard case .pause(let failures) = machine.lost(attempt: attempt) else { return }
        let error = failure ?? .closed(configuration.url, wasConnecting: wasConnecting)
        failure = error
        channel = nil
        connectLimit?.cancel()
        connectLimit = nil
        failEverything(error)
        events?.lost(error)
        let pause = configuration.backOff.pause(afterFailures: failures, chance: .random(in: 0..<1))
        retry = eventLoop.scheduleTask(in: TimeAmount(clamping: pause)) {
            if self.machine.retryDue() { self.connect() }
        }
    }

    /// The first failure of an attempt is the one to tell.
    private func note(_ error: RedisError) {
        failure = failure ?? error
    }

    /// Closes the channel without waiting for it to say that it is closed.
    private func giveUpChannel(_ attempt: Int) {
        let channel = channel
        lost(attempt: attempt)
        channel?.close(promise: nil)
    }

    private func failEverything(_ error: RedisError) {
        let sent = replies.removeAll()
        front?.release(commands: sent.commands, bytes: sent.bytes)
        for waiter in sent.waiters { waiter.finish(.failure(error.withUnknownOutcome)) }
        let waiting = held
        held = []
        drop(waiting, error)
    }

    /// Fails what waits, closes the channel, and says when it is closed.
    func close(_ done: @escaping @Sendable () -> Void) {
        eventLoop.preconditionInEventLoop()
        machine.close()
        for task in [connectLimit, retry, sweep?.task] { task?.cancel() }
        drop(front?.takeBatch() ?? [], .clientClosed)
        failEverything(.clientClosed)
        front = nil
        events = nil
        guard let channel else { return done() }
        self.channel = nil
        channel.close().whenComplete { _ in done() }
    }

    // MARK: Deadlines

    private func scheduleSweep(_ batch: [Submission]) {
        guard let earliest = batch.lazy.map(\.deadline).min() else { return }
        scheduleSweep(at: earliest)
    }

    /// One timer for all deadlines: it is moved only when an earlier one comes.
    private func scheduleSweep(at deadline: NIODeadline) {
        if let sweep {
            guard deadline < sweep.deadline else { return }
            sweep.task.cancel()
        }
        sweep = (deadline, eventLoop.scheduleTask(deadline: deadline) { self.sweepDeadlines() })
    }

    private func sweepDeadlines() {
        sweep = nil
        let now = NIODeadline.now()
        let late = held.filter { $0.deadline <= now }
        held.removeAll { $0.deadline <= now }
        drop(late, .deadline(wasSent: false))
        let (expired, next) = replies.expire(now)
        for waiter in expired { waiter.finish(.failure(.deadline(wasSent: true))) }
        guard !isSilent(now) else {
            return reset(.unavailable("\(configuration.url) was silent for \(configuration.silenceLimit)"))
        }
        var candidates = held.map(\.deadline)
        if let next { candidates.append(next) }
        // Nobody waits for the oldest reply: look again when the patience with it ends.
        if let since = replies.headAbandonedSince {
            candidates.append(max(since, lastReceived) + TimeAmount(clamping: configuration.silenceLimit))
        }
        // Deadlines that differ by less than a millisecond share a sweep.
        if let earliest = candidates.min() { scheduleSweep(at: max(earliest, now + .milliseconds(1))) }
    }

    private func isSilent(_ now: NIODeadline) -> Bool {
        guard let since = replies.headAbandonedSince else { return false }
        return max(since, lastReceived) + TimeAmount(clamping: configuration.silenceLimit) <= now
    }
}
