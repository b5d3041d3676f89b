public import NIOCore
public import RESP
import Synchronization

/// One multiplexed connection on one event loop, shared by any number of callers.
///
/// Commands of all callers are sent in batches without waiting for replies, and replies are handed out in order. It
/// connects when it is first used and again after a loss; while it pauses between attempts commands fail at once.
public final class RedisConnection: Sendable {
    /// The loop that it lives on.
    public let eventLoop: any EventLoop

    private let configuration: RedisConfiguration
    private let outbox: Mutex<Outbox>
    private let readies = Atomic<Int>(0)
    private let link: RedisLink

    init(_ configuration: RedisConfiguration, transport: RedisTransport, isSubscriber: Bool = false) {
        self.configuration = configuration
        eventLoop = transport.eventLoop
        outbox = Mutex(
            Outbox(
                maximumCommands: configuration.maximumPendingCommands,
                maximumBytes: configuration.maximumPendingBytes
            )
        )
        link = RedisLink(configuration, transport: transport, isSubscriber: isSubscriber)
        link.attach(self)
    }

    /// How many times it became ready: one more means that it was lost in between and anything may have happened.
    public var generation: Int { readies.load(ordering: .acquiring) }

    // MARK: Sending

    /// Sends a command and waits for its reply.
    ///
    /// `timeout` is by default the configuration's `commandTimeout`. A task that is cancelled stops waiting at once; the
    /// command may run all the same. Throws `redis.refused` or `redis.authentication` when the server answers with an
    /// error, `redis.unavailable` without a link, `redis.deadline`, `redis.cancelled`, `redis.overloaded`.
    @discardableResult
    public func send(_ command: RESPCommand, timeout: Duration? = nil) async throws(RedisError) -> RESPValue {
        let waiter = TaskWaiter()
        let deadline = deadline(timeout)
        let reply = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard waiter.install(continuation) else { return }
                submit(Submission(command: command, waiter: .task(waiter), deadline: deadline))
            }
        } onCancel: {
            waiter.cancel()
        }
        return try reply.get()
    }

    /// Sends a command; the closure gets its reply on the connection's loop, never before this returns.
    ///
    /// May be called on any thread. The same errors as `send(_:timeout:)`, without cancellation.
    public func send(
        _ command: RESPCommand,
        timeout: Duration? = nil,
        completion: @escaping @Sendable (RedisReply) -> Void
    ) {
        submit(Submission(command: command, waiter: .closure(completion), deadline: deadline(timeout)))
    }

    /// The same for callers on the connection's loop: the command leaves before this returns, with all that waited before it.
    ///
    /// For those who have gathered what to send; others send more at a time when the loop does it at the end of its turn.
    public func sendNow(
        _ command: RESPCommand,
        timeout: Duration? = nil,
        completion: @escaping @Sendable (RedisReply) -> Void
    ) {
        eventLoop.preconditionInEventLoop()
        let submission = Submission(command: command, waiter: .closure(completion), deadline: deadline(timeout))
        switch outbox.withLock({ $0.append(submission) }) {
        case .wait, .schedule: link.drain()
        case .refuse(let refusal): refuse(submission, refusal)
        }
    }

    private func deadline(_ timeout: Duration?) -> NIODeadline {
        .now() + TimeAmount(clamping: timeout ?? configuration.commandTimeout)
    }

    private func submit(_ submission: Submission) {
        switch outbox.withLock({ $0.append(submission) }) {
        case .wait: return
        case .schedule: eventLoop.execute { self.link.drain() }
        case .refuse(let refusal): refuse(submission, refusal)
        }
    }

    private func refuse(_ submission: Submission, _ refusal: Outbox.Refusal) {
        let error = refusalError(refusal)
        eventLoop.execute { submission.waiter.finish(.failure(error)) }
    }

    private func refusalError(_ refusal: Outbox.Refusal) -> RedisError {
        switch refusal {
        case .closed: .clientClosed
        case .tooManyCommands: .overloaded("\(configuration.maximumPendingCommands) commands")
        case .tooManyBytes: .overloaded("\(configuration.maximumPendingBytes) bytes of commands")
        }
    }

    // MARK: For the link, on its loop

    func takeBatch() -> [Submission] { outbox.withLock { $0.take() } }

    func release(commands: Int, bytes: Int) {
        outbox.withLock { $0.release(commands: commands, bytes: bytes) }
    }

    func becameReady() { readies.add(1, ordering: .releasing) }

    // MARK: Scope

    /// Connects, and tells what happens from now on.
    func subscribe(_ events: RedisLink.SubscriptionEvents) {
        eventLoop.execute { self.link.subscribe(events) }
    }

    /// Gives the transport up as broken; the connection makes a new one.
    func reset(_ reason: RedisError) {
        eventLoop.execute { self.link.reset(reason) }
    }

    /// Writes a command whose answers are pushes.
    func push(_ command: RESPCommand) {
        eventLoop.execute { self.link.write(command) }
    }

    /// Takes no more commands, fails those that wait, and closes the transport.
    func close() async {
        outbox.withLock { $0.close() }
        await withCheckedContinuation { continuation in
            eventLoop.execute { self.link.close { continuation.resume() } }
        }
    }
}

extension TimeAmount {
    /// The same length of time; beyond 100 years it is 100 years, so that adding it to now never overflows.
    init(clamping duration: Duration) {
        let longest: Int64 = 100 * 365 * 86_400
        let (seconds, attoseconds) = duration.components
        self = .nanoseconds(min(max(seconds, 0), longest) * 1_000_000_000 + max(attoseconds, 0) / 1_000_000_000)
    }
}
