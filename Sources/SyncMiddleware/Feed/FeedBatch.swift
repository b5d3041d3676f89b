import Domain

/// Rows of the change feed that one step of the relay passed on, as `cortex.feed_batches` keeps it.
struct FeedBatch: Sendable, Equatable {
    /// The number of its row with the highest id.
    let lastSeq: Int
    /// How many rows it passed.
    let count: Int
    /// Rows that it sees had been passed before.
    let below: TransactionSnapshot
    /// Rows that it sees were passed by then.
    let upto: TransactionSnapshot

    /// The steps to read for at most `limit` events after a number: the first, and those that fit beside it whole.
    static func chosen(_ batches: [FeedBatch], limit: Int) -> ArraySlice<FeedBatch> {
        var end = 0
        var sum = 0
        while end < batches.count, end == 0 || sum + batches[end].count <= limit {
            sum += batches[end].count
            end += 1
        }
        return batches[..<end]
    }

    /// The events after a number.
    ///
    /// Numbers are counted from the end of each step, because trimming takes its lowest ids; what is missing is noticed
    /// as a gap.
    ///
    /// - Parameters:
    ///   - found: the rows of these steps, by falling id, without the last `skipped` of the last step.
    ///   - batches: the steps, by rising number.
    ///   - after: the place asked for, and the timeline.
    ///   - limit: how many events at most.
    ///   - skipped: how many rows at the end of the last step were not read.
    /// - Returns: nil when the first of the events is not there any more.
    static func events(
        _ found: [(row: FeedRow, microseconds: Int64)],
        of batches: ArraySlice<FeedBatch>,
        after: EventPosition,
        limit: Int,
        skipped: Int
    ) -> [FeedEvent]? {
        guard let last = batches.last else { return [] }
        var next = batches.map(\.lastSeq)
        next[next.count - 1] = last.lastSeq - skipped
        var events: [FeedEvent] = []
        for (row, microseconds) in found {
            guard let place = batches.firstIndex(where: { $0.upto.sees(row.xid) }) else { continue }
            let seq = next[place - batches.startIndex]
            next[place - batches.startIndex] -= 1
            guard seq > after.sequence else { continue }
            let position = EventPosition(timeline: after.timeline, sequence: seq)
            events.append(FeedEvent(position: position, row: row, microseconds: microseconds))
        }
        events.sort { $0.position.sequence < $1.position.sequence }
        let isWhole = events.enumerated().allSatisfy { $1.position.sequence == after.sequence + $0 + 1 }
        guard isWhole, !events.isEmpty else { return nil }
        return Array(events.prefix(limit))
    }
}
