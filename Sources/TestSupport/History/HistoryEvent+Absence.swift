extension HistoryEvent {
    /// The events with a version for each answer that named none: over HTTP a row that is not there has no ETag.
    ///
    /// It is the latest removal that the answer can have meant: one whose writer had begun when the answer came, or of
    /// another program. So what the checker then reports of it cannot have been right, whichever removal it was; and of other
    /// answers it says nothing, for the removal may have come later.
    public static func resolvingAbsences(_ events: [HistoryEvent], by committed: CommittedHistory) -> [HistoryEvent] {
        var begun: [String: Int] = [:]
        for event in events {
            guard case .attempted(_, let mark) = event.what, begun[mark] == nil else { continue }
            begun[mark] = event.at
        }
        let removals = Dictionary(grouping: committed.changes.filter(\.isDeletion), by: \.key)
        return events.map { event in
            guard case .answered(let read) = event.what, read.version == HistoryRead.absent else { return event }
            let meant = (removals[read.key] ?? []).filter { begun[$0.mark] ?? 0 <= event.at }.map(\.version).max()
            return HistoryEvent(instance: event.instance, at: event.at, .answered(read.assuming(version: meant ?? 0)))
        }
    }
}

extension HistoryRead {
    fileprivate func assuming(version: Int) -> HistoryRead {
        HistoryRead(
            key,
            begunAt: begunAt,
            need: need,
            version: version,
            mark: mark,
            digest: digest,
            source: source,
            isStale: isStale,
            isAssumed: true
        )
    }
}
