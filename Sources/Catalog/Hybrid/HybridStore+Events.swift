public import Domain
import Postgres
import SyncMiddleware
import Synchronization

extension HybridStore {
    /// How often the end of the feed is looked at while readers wait, whatever their number.
    private static let pollInterval = Duration.milliseconds(50)

    /// The events that the relay has passed after a position.
    public func events(
        after position: EventPosition?,
        limit: Int,
        wait: Duration,
        clearance: Sensitivity
    ) async throws -> EventPage {
        let deadline = ContinuousClock.now + wait
        var reached = position
        while true {
            let end = try await endOfFeed()
            // Who asks for nothing gets what comes next.
            let start = reached ?? end
            reached = start
            if start != end {
                let page = try await instance.events(after: start, limit: limit)
                guard !page.isReset else { return EventPage(events: [], position: page.next, isReset: true) }
                let events = try await told(page.events, clearance: clearance)
                if !events.isEmpty { return EventPage(events: events, position: page.next, isReset: false) }
                reached = page.next
                if page.hasMore { continue }
            }
            guard ContinuousClock.now < deadline else {
                return EventPage(events: [], position: reached ?? start, isReset: false)
            }
            try await Task.sleep(for: Self.pollInterval)
        }
    }

    /// The last event; readers that ask at the same time share an answer.
    private func endOfFeed() async throws -> EventPosition {
        if let known = feedEnd.withLock({ $0 }), known.at + Self.pollInterval / 2 > .now { return known.position }
        let position = try await instance.events(after: nil, limit: 1).next
        feedEnd.withLock { $0 = (position, .now) }
        return position
    }

    /// Tables whose changes are told; what concerns sign-in is not.
    private static let toldTables = Set(CatalogTable.all.map(\.name)).subtracting(["users", "audit_logs"])

    /// The events that a reader may see.
    private func told(_ events: [FeedEvent], clearance: Sensitivity) async throws -> [CatalogEvent] {
        let isAsset = { (event: FeedEvent) in event.row.kind == CatalogTable.assets.name }
        let sensitivities = try await sensitivities(of: events.filter(isAsset).map(\.row.rowKey))
        return events.compactMap { event in
            guard Self.toldTables.contains(event.row.kind) else { return nil }
            let sensitivity = isAsset(event) ? sensitivities[ExactText(event.row.rowKey)] : .unstated
            guard (sensitivity ?? .public) <= clearance else { return nil }
            // How sensitive an asset was that is gone nobody knows any more: only who may see all learns its name.
            return CatalogEvent(event, isAnonymous: sensitivity == nil && clearance < .secret)
        }
    }

    private func sensitivities(of assets: [String]) async throws -> [ExactText: Sensitivity] {
        guard !assets.isEmpty else { return [:] }
        let rows = try await instance.query(
            "SELECT a.asset_id, a.sensitivity FROM public.assets a WHERE a.asset_id = ANY ($1)",
            [.textArray(assets)]
        ).rows
        return rows.reduce(into: [:]) { found, row in
            guard let id = row["asset_id"].string else { return }
            found[ExactText(id)] = row["sensitivity"].string.map(Sensitivity.init) ?? .unstated
        }
    }
}

extension CatalogEvent {
    /// A row of the feed; one that stands for a whole table, or must not be named, has neither id nor version.
    fileprivate init(_ event: FeedEvent, isAnonymous: Bool) {
        let action: Action =
            switch event.row.operation {
            case .insert: .created
            case .update: .updated
            case .delete: .deleted
            case .reload, .truncate: .reloaded
            }
        let isWhole = isAnonymous || action == .reloaded
        self.init(
            position: event.position,
            action: isWhole ? .reloaded : action,
            table: event.row.kind,
            id: isWhole ? nil : event.row.rowKey,
            version: isWhole ? 0 : event.row.version,
            microseconds: event.microseconds
        )
    }
}
