/// What the text of a setting has to be.
public enum SettingKind: Sendable, Equatable {
    /// Any text that is not empty.
    case text
    /// A path; `~/` at its start is the home folder of the user.
    case path
    /// A connection URL or a libpq string of `key=value` pairs.
    case connection
    /// A whole number in a range.
    case whole(ClosedRange<Int>)
    /// A `ByteCount` of at least this many bytes.
    case byteCount(atLeast: ByteCount)
    /// A duration greater than zero.
    case duration
    /// One of these words.
    case choice([String])
    /// Some of these words, with commas between them.
    case words([String])

    /// Why the text cannot be used, as the end of a sentence; nil when it can.
    func problem(with text: String) -> String? {
        switch self {
        case .text, .path:
            text.isEmpty ? "must not be empty" : nil
        case .connection:
            text.contains("://") || text.contains("=")
                ? nil : "must be a URL such as postgres://user@host/database or key=value pairs"
        case .whole(let range):
            Int(text).map(range.contains) == true
                ? nil : "must be a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .byteCount(let minimum):
            ByteCount(text).map { $0 >= minimum } == true
                ? nil : "must be a size such as 8MiB or 64k, at least \(minimum)"
        case .duration:
            Duration(settingText: text).map { $0 > .zero } == true
                ? nil : "must be a duration with its unit, such as 10s, 500ms or 1m30s"
        case .choice(let words):
            words.contains(text) ? nil : "must be one of \(words.joined(separator: ", "))"
        case .words(let words):
            Self.list(text).allSatisfy(words.contains) && !Self.list(text).isEmpty
                ? nil : "must be some of \(words.joined(separator: ", ")), with commas between them"
        }
    }

    /// What it is, for the reference page.
    var explanation: String {
        switch self {
        case .text: "text"
        case .path: "path"
        case .connection: "URL or key=value pairs"
        case .whole(let range):
            range.upperBound == .max
                ? "whole number from \(range.lowerBound)" : "\(range.lowerBound)…\(range.upperBound)"
        case .byteCount(let minimum): "size, at least \(minimum)"
        case .duration: "duration"
        case .choice(let words): words.joined(separator: ", ")
        case .words(let words): "some of \(words.joined(separator: ","))"
        }
    }

    /// The words of a text with commas between them.
    static func list(_ text: String) -> [String] {
        text.split(separator: ",", omittingEmptySubsequences: false).map { word in
            String(word.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }
    }
}
