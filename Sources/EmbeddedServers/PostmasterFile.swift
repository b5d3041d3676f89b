/// The contents of a server's `postmaster.pid`.
struct PostmasterFile: Sendable, Hashable {
    /// The server's process id.
    let pid: Int32
    /// The port that it was started with; nil early in its start.
    let port: UInt16?
    /// Whether it accepts connections.
    let isReady: Bool

    /// Reads the text; nil when it does not begin with a process id (the file is written piece by piece).
    init?(_ text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        // A stand-alone backend writes its id negative.
        guard let first = lines.first, let number = Int32(first), number != 0 else { return nil }
        self.pid = abs(number)
        self.port = lines.count > 3 ? UInt16(lines[3]) : nil
        self.isReady = lines.count > 7 && lines[7].hasPrefix("ready")
    }
}
