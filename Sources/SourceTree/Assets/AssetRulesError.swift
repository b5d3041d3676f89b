public import Diagnostics

/// Rules of discovery that cannot be used: every issue that was found, in the order of the file.
public struct AssetRulesError: CortexError {
    /// What is wrong; never empty.
    public let issues: [MappingIssue]

    init(issues: [MappingIssue]) {
        self.issues = issues
    }

    /// Always `discovery.invalid`.
    public var code: ErrorCode { .discoveryInvalid }

    /// The first issue and how many more there are.
    public var message: String {
        guard let first = issues.first else { return "the rules are invalid" }
        return issues.count == 1 ? first.description : "\(first.description); and \(issues.count - 1) more"
    }

    /// Where the language is described.
    public var hint: String? { issues.first?.hint ?? "The language is described in docs/discovery.md." }

    /// All issues, one a line, under `issues`.
    public var details: [String: String] {
        ["issues": issues.map(\.description).joined(separator: "\n")]
    }
}
