import Domain
import Foundation

/// The last changes that were seen in a tree.
struct TreeEventLog: Sendable {
    /// A change and who may learn of it.
    struct Entry: Sendable {
        let event: CatalogEvent
        let sensitivity: Sensitivity
    }

    /// How many changes are kept.
    static let limit = 10_000

    /// The history: another one after each start.
    let timeline: Int
    private(set) var entries: [Entry] = []
    private(set) var sequence = 0

    init(timeline: Int) {
        self.timeline = timeline
    }

    /// The last event.
    var position: EventPosition { EventPosition(timeline: timeline, sequence: sequence) }

    /// The events behind a number; nil where some of them are gone.
    func entries(after number: Int, limit: Int) -> ArraySlice<Entry>? {
        let first = sequence - entries.count
        guard number >= first, number <= sequence else { return nil }
        return entries.dropFirst(number - first).prefix(limit)
    }

    /// Notes rows that changed.
    mutating func note(_ changes: [TreeRowChange]) {
        let now = Int64(Date().timeIntervalSince1970 * 1_000_000)
        for change in changes {
            guard let row = change.after ?? change.before, !Self.untold.contains(row.table.name) else { continue }
            let action: CatalogEvent.Action =
                if change.after == nil { .deleted } else if change.before == nil { .created } else { .updated }
            add(action, row, at: now)
        }
        if entries.count > Self.limit { entries.removeFirst(entries.count - Self.limit) }
    }

    /// Tables whose changes nobody is told of.
    private static let untold: Set = ["users", "audit_logs"]

    private mutating func add(_ action: CatalogEvent.Action, _ row: TreeRow, at microseconds: Int64) {
        sequence += 1
        let event = CatalogEvent(
            position: position,
            action: action,
            table: row.table.name,
            id: row.key,
            version: 0,
            microseconds: microseconds
        )
        entries.append(Entry(event: event, sensitivity: row.sensitivity))
    }
}
