import SourceTree

/// What `cortex mapping infer` reports to programs.
struct MappingDraftReport: Encodable {
    /// Records of one kind that one rule takes.
    struct Rule: Encodable {
        let rule: String
        /// The patterns, separated by a comma and a blank.
        let glob: String
        let globs: [String]
        let kind: String
        let pointer: String
        let id: String
        let rank: String
        let format: String
        let files: Int
        let records: Int
        let why: String
    }

    /// A file named as JSON that no rule takes.
    struct Unmapped: Encodable {
        let path: String
        let reason: String
    }

    let mapping: String
    let rules: [Rule]
    let unmapped: [Unmapped]
    let problems: [String]

    init(_ draft: MappingDraft) {
        mapping = draft.yaml
        rules = draft.rules.map { rule in
            Rule(
                rule: rule.name,
                glob: rule.globs.joined(separator: ", "),
                globs: rule.globs,
                kind: rule.kind,
                pointer: rule.pointer,
                id: rule.id,
                rank: rule.rank,
                format: rule.format,
                files: rule.files,
                records: rule.records,
                why: rule.why
            )
        }
        unmapped = draft.unmapped.map { Unmapped(path: TreePath.text($0.path), reason: $0.reason) }
        problems = draft.problems
    }
}
