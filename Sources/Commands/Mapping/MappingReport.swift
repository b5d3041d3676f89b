import Reporting
import SourceTree

/// What `cortex mapping check` reports.
struct MappingReport: Encodable {
    /// A rule and how many files it takes.
    struct Rule: Encodable {
        let rule: String
        let files: Int
    }

    /// A file and the rule that takes it.
    struct File: Encodable {
        let path: String
        let rule: String?
        let alsoTakenBy: [String]

        private enum CodingKeys: String, CodingKey {
            case path, rule
            case alsoTakenBy = "also_taken_by"
        }
    }

    let mapping: String
    let valid = true
    let rules: [Rule]
    let unmapped: [String]
    let unusedRules: [String]
    let files: [File]

    init(mapping: String, check: MappingCheck) {
        self.mapping = mapping
        rules = check.counts.map { Rule(rule: $0.rule, files: $0.files) }
        unmapped = check.unmapped.map(TreePath.text)
        unusedRules = check.unusedRules
        files = check.assignments.map { File(path: TreePath.text($0.path), rule: $0.rule, alsoTakenBy: $0.alsoTakenBy) }
    }

    private enum CodingKeys: String, CodingKey {
        case mapping, valid, rules, unmapped, files
        case unusedRules = "unused_rules"
    }

    /// The same for people.
    func text(listsFiles: Bool) -> String {
        let taken = rules.filter { $0.files > 0 }
        var text = "mapping \(mapping) is valid\n\n"
        text +=
            TextTable(["rule", "files"], taken.map { [$0.rule, Quantity.count($0.files)] }, numeric: [1]).description
        let others = files.count { $0.rule == nil } - unmapped.count
        text += "\n\(Quantity.count(others, "file")) not named as JSON and taken by no rule\n"
        text +=
            "\(Quantity.count(unmapped.count, "file")) named as JSON and taken by no rule\(unmapped.isEmpty ? "" : ":")\n"
        text += unmapped.map { "  \(TerminalText.safe($0))\n" }.joined()
        if !unusedRules.isEmpty { text += "rules that take no file: \(unusedRules.joined(separator: ", "))\n" }
        guard listsFiles else { return text }
        return text + "\n" + TextTable(["rule", "path"], files.map { [$0.rule ?? "–", $0.path] }).description
    }
}
