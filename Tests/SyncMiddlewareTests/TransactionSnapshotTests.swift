import Testing

@testable import SyncMiddleware

@Suite("TransactionSnapshot")
struct TransactionSnapshotTests {
    @Test(
        "PostgreSQL's text is read",
        arguments: [("10:20:", []), ("10:20:10,14,19", [10, 14, 19])] as [(String, [UInt64])]
    )
    func reads(text: String, running: [UInt64]) {
        #expect(TransactionSnapshot(text) == TransactionSnapshot(xmin: 10, xmax: 20, running: running))
    }

    @Test(
        "Anything else is refused",
        arguments: ["", "10", "10:20", "20:10:", "10:20:9", "10:20:20", "10:20:14,12", "a:b:c", "10:20::"]
    )
    func refuses(text: String) {
        #expect(TransactionSnapshot(text) == nil)
    }

    /// A feed row's transaction: seen by the position, by the current snapshot, and whether it is due.
    static let rows: [(xid: UInt64, isDue: Bool)] = [
        (9, false), (10, false), (11, false), (12, true), (15, false), (16, true), (17, true), (24, false), (25, false),
        (30, false),
    ]

    @Test("Due is what the current snapshot sees and the position did not", arguments: rows)
    func due(xid: UInt64, isDue: Bool) {
        // 12 and 15 ran at the position, 16 had not begun; 15 still runs, and so does 24.
        let position = TransactionSnapshot(xmin: 12, xmax: 16, running: [12, 15])
        let current = TransactionSnapshot(xmin: 15, xmax: 25, running: [15, 24])
        #expect(position.isDue(xid, at: current) == isDue)
    }

    @Test("Rows of one key are told once, at their newest version")
    func coalesced() {
        let rows = [("t:a", 1), ("t:b", 4), ("t:a", 2), ("t:a", 3)].enumerated().map {
            FeedRow(id: $0.offset, xid: 10, key: $0.element.0, version: $0.element.1)
        }
        #expect(FeedRow.coalesced(rows) == [KeyVersion(key: "t:a", version: 3), KeyVersion(key: "t:b", version: 4)])
    }
}
