import CLibpq

/// Notifications of one connection, bounded, and the task that waits for the next.
struct NotificationQueue {
    /// The most kept; beyond it the oldest is dropped and counted in the next one's `missed`.
    static let maximumCount = 1_024

    private struct Waiter {
        let number: Int
        let deadline: ContinuousClock.Instant
        let reply: Reply<PostgresNotification?>
    }

    private var queue: [PostgresNotification] = []
    private var missed = 0
    private var waiter: Waiter?
    /// How many have come in.
    private(set) var arrived = 0

    /// When the waiter gives up.
    var deadline: ContinuousClock.Instant? { waiter?.deadline }

    /// Takes one that arrived.
    mutating func append(channel: String, payload: String, backendPID: Int32) {
        arrived += 1
        if queue.count >= Self.maximumCount {
            missed += 1 + queue.removeFirst().missed
        }
        queue.append(PostgresNotification(channel: channel, payload: payload, backendPID: backendPID, missed: 0))
        serve()
    }

    /// Somebody waits; at most one may.
    mutating func wait(number: Int, until deadline: ContinuousClock.Instant, _ reply: Reply<PostgresNotification?>) {
        guard waiter == nil else {
            return reply(.failure(.misuse("another task waits for this session's notifications already")))
        }
        waiter = Waiter(number: number, deadline: deadline, reply: reply)
        serve()
    }

    /// Answers nil when the waiter's time is over.
    mutating func expire(_ now: ContinuousClock.Instant) {
        guard let waiter, waiter.deadline <= now else { return }
        self.waiter = nil
        waiter.reply(.success(nil))
    }

    /// The waiter's task was cancelled.
    mutating func interrupt(_ number: Int) {
        guard let waiter, waiter.number == number else { return }
        self.waiter = nil
        waiter.reply(.failure(.cancelledBeforeSending("waiting for a notification")))
    }

    /// The connection is gone.
    mutating func fail(_ error: PostgresError) {
        waiter?.reply(.failure(error))
        waiter = nil
    }

    /// Drops everything, for the next user of the connection.
    mutating func clear() {
        queue = []
        missed = 0
        fail(.misuse("the session that waited for a notification is over"))
    }

    private mutating func serve() {
        guard let waiter, !queue.isEmpty else { return }
        let first = queue.removeFirst()
        let notification = PostgresNotification(
            channel: first.channel,
            payload: first.payload,
            backendPID: first.backendPID,
            missed: missed
        )
        missed = 0
        self.waiter = nil
        waiter.reply(.success(notification))
    }
}

extension LibpqConnection {
    /// Moves notifications from libpq to the queue.
    func takeNotifications() {
        guard let handle, opening == nil, machine.state != .closed else { return }
        while let notification = PQnotifies(handle) {
            defer { PQfreemem(notification) }
            notifications.append(
                channel: String(cString: notification.pointee.relname),
                payload: String(cString: notification.pointee.extra),
                backendPID: notification.pointee.be_pid
            )
        }
    }

    /// The session waits for a notification.
    func awaitNotification(
        _ number: Int,
        until deadline: ContinuousClock.Instant,
        _ reply: Reply<PostgresNotification?>
    ) {
        let early = earlyInterruption
        earlyInterruption = nil
        lastStarted = max(lastStarted, number)
        if early?.number == number {
            return reply(.failure(.cancelledBeforeSending("waiting for a notification")))
        }
        guard machine.state != .closed else { return reply(.failure(.notSent(lossReason))) }
        notifications.wait(number: number, until: deadline, reply)
    }
}
