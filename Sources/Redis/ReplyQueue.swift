import NIOCore

/// Who waits for the replies of a connection, in the order in which the commands were sent.
///
/// Replies carry no name: the n-th belongs to the n-th command. A waiter that gave up therefore leaves its place behind,
/// and the reply that comes for it is swallowed.
struct ReplyQueue<Waiter> {
    private enum Owner {
        case waiting(Waiter, deadline: NIODeadline)
        case abandoned(since: NIODeadline)
    }

    /// A place in the queue.
    private struct Place {
        var owner: Owner
        /// The bytes of the command.
        let size: Int
    }

    /// To whom a reply belongs.
    enum Receiver {
        case waiter(Waiter)
        /// To one that gave up: swallow it.
        case nobody
        /// The server answers what was not asked.
        case unexpected
    }

    private var places = CircularBuffer<Place>()

    /// How many replies are owed.
    var count: Int { places.count }

    /// When the owner of the next reply gave up; nil while it waits, or when none is owed.
    var headAbandonedSince: NIODeadline? {
        guard case .abandoned(let since)? = places.first?.owner else { return nil }
        return since
    }

    /// A command was sent.
    mutating func append(_ waiter: Waiter, deadline: NIODeadline, size: Int) {
        places.append(Place(owner: .waiting(waiter, deadline: deadline), size: size))
    }

    /// A reply came.
    ///
    /// - Returns: to whom it belongs, and the bytes of its command.
    mutating func next() -> (Receiver, size: Int) {
        guard let place = places.popFirst() else { return (.unexpected, 0) }
        switch place.owner {
        case .waiting(let waiter, _): return (.waiter(waiter), place.size)
        case .abandoned: return (.nobody, place.size)
        }
    }

    /// Takes out the waiters whose time is over and leaves their places.
    ///
    /// - Returns: the waiters, and the earliest deadline among the rest.
    mutating func expire(_ now: NIODeadline) -> (expired: [Waiter], next: NIODeadline?) {
        var expired: [Waiter] = []
        var next: NIODeadline?
        for index in places.indices {
            guard case .waiting(let waiter, let deadline) = places[index].owner else { continue }
            if deadline <= now {
                expired.append(waiter)
                places[index].owner = .abandoned(since: now)
            } else {
                next = min(next ?? deadline, deadline)
            }
        }
        return (expired, next)
    }

    /// The connection is gone: takes out everyone who still waits.
    ///
    /// - Returns: the waiters, and the number and bytes of all commands, those without a waiter included.
    mutating func removeAll() -> (waiters: [Waiter], commands: Int, bytes: Int) {
        defer { places.removeAll() }
        let waiters = places.compactMap { place -> Waiter? in
            guard case .waiting(let waiter, _) = place.owner else { return nil }
            return waiter
        }
        return (waiters, places.count, places.reduce(0) { $0 + $1.size })
    }
}
