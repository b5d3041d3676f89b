public import Diagnostics

/// One thing that is wrong with a mapping, with its place.
public struct MappingIssue: Sendable, Equatable, CustomStringConvertible {
    /// The mapping's file name as given.
    public var file: String
    /// The line in it, from 1, where known.
    public var line: Int?
    /// The place in the document, such as `rules/task-queue/records/0/at`.
    public var place: String
    /// What is wrong and what was expected.
    public var message: String
    /// What to write instead; nil when the message says it.
    public var hint: String?

    /// An issue.
    public init(file: String, line: Int?, place: String, message: String, hint: String? = nil) {
        self.file = file
        self.line = line
        self.place = place
        self.message = message
        self.hint = hint
    }

    /// `file:line: place: message (hint)`.
    public var description: String {
        let position = line.map { "\(file):\($0)" } ?? file
        let tail = hint.map { " (\($0))" } ?? ""
        return "\(position): \(place.isEmpty ? "" : "\(place): ")\(message)\(tail)"
    }
}

/// A mapping that cannot be used: every issue that was found, in the order of the file.
public struct MappingError: CortexError {
    /// What is wrong; never empty.
    public let issues: [MappingIssue]

    /// An error of these issues.
    public init(issues: [MappingIssue]) {
        self.issues = issues
    }

    /// Always `mapping.invalid`.
    public var code: ErrorCode { .mappingInvalid }

    /// The first issue and how many more there are.
    public var message: String {
        guard let first = issues.first else { return "the mapping is invalid" }
        return issues.count == 1 ? first.description : "\(first.description); and \(issues.count - 1) more"
    }

    /// Where to see all issues.
    public var hint: String? {
        issues.first?.hint ?? "`cortex mapping check` lists every issue; the language is described in docs/mapping.md"
    }

    /// All issues, one a line, under `issues`.
    public var details: [String: String] {
        ["issues": issues.map(\.description).joined(separator: "\n")]
    }
}
