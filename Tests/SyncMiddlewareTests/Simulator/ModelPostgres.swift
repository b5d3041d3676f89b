@testable import SyncMiddleware

/// As much of PostgreSQL as the protocol can see: versioned rows, row locks, transactions that commit late, the change
/// feed with snapshots, the cache state, the relay's lock and fencing number.
final class ModelPostgres {
    /// One version of a row and when it became visible.
    struct Committed {
        let document: VersionedDocument
        let at: Int
    }

    final class Transaction {
        let xid: UInt64
        let key: String
        let document: VersionedDocument
        let feedID: Int
        let holdsEpoch: Bool
        var isOver = false

        init(xid: UInt64, key: String, document: VersionedDocument, feedID: Int, holdsEpoch: Bool) {
            self.xid = xid
            self.key = key
            self.document = document
            self.feedID = feedID
            self.holdsEpoch = holdsEpoch
        }
    }

    /// Index = version; version 0 is the row that never was.
    private(set) var history: [String: [Committed]] = [:]
    private(set) var feed: [FeedRow] = []
    private(set) var passed: [FeedRow] = []
    private(set) var state = CacheState()
    /// The instance whose session holds the advisory lock, and the highest fencing number given.
    private(set) var relayHolder: Int?
    private(set) var fence = 0
    private var nextXid: UInt64 = 10
    private var nextFeedID = 1
    private var running: [UInt64] = []
    private var locked: [String: Transaction] = [:]
    private var lockQueue: [String: [() -> Void]] = [:]
    private var epochHolders = 0
    private var epochMoves: [() -> Void] = []
    private var epochQueue: [() -> Void] = []

    init(keys: [String], redisRun: String) {
        for key in keys {
            history[key] = [Committed(document: VersionedDocument(version: 0, content: .absent), at: -1)]
        }
        state.redisRun = redisRun
    }

    // MARK: Rows

    func current(_ key: String) -> VersionedDocument {
        guard let document = history[key]?.last?.document else { preconditionFailure("no key \(key)") }
        return document
    }

    /// When the version became visible; nil when it has not.
    func committedAt(_ key: String, version: Int) -> Int? {
        guard let versions = history[key], versions.indices.contains(version) else { return nil }
        return versions[version].at
    }

    /// BEGIN, shared epoch lock, UPDATE: `done` gets the transaction once it has its locks.
    func update(
        _ key: String,
        content: VersionedDocument.Content,
        holdsEpoch: Bool,
        _ done: @escaping (Transaction, CacheState) -> Void
    ) {
        if holdsEpoch, !epochMoves.isEmpty {
            epochQueue.append { self.update(key, content: content, holdsEpoch: holdsEpoch, done) }
            return
        }
        guard locked[key] == nil else {
            lockQueue[key, default: []].append {
                self.update(key, content: content, holdsEpoch: holdsEpoch, done)
            }
            return
        }
        let transaction = Transaction(
            xid: begin(),
            key: key,
            document: VersionedDocument(version: current(key).version + 1, content: content),
            feedID: nextFeedID,
            holdsEpoch: holdsEpoch
        )
        nextFeedID += 1
        locked[key] = transaction
        if holdsEpoch { epochHolders += 1 }
        done(transaction, state)
    }

    /// COMMIT or ROLLBACK; the second end of a transaction does nothing.
    func end(_ transaction: Transaction, commit: Bool, now: Int) {
        guard !transaction.isOver else { return }
        transaction.isOver = true
        end(transaction.xid)
        let key = transaction.key
        if commit {
            history[key]?.append(Committed(document: transaction.document, at: now))
            let version = transaction.document.version
            feed.append(FeedRow(id: transaction.feedID, xid: transaction.xid, key: key, version: version))
        }
        locked[key] = nil
        if transaction.holdsEpoch {
            epochHolders -= 1
            moveEpochIfFree()
        }
        if var queue = lockQueue[key], !queue.isEmpty {
            let next = queue.removeFirst()
            lockQueue[key] = queue
            next()
        }
    }

    /// A transaction that writes nothing here: one of another database of the server, say.
    func begin() -> UInt64 {
        defer { nextXid += 1 }
        running.append(nextXid)
        return nextXid
    }

    func end(_ xid: UInt64) {
        running.removeAll { $0 == xid }
    }

    // MARK: The relay

    private var snapshot: TransactionSnapshot {
        TransactionSnapshot(xmin: running.first ?? nextXid, xmax: nextXid, running: running)
    }

    func takeOffice(_ instance: Int) -> Int? {
        guard relayHolder == nil else { return nil }
        relayHolder = instance
        fence += 1
        return fence
    }

    /// The session that held the lock is gone.
    func leaveOffice() {
        relayHolder = nil
    }

    func batch(_ guards: SyncGuards) -> RelayStateMachine.Batch {
        let snapshot = snapshot
        let position = state.position
        var rows = feed.filter { position.isDue($0.xid, at: snapshot, guards: guards) }
        if rows.count > 1 { rows.sort { $0.id < $1.id } }
        return RelayStateMachine.Batch(state: state, snapshot: snapshot, rows: rows)
    }

    func save(_ progress: RelayStateMachine.Progress) -> Bool {
        guard progress.fence == fence else { return false }
        state.position = progress.position
        state.drains = progress.drains
        passed += progress.passed
        return true
    }

    func suspend(fence: Int) -> Bool {
        guard fence == self.fence else { return false }
        state.isSuspended = true
        return true
    }

    /// Waits for the transactions that hold the epoch lock; `fence` nil is `cortex cache flush`, for the same server.
    func moveEpoch(fence: Int?, run: String?, _ done: @escaping (Bool) -> Void) {
        epochMoves.append {
            guard fence == nil || fence == self.fence else { return done(false) }
            self.state.epoch += 1
            if let run {
                self.state.redisRun = run
                self.state.isSuspended = false
            }
            done(true)
        }
        moveEpochIfFree()
    }

    private func moveEpochIfFree() {
        guard epochHolders == 0, !epochMoves.isEmpty else { return }
        let moves = epochMoves
        epochMoves = []
        for move in moves { move() }
        let queue = epochQueue
        epochQueue = []
        for next in queue { next() }
    }
}
