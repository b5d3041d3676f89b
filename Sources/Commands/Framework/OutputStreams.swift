#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Where a command writes: data and talk.
struct OutputStreams: Sendable {
    /// Takes data, whole lines.
    let data: @Sendable (String) -> Void
    /// Takes talk.
    let talk: @Sendable (String) -> Void

    /// Standard output and standard error of this process.
    static let process = Self(data: { write($0, to: STDOUT_FILENO) }, talk: { write($0, to: STDERR_FILENO) })

    /// Writes all of it; a reader that has gone away ends the writing, not the command.
    private static func write(_ text: String, to descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { systemWrite(descriptor, $0.baseAddress, $0.count) }
            if written < 0 {
                if errno == EINTR || errno == EAGAIN { continue }
                return
            }
            rest = rest.dropFirst(written)
        }
    }
}

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}

/// What is known about the terminal that a command talks to.
struct TerminalFacts: Sendable {
    /// Whether a person can be asked: standard input and standard error are terminals.
    let canAsk: Bool
    /// Whether standard error is a terminal.
    let isTerminal: Bool
    /// Columns of the terminal.
    let width: Int

    /// No terminal at all.
    static let none = Self(canAsk: false, isTerminal: false, width: 80)

    /// The terminal of this process.
    static var process: Self {
        var size = winsize()
        let isTerminal = isatty(STDERR_FILENO) == 1
        let hasSize = isTerminal && ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        return Self(
            canAsk: isTerminal && isatty(STDIN_FILENO) == 1,
            isTerminal: isTerminal,
            width: hasSize ? Int(size.ws_col) : 80
        )
    }
}
