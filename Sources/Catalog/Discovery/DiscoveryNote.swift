import Domain
import LosslessJSON

/// What discovery says about a file in its asset: the member `discovery` of `metadata`, which nobody else writes.
///
/// An asset with a note is one that discovery wrote; one without is never changed and never removed by it.
struct DiscoveryNote: Sendable, Equatable {
    /// What is known of the content.
    enum Content: String, Sendable {
        /// It was read to its end and hashed.
        case hashed
        /// There is none: a link, pipe, socket or device.
        case none
        /// It could not be read.
        case unreadable
        /// It changed during each try to read it.
        case changing
    }

    /// The path, as texts of paths are (`TreePath.text`), from the project's root.
    var path: String
    /// What it is.
    var entry: EntryType
    /// What is known of the content.
    var content: Content
    /// Bytes; nil where it could not be told.
    var size: Int64?
    /// Last change of the content, microseconds since 1970; nil where it could not be told.
    var modifiedMicroseconds: Int64?
    /// Hex SHA-256 of the content; of a file that cannot be read now, of when it last could; nil where it never could.
    var sha256: String?
    /// Where a link points to.
    var target: String?
    /// Why the content is not known.
    var error: String?
    /// Whether the content, or the path, holds what looks like a secret.
    var looksSecret: Bool

    init(
        path: String,
        entry: EntryType,
        content: Content,
        size: Int64? = nil,
        modifiedMicroseconds: Int64? = nil,
        sha256: String? = nil,
        target: String? = nil,
        error: String? = nil,
        looksSecret: Bool = false
    ) {
        self.path = path
        self.entry = entry
        self.content = content
        self.size = size
        self.modifiedMicroseconds = modifiedMicroseconds
        self.sha256 = sha256
        self.target = target
        self.error = error
        self.looksSecret = looksSecret
    }

    /// The note with what an earlier one knew where this one could not be told.
    func completed(from earlier: DiscoveryNote) -> DiscoveryNote {
        guard content == .unreadable || content == .changing else { return self }
        var note = self
        note.sha256 = sha256 ?? earlier.sha256
        note.size = size ?? earlier.size
        note.modifiedMicroseconds = modifiedMicroseconds ?? earlier.modifiedMicroseconds
        if note.entry == .unreadable { note.entry = earlier.entry }
        note.looksSecret = looksSecret || earlier.looksSecret
        return note
    }

    /// When the content was last changed, as documents spell it; nil where it could not be told.
    var modifiedText: String? { modifiedMicroseconds.flatMap { InstantSpelling().text(microseconds: $0) } }
}

// MARK: - JSON

extension DiscoveryNote {
    /// The name of the member of `metadata`.
    static let memberName = "discovery"

    /// Reads a note; nil for a value that is none.
    init?(_ value: JSONValue?) {
        guard let value, let path = value["path"]?.string,
            let entry = value["entry"]?.string.flatMap(EntryType.init),
            let content = value["content"]?.string.flatMap(Content.init)
        else { return nil }
        self.init(
            path: path,
            entry: entry,
            content: content,
            size: value["size"]?.integer,
            modifiedMicroseconds: value["modified_at"]?.string.flatMap(Self.microseconds),
            sha256: value["sha256"]?.string,
            target: value["target"]?.string,
            error: value["error"]?.string,
            looksSecret: value["looks_secret"]?.boolean ?? false
        )
    }

    static func microseconds(_ text: String) -> Int64? {
        guard case .exact(let microseconds) = SourceInstant(text) else { return nil }
        return microseconds
    }

    /// The note as JSON; what is not known is null, so that a merge patch removes it.
    var text: [UInt8] {
        var output = Array(#"{"path":"#.utf8)
        JSONText.append(path, to: &output)
        output += Array(#","entry":"\#(entry.rawValue)","content":"\#(content.rawValue)""#.utf8)
        output += Array(#","size":\#(size.map(String.init) ?? "null")"#.utf8)
        for (name, text) in [
            ("modified_at", modifiedText), ("sha256", sha256), ("target", target), ("error", error),
        ] {
            output += Array(#","\#(name)":"#.utf8)
            if let text { JSONText.append(text, to: &output) } else { output += Array("null".utf8) }
        }
        return output + Array(#","looks_secret":\#(looksSecret)}"#.utf8)
    }
}
