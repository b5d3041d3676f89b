/// How the first line of a broken value ends: what tells a line of JSONL from a value over many lines.
enum FirstLine: Hashable, Sendable {
    /// The line ends with an opening bracket: the value is pretty-printed, and what follows belongs to it.
    case open
    /// The line ends otherwise, or is not over: a line of JSONL, perhaps torn.
    case closed

    /// Looks at the line that begins the value at `start`; what lies from `limit` on, or beyond 16 KiB, is not looked at.
    init(of start: Int, before limit: Int, in window: borrowing ByteWindow) {
        let end = min(limit, start + JSONRecordScanner.lookBack)
        guard let newline = window.firstNewline(from: start, to: end),
            let contentEnd = window.contentEnd(from: start, to: newline)
        else {
            self = .closed
            return
        }
        self = window[contentEnd - 1].opensContainer ? .open : .closed
    }
}
