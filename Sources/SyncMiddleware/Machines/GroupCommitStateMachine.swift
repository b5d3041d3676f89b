/// Which waiting writes share the next transaction: those that came while the last ones were under way.
///
/// Group commit without a pause: a write that finds a free turn goes at once and alone, and under load a group grows to what
/// came in the time of a COMMIT. Writes are numbers.
struct GroupCommitStateMachine: Sendable {
    /// What becomes of a write that came.
    enum Arrival: Sendable, Equatable {
        /// It waits for a turn to end.
        case wait
        /// A free turn begins with these.
        case begin([Int])
        /// There are no turns any more: it goes by itself.
        case alone
    }

    private let maximumWrites: Int
    /// How many turns are free.
    private(set) var free = 0
    /// In the order of their coming; empty while a turn is free.
    private(set) var waiting: [Int] = []
    private(set) var isClosed = false

    /// - Parameter maximumWrites: the most writes that share a transaction.
    init(maximumWrites: Int) {
        self.maximumWrites = max(maximumWrites, 1)
    }

    /// A write came.
    mutating func arrived(_ write: Int) -> Arrival {
        guard !isClosed else { return .alone }
        waiting.append(write)
        guard free > 0 else { return .wait }
        free -= 1
        return .begin(take())
    }

    /// A turn has ended, or is there for the first time: the writes that it begins anew with; none when it is free.
    mutating func freed() -> [Int] {
        let group = take()
        if group.isEmpty { free += 1 }
        return group
    }

    /// There are no turns any more: gives the writes that wait.
    mutating func close() -> [Int] {
        isClosed = true
        defer { (waiting, free) = ([], 0) }
        return waiting
    }

    private mutating func take() -> [Int] {
        let group = Array(waiting.prefix(maximumWrites))
        waiting.removeFirst(group.count)
        return group
    }
}
