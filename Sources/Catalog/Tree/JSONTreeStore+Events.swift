public import Domain

extension JSONTreeStore {
    /// How often readers that wait ask for a picture of the tree.
    private static let pollInterval = Duration.milliseconds(50)

    /// The changes that this process saw in the tree; another start begins another timeline.
    public func events(
        after position: EventPosition?,
        limit: Int,
        wait: Duration,
        clearance: Sensitivity
    ) async throws -> EventPage {
        let deadline = ContinuousClock.now + wait
        var reached = position
        while true {
            _ = try await snapshot(.recent)
            let log = keeper.events
            guard let start = reached, start.timeline == log.timeline,
                let entries = log.entries(after: start.sequence, limit: max(1, limit))
            else {
                if reached == nil, wait > .zero {
                    reached = log.position
                    continue
                }
                return EventPage(events: [], position: log.position, isReset: reached != nil)
            }
            let next = EventPosition(timeline: log.timeline, sequence: start.sequence + entries.count)
            let events = entries.filter { $0.sensitivity <= clearance }.map(\.event)
            if !events.isEmpty || .now >= deadline { return EventPage(events: events, position: next, isReset: false) }
            reached = next
            if entries.isEmpty { try await Task.sleep(for: Self.pollInterval) }
        }
    }
}
