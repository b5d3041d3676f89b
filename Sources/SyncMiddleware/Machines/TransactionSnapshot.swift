/// A `pg_snapshot`: which transactions' effects it sees.
///
/// The relay's position is one, because transactions do not commit in the order of their numbers.
struct TransactionSnapshot: Sendable, Equatable {
    /// All transactions below are over.
    let xmin: UInt64
    /// All from here on had not begun.
    let xmax: UInt64
    /// Those between that were still running, rising.
    let running: [UInt64]

    /// A snapshot that sees nothing: where a new relay begins.
    static let nothing = TransactionSnapshot(xmin: 0, xmax: 0, running: [])

    /// A snapshot with these bounds.
    init(xmin: UInt64, xmax: UInt64, running: [UInt64]) {
        self.xmin = xmin
        self.xmax = xmax
        self.running = running
    }

    /// Reads PostgreSQL's text, `xmin:xmax:xip,xip`; nil for anything else.
    init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, let xmin = UInt64(parts[0]), let xmax = UInt64(parts[1]), xmin <= xmax else {
            return nil
        }
        var running: [UInt64] = []
        for word in parts[2].split(separator: ",") {
            guard let xid = UInt64(word), xid >= xmin, xid < xmax, xid > running.last ?? 0 else { return nil }
            running.append(xid)
        }
        self.init(xmin: xmin, xmax: xmax, running: running)
    }

    /// PostgreSQL's text.
    var text: String { "\(xmin):\(xmax):" + running.map(String.init).joined(separator: ",") }

    /// `pg_visible_in_snapshot`: whether the transaction was over when the snapshot was taken.
    func sees(_ xid: UInt64) -> Bool {
        if xid < xmin { return true }
        if xid >= xmax { return false }
        return !running.contains(xid)
    }

    /// Whether a feed row of this transaction is due: committed for `current`, not yet passed by this position.
    ///
    /// The same predicate stands in the relay's query; `xid >= xmin` lets it use the index.
    func isDue(_ xid: UInt64, at current: TransactionSnapshot, guards: SyncGuards = .all) -> Bool {
        guard guards.contains(.snapshotPosition) else {
            // The mistake that the guard stands against: "above the highest number seen".
            return xid >= xmax && current.sees(xid)
        }
        return xid >= xmin && !sees(xid) && current.sees(xid)
    }
}
