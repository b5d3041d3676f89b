import Domain
import Testing

@testable import SyncMiddleware

@Suite("Numbers of events")
struct FeedBatchTests {
    private static func snapshot(_ text: String) -> TransactionSnapshot {
        TransactionSnapshot(text) ?? .nothing
    }

    private static func batch(_ lastSeq: Int, _ count: Int, upto: String) -> FeedBatch {
        FeedBatch(lastSeq: lastSeq, count: count, below: .nothing, upto: snapshot(upto))
    }

    /// Transaction 12 began before 13 and was passed after it; its rows have the lower ids.
    private static let batches = [batch(2, 2, upto: "12:14:12"), batch(4, 2, upto: "14:14:")]

    private static func rows(_ idsAndTransactions: [(Int, UInt64)]) -> [(row: FeedRow, microseconds: Int64)] {
        idsAndTransactions.map { id, xid in
            (FeedRow(id: id, xid: xid, kind: "tasks", rowKey: "t\(id)", version: 1, operation: .update), 0)
        }
    }

    private static func ids(
        _ found: [(Int, UInt64)],
        after: Int,
        of batches: [FeedBatch] = batches,
        skipped: Int = 0,
        limit: Int = 10
    ) -> [Int]? {
        FeedBatch.events(
            rows(found),
            of: batches[...],
            after: EventPosition(timeline: 1, sequence: after),
            limit: limit,
            skipped: skipped
        )?.map(\.row.id)
    }

    @Test("follow the steps of the relay, and the ids within a step")
    func order() {
        let all: [(Int, UInt64)] = [(9, 13), (8, 13), (5, 12), (4, 12)]
        #expect(Self.ids(all, after: 0) == [8, 9, 4, 5])
        #expect(Self.ids(all, after: 1) == [9, 4, 5])
        #expect(Self.ids(all, after: 3) == [5])
        #expect(Self.ids(all, after: 0, limit: 3) == [8, 9, 4])
    }

    @Test("that were trimmed are noticed, those after them stay what they were")
    func trimmed() {
        let left: [(Int, UInt64)] = [(9, 13), (8, 13), (5, 12)]
        #expect(Self.ids(left, after: 3) == [5])
        #expect(Self.ids(left, after: 2) == nil)
        #expect(Self.ids(left, after: 1) == nil)
        #expect(Self.ids([], after: 1) == nil)
    }

    @Test("of a step that is larger than what was asked for are read from where it is cut off")
    func large() {
        let batch = [Self.batch(100, 100, upto: "14:14:")]
        #expect(Self.ids([(30, 13), (29, 13)], after: 28, of: batch, skipped: 70, limit: 2) == [29, 30])
        #expect(Self.ids([(30, 13)], after: 28, of: batch, skipped: 70, limit: 2) == nil)
    }

    @Test("steps are read together as long as they fit")
    func chosen() {
        let batches = [Self.batch(3, 3, upto: "2:2:"), Self.batch(5, 2, upto: "3:3:"), Self.batch(6, 1, upto: "4:4:")]
        #expect(FeedBatch.chosen(batches, limit: 2).count == 1)
        #expect(FeedBatch.chosen(batches, limit: 5).count == 2)
        #expect(FeedBatch.chosen(batches, limit: 6).count == 3)
        #expect(FeedBatch.chosen([], limit: 6).isEmpty)
    }

    @Test("an id is two numbers", arguments: ["", ":", "1", "1:", ":1", "1:2:3", "-1:2", "+1:2", "1: 2", "1:٣", "a:b"])
    func malformed(_ text: String) {
        #expect(EventPosition(text) == nil)
    }

    @Test("an id reads back")
    func position() {
        #expect(EventPosition("17:4") == EventPosition(timeline: 17, sequence: 4))
        #expect(EventPosition(timeline: 17, sequence: 4).description == "17:4")
    }
}
