import Diagnostics
import Settings
import Synchronization

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What a command prints: data to standard output in the format that was asked for, talk to standard error.
///
/// In `json` the result is kept until the command has ended, so that there is exactly one document whatever happens.
final class CommandOutput: Sendable {
    let format: OutputFormat
    let level: LogLevelSetting
    let isColored: Bool
    private let streams: OutputStreams
    private let state = Mutex(State())

    private struct State {
        /// The document of `json`, until the command has ended.
        var document: String?
        /// Whether a progress line stands on the terminal without a line end.
        var hasOpenLine = false
    }

    init(format: OutputFormat, level: LogLevelSetting, isColored: Bool, streams: OutputStreams) {
        self.format = format
        self.level = level
        self.isColored = isColored
        self.streams = streams
    }

    // MARK: Data

    /// The data of the command: its text, its one document, or its last line.
    func result(_ value: some Encodable, text: @autoclosure () -> String) throws {
        switch format {
        case .text:
            let text = text()
            put(text.isEmpty || text.hasSuffix("\n") ? text : text + "\n")
        case .json:
            let document = try Self.json(value, pretty: true)
            state.withLock { $0.document = document + "\n" }
        case .ndjson:
            put(try Self.json(value, pretty: false) + "\n")
        }
    }

    /// One of many: a line of text or NDJSON.
    ///
    /// In `json` nothing: there the result has them all.
    func item(_ value: some Encodable, text: @autoclosure () -> String) throws {
        switch format {
        case .text: put(text() + "\n")
        case .json: break
        case .ndjson: put(try Self.json(value, pretty: false) + "\n")
        }
    }

    /// Prints the document that `json` kept; called once, when the command has ended well.
    func finish() throws {
        guard format == .json else { return }
        guard let document = state.withLock({ $0.document }) else {
            throw CommandError(
                .internal,
                "the command gave no result",
                hint: "This is a bug of cortex: please report it."
            )
        }
        streams.data(document)
    }

    /// Prints an error: in `json` and `ndjson` as a document on standard output, else as text on standard error.
    func failure(_ error: any Error) {
        let document = ErrorDocument(error)
        closeLine()
        switch format {
        case .text:
            streams.talk(document.lines(colored: isColored).joined(separator: "\n") + "\n")
        case .json, .ndjson:
            let text =
                (try? Self.json(document, pretty: format == .json))  // strings always encode
                ?? #"{"error":{"code":"internal","message":"","hint":null,"cause":null,"details":{}}}"#
            streams.data(text + "\n")
        }
    }

    private func put(_ text: String) {
        closeLine()
        streams.data(text)
    }

    static func json(_ value: some Encodable, pretty: Bool) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting =
            pretty ? [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes] : [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    // MARK: Talk

    /// Says what is being done.
    func note(_ text: String) { talk(text, at: .info) }

    /// Says what needs attention.
    func warning(_ text: String) {
        talk((isColored ? "\u{1b}[33mwarning:\u{1b}[0m " : "warning: ") + sayable(text), at: .warning, isSafe: true)
    }

    /// Says what only `--verbose` shows.
    func detail(_ text: String) { talk(text, at: .debug) }

    private func talk(_ text: String, at needed: LogLevelSetting, isSafe: Bool = false) {
        guard level >= needed else { return }
        closeLine()
        streams.talk((isSafe ? text : sayable(text)) + "\n")
    }

    private func sayable(_ text: String) -> String {
        TerminalText.safe(Redaction.redact(text), keepingLines: true)
    }

    /// Asks a question without a line end.
    func prompt(_ text: String) {
        closeLine()
        streams.talk(sayable(text))
    }

    // MARK: Progress

    /// Writes text that the progress renderer made; `leavesOpenLine`: it ends without a line end.
    func progress(_ text: String, leavesOpenLine: Bool) {
        guard !text.isEmpty else { return }
        state.withLock { $0.hasOpenLine = leavesOpenLine }
        streams.talk(text)
    }

    private func closeLine() {
        let wasOpen = state.withLock { state in
            defer { state.hasOpenLine = false }
            return state.hasOpenLine
        }
        if wasOpen { streams.talk("\r\u{1b}[2K") }
    }
}
