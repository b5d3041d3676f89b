import Domain

/// Progress as lines of a log: a phase's start and end, notes, and counts at most every few seconds.
struct PlainProgress {
    /// Seconds between two lines of counts of one phase.
    private let interval = 5.0
    private var lastCounts = 0.0

    /// The line for an event; empty when the event is too soon after the last.
    mutating func line(for event: ProgressEvent) -> String {
        switch event.event {
        case .phaseStarted:
            lastCounts = event.elapsed
            return "\(ProgressLine.stamp(event)) \(event.phase) …\n"
        case .progressed:
            guard event.elapsed - lastCounts >= interval else { return "" }
            lastCounts = event.elapsed
            return "\(ProgressLine.stamp(event)) \(ProgressLine.text(event)) …\n"
        case .phaseFinished:
            return "\(ProgressLine.stamp(event)) \(ProgressLine.text(event)) done\n"
        case .note:
            return "\(ProgressLine.stamp(event)) \(TerminalText.safe(event.message ?? ""))\n"
        }
    }
}
