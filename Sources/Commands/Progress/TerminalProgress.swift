import Domain

/// Progress on a terminal: one line that is updated, with a bar where the share done is known; a finished phase stays.
struct TerminalProgress {
    /// What to write, and whether the cursor is left on an unfinished line.
    struct Update: Equatable {
        var text: String
        var leavesOpenLine: Bool
    }

    private let width: Int
    private let isColored: Bool
    /// Seconds between two updates of the line.
    private let interval = 0.1
    private var lastUpdate = -Double.infinity
    private var openPhase: String?

    init(width: Int, isColored: Bool) {
        self.width = width
        self.isColored = isColored
    }

    /// What to write for an event; empty text when the event is too soon after the last.
    mutating func update(for event: ProgressEvent) -> Update {
        switch event.event {
        case .phaseStarted, .progressed:
            let isNew = openPhase != event.phase
            guard isNew || event.elapsed - lastUpdate >= interval else { return Update(text: "", leavesOpenLine: true) }
            openPhase = event.phase
            lastUpdate = event.elapsed
            return Update(text: cleared + fitted(bar(event.fraction) + ProgressLine.text(event)), leavesOpenLine: true)
        case .phaseFinished:
            openPhase = nil
            let mark = isColored ? "\u{1b}[32m✓\u{1b}[0m" : "✓"
            let line = "\(mark) \(ProgressLine.stamp(event)) \(ProgressLine.text(event))\n"
            return Update(text: cleared + line, leavesOpenLine: false)
        case .note:
            return Update(text: cleared + "  \(TerminalText.safe(event.message ?? ""))\n", leavesOpenLine: false)
        }
    }

    /// Back to the first column, line emptied.
    private var cleared: String { "\r\u{1b}[2K" }

    private func bar(_ fraction: Double?) -> String {
        guard let fraction, fraction.isFinite else { return "  " }
        let cells = 20
        let done = Int((min(max(fraction, 0), 1) * Double(cells)).rounded(.down))
        return "[" + String(repeating: "█", count: done) + String(repeating: "·", count: cells - done) + "] "
    }

    /// Cut to the terminal, so that the line never wraps.
    private func fitted(_ text: String) -> String {
        let limit = max(20, width - 1)
        return text.count <= limit ? text : text.prefix(limit - 1) + "…"
    }
}
