import Domain
import Settings
import Synchronization

extension CommandContext {
    /// What an engine reports its progress to: the renderer that fits the mode, the format and the terminal.
    func progress(_ mode: ProgressMode = .auto) -> @Sendable (ProgressEvent) -> Void {
        if output.format == .ndjson && mode != .none {
            return { [output] event in
                try? output.item(event, text: "")  // an event that cannot be written must not end the work
            }
        }
        if mode == .none || settings[.logLevel] < .info { return { _ in } }
        if mode == .auto && terminal.isTerminal {
            let renderer = Mutex(TerminalProgress(width: terminal.width, isColored: output.isColored))
            return { [output] event in
                let update = renderer.withLock { $0.update(for: event) }
                output.progress(update.text, leavesOpenLine: update.leavesOpenLine)
            }
        }
        let renderer = Mutex(PlainProgress())
        return { [output] event in
            output.progress(renderer.withLock { $0.line(for: event) }, leavesOpenLine: false)
        }
    }
}
