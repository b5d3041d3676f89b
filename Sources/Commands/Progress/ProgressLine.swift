import Domain
import Reporting

/// The words for a progress event: the same on a terminal and in a log.
enum ProgressLine {
    /// `read  410 files  12,345 records (23,000/s)  5.2 MiB  0.5 s`, without what is 0.
    static func text(_ event: ProgressEvent) -> String {
        var parts = [event.phase]
        if event.files > 0 { parts.append(Quantity.count(event.files, "file")) }
        if event.records > 0 {
            let rate = event.recordsPerSecond >= 1 ? " (\(Quantity.count(Int(event.recordsPerSecond)))/s)" : ""
            parts.append(Quantity.count(event.records, "record") + rate)
        }
        if event.bytes > 0 { parts.append(Quantity.bytes(event.bytes)) }
        if let message = event.message { parts.append(TerminalText.safe(message)) }
        return parts.joined(separator: "  ")
    }

    /// Seconds since the run began, aligned: `[   4.2 s]`.
    static func stamp(_ event: ProgressEvent) -> String {
        let text = Quantity.seconds(event.elapsed)
        return "[" + String(repeating: " ", count: max(0, 8 - text.count)) + text + "]"
    }
}
