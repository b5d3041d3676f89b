#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The loop of the I/O thread: commands in, poll(2), events and deadlines out.
///
/// Lives on that thread alone.
final class ConnectionTable {
    private struct Timer {
        let deadline: ContinuousClock.Instant
        let action: @Sendable () -> Void
    }

    private let thread: IOThread
    private var connections: [Int: LibpqConnection] = [:]
    private var lanes: [Int: Lane] = [:]
    private var timers: [Int: Timer] = [:]
    private var stopping: Reply<Void>?

    init(thread: IOThread) {
        self.thread = thread
    }

    /// Runs until `stop`.
    func run(wakeUpDescriptor: Int32) {
        while stopping == nil {
            for command in thread.takeCommands() { handle(command) }
            let now = ContinuousClock.now
            fireTimers(now)
            for connection in connections.values { connection.tick(now) }
            for lane in lanes.values { lane.tick(now) }
            if stopping == nil { wait(wakeUpDescriptor: wakeUpDescriptor, now: now) }
        }
        for connection in connections.values { connection.close() }
        connections = [:]
        for lane in lanes.values { lane.close() }
        lanes = [:]
        thread.close()
        stopping?(.success(()))
    }

    // MARK: Waiting

    private func wait(wakeUpDescriptor: Int32, now: ContinuousClock.Instant) {
        var descriptors = [pollfd(fd: wakeUpDescriptor, events: Int16(POLLIN), revents: 0)]
        var watched: [any Polled] = []
        func watch(_ connection: some Polled) {
            // A connection nobody reads from is left out: poll would report its hang-up over and over.
            guard let interest = connection.interest else { return }
            descriptors.append(
                pollfd(
                    fd: interest.descriptor,
                    events: (interest.reads ? Int16(POLLIN) : 0) | (interest.writes ? Int16(POLLOUT) : 0),
                    revents: 0
                )
            )
            watched.append(connection)
        }
        for connection in connections.values { watch(connection) }
        for lane in lanes.values {
            for connection in lane.watched { watch(connection) }
        }
        let ready = poll(&descriptors, nfds_t(descriptors.count), timeout(from: now))
        guard ready > 0 else { return }
        for (connection, descriptor) in zip(watched, descriptors.dropFirst()) where descriptor.revents != 0 {
            let broken = Int16(POLLERR) | Int16(POLLHUP) | Int16(POLLNVAL)
            connection.ready(
                reads: descriptor.revents & (Int16(POLLIN) | broken) != 0,
                writes: descriptor.revents & (Int16(POLLOUT) | broken) != 0
            )
        }
    }

    /// Milliseconds to the next deadline, rounded up; -1 without one.
    private func timeout(from now: ContinuousClock.Instant) -> Int32 {
        let deadlines =
            connections.values.compactMap(\.deadline) + timers.values.map(\.deadline)
            + lanes.values.compactMap(\.deadline)
        guard let next = deadlines.min() else { return -1 }
        guard next > now else { return 0 }
        return Int32(clamping: (next - now).wholeMilliseconds + 1)
    }

    private func fireTimers(_ now: ContinuousClock.Instant) {
        for (id, timer) in timers where timer.deadline <= now {
            timers[id] = nil
            timer.action()
        }
    }

    // MARK: Commands

    private func handle(_ command: Command) {
        switch command {
        case .create(let board): connections[board.id] = LibpqConnection(board: board, thread: thread)
        case .open(let id, let request, let reply): on(id, command) { $0.open(request, reply) }
        case .perform(let id, let statement, let reply): on(id, command) { $0.perform(statement, reply) }
        case .pull(let id, let number, let reply): on(id, command) { $0.pull(number, reply) }
        case .write(let id, let number, let bytes, let reply): on(id, command) { $0.write(number, bytes, reply) }
        case .endRows(let id, let number, let reply): on(id, command) { $0.endRows(number, reply) }
        case .abandon(let id, let number, let reply): on(id, command) { $0.abandon(number, reply) }
        case .askIdle(let id, let reply): on(id, command) { reply(.success($0.machine.state == .idle)) }
        case .interrupt(let id, let number, let reason): on(id, command) { $0.interrupt(number, reason) }
        case .cancelReturned(let id, let number): on(id, command) { $0.cancelReturned(number) }
        case .awaitNotification(let id, let number, let deadline, let reply):
            on(id, command) { $0.awaitNotification(number, until: deadline, reply) }
        case .dropNotifications(let id): on(id, command) { $0.notifications.clear() }
        case .close(let id):
            connections.removeValue(forKey: id)?.close()
        case .startTimer(let id, let deadline, let action): timers[id] = Timer(deadline: deadline, action: action)
        case .stopTimer(let id): timers[id] = nil
        case .openLane(let id, let entrance): lanes[id] = Lane(entrance)
        case .request(let id, let request):
            if let lane = lanes[id] { lane.submit(request) } else { command.refuse() }
        case .withdraw(let id, let ticket): lanes[id]?.withdraw(ticket)
        case .stop(let reply):
            if stopping == nil { stopping = reply } else { reply(.success(())) }
        }
    }

    /// A broken connection answers for itself until it is closed; one that was closed has no user.
    private func on(_ id: Int, _ command: Command, _ body: (LibpqConnection) -> Void) {
        if let connection = connections[id] { body(connection) } else { command.refuse() }
    }
}
