import Synchronization

/// What is known about a connection outside of the I/O thread, which alone writes to it.
final class ConnectionBoard: Sendable {
    /// The most notices kept; older ones go first.
    static let maximumNotices = 256

    struct Facts: Sendable {
        var isUsable = true
        var backendPID: Int32 = 0
        var serverVersion = 0
        var parameters: [String: String] = [:]
        var isInTransaction = false
        /// The number of the last exchange that ended and was taken by its caller.
        var lastEnded = 0
        /// A statement changed the session beyond a transaction (SET, LISTEN, …), or could have, unseen.
        var needsReset = false
        var notices: [PostgresNotice] = []
        /// How many notices have come in.
        var noticeCount = 0
    }

    let id: Int
    private let facts = Mutex(Facts())

    init(id: Int) {
        self.id = id
    }

    /// Whether the connection can be used; false once it is lost.
    var isUsable: Bool { read(\.isUsable) }

    /// Reads under the lock.
    func read<Value: Sendable>(_ value: (Facts) -> Value) -> Value {
        facts.withLock { value($0) }
    }

    /// Changes under the lock.
    @discardableResult
    func update<Value: Sendable>(_ change: (inout Facts) -> Value) -> Value {
        facts.withLock { change(&$0) }
    }

    func append(_ notice: PostgresNotice) {
        facts.withLock { facts in
            if facts.notices.count >= Self.maximumNotices { facts.notices.removeFirst() }
            facts.notices.append(notice)
            facts.noticeCount += 1
        }
    }
}
