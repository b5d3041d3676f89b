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

    /// Notes the rows that differ between two snapshots.
    mutating func note(from old: TreeSnapshot, to new: TreeSnapshot) {
        let now = Int64(Date().timeIntervalSince1970 * 1_000_000)
        for table in CatalogTable.all where !["users", "audit_logs"].contains(table.name) {
            let (before, after) = (old.rows[table.name] ?? [:], new.rows[table.name] ?? [:])
            for key in new.keys[table.name] ?? [] {
                guard let row = after[key] else { continue }
                guard let was = before[key] else {
                    add(.created, row, at: now)
                    continue
                }
                if was.record !== row.record || was.role != row.role, was.values != row.values {
                    add(.updated, row, at: now)
                }
            }
            for key in old.keys[table.name] ?? [] where after[key] == nil {
                if let row = before[key] { add(.deleted, row, at: now) }
            }
        }
        if entries.count > Self.limit { entries.removeFirst(entries.count - Self.limit) }
    }

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
