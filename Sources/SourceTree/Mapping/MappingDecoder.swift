import Domain
import Yams

/// Reads a mapping file and reports everything that is wrong with it, each issue with its line.
struct MappingDecoder {
    let file: String
    var issues: [MappingIssue] = []
    var vocabularies: [String: MappingVocabulary] = [:]
    var shapes: [String: RecordShape] = [:]
    /// The text of each shape, for shapes that extend it.
    var shapeNodes: [String: MappingNode] = [:]

    /// The parts of a mapping.
    struct Parts {
        var name: String
        var rules: [MappingRule]
        var aliases: [AgentAlias]
    }

    /// The version of the language that this program reads.
    static let version = 1
    private static let mostBytes = 4 << 20

    init(file: String) {
        self.file = file
    }

    mutating func decode(_ yaml: [UInt8]) throws(MappingError) -> Parts {
        let root = try parse(yaml)
        guard var top = MappingMembers(root) else {
            throw MappingError(issues: [
                issue(at: root, "\(root.kind) where the mapping file is a mapping with `rules`")
            ])
        }
        checkVersion(top.take("version"), root)
        let name = top.take("name").flatMap { text($0) } ?? file
        if let node = top.take("vocabularies") { decodeVocabularies(node) }
        if let node = top.take("shapes") { decodeShapes(node) }
        var rules: [MappingRule] = []
        if let node = top.take("rules") {
            rules = decodeRules(node)
        } else {
            report(root, "`rules` is missing", hint: "a mapping needs at least one rule")
        }
        let aliases = top.take("aliases").map { decodeAliases($0) } ?? []
        reportUnknown(top)
        guard issues.isEmpty else { throw MappingError(issues: issues) }
        return Parts(name: name, rules: rules, aliases: aliases)
    }

    /// The file's document.
    func parse(_ yaml: [UInt8]) throws(MappingError) -> MappingNode {
        guard yaml.count <= Self.mostBytes else {
            throw MappingError(issues: [MappingIssue(file: file, line: nil, place: "", message: "larger than 4 MiB")])
        }
        guard let text = String(validating: yaml, as: UTF8.self) else {
            throw MappingError(issues: [MappingIssue(file: file, line: nil, place: "", message: "not valid UTF-8")])
        }
        do {
            guard let node = try compose(yaml: text) else {
                throw MappingError(issues: [MappingIssue(file: file, line: 1, place: "", message: "the file is empty")])
            }
            return MappingNode(node: node, place: "")
        } catch let error as MappingError {
            throw error
        } catch let error as YamlError {
            throw MappingError(issues: [Self.issue(of: error, file: file)])
        } catch {
            throw MappingError(
                issues: [MappingIssue(file: file, line: nil, place: "", message: "not valid YAML: \(error)")]
            )
        }
    }

    private static func issue(of error: YamlError, file: String) -> MappingIssue {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            MappingIssue(file: file, line: mark.line, place: "", message: "not valid YAML: \(problem)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            MappingIssue(
                file: file,
                line: context.mark.line,
                place: "",
                message: "a key occurs twice: \(duplicates.map { $0.description }.sorted().joined(separator: ", "))"
            )
        default: MappingIssue(file: file, line: nil, place: "", message: "not valid YAML: \(error)")
        }
    }

    mutating func checkVersion(_ node: MappingNode?, _ root: MappingNode) {
        guard let node else {
            report(root, "`version` is missing", hint: "write `version: \(Self.version)`")
            return
        }
        guard node.text == String(Self.version) else {
            report(node, "version \(node.text ?? node.kind) where this program reads version \(Self.version)")
            return
        }
    }

    // MARK: Vocabularies and aliases

    private mutating func decodeVocabularies(_ node: MappingNode) {
        guard let members = node.members else { return report(node, "\(node.kind) where vocabularies stand by name") }
        for (name, value) in members {
            guard var inner = MappingMembers(value) else {
                report(value, "\(value.kind) where a vocabulary has `words`")
                continue
            }
            let ignoresCase = inner.take("ignore-case").flatMap { flag($0) } ?? false
            var words: [String: String] = [:]
            if let list = inner.take("words") {
                decodeWords(list, ignoresCase: ignoresCase, into: &words)
            } else {
                report(value, "`words` is missing", hint: "write the raw words and what each means: `queued: pending`")
            }
            reportUnknown(inner)
            vocabularies[name] = MappingVocabulary(name: name, ignoresCase: ignoresCase, words: words)
        }
    }

    private mutating func decodeWords(_ node: MappingNode, ignoresCase: Bool, into words: inout [String: String]) {
        guard let members = node.members else { return report(node, "\(node.kind) where raw words stand with ours") }
        var folded: [String: String] = [:]
        for (raw, value) in members {
            guard let ours = text(value) else { continue }
            words[raw] = ours
            guard ignoresCase else { continue }
            let key = MappingVocabulary.folded(raw)
            if let other = folded[key], other != ours {
                report(value, "`\(raw)` means \(ours) and, in other case, \(other)")
            }
            folded[key] = ours
        }
    }

    private mutating func decodeAliases(_ node: MappingNode) -> [AgentAlias] {
        guard let members = node.members else {
            report(node, "\(node.kind) where agents stand with their other spellings")
            return []
        }
        var aliases: [AgentAlias] = []
        var owners: [String: String] = [:]
        for (agent, value) in members {
            for alias in texts(value) {
                if let other = owners[alias] {
                    report(value, "`\(alias)` is a spelling of `\(agent)` and of `\(other)`")
                } else if alias == agent {
                    report(value, "`\(alias)` is the agent itself", hint: "list only other spellings")
                } else {
                    aliases.append(AgentAlias(alias: alias, agentID: agent))
                }
                owners[alias] = agent
            }
        }
        return aliases
    }

    // MARK: Reporting and scalars

    func issue(at node: MappingNode, _ message: String, hint: String? = nil) -> MappingIssue {
        MappingIssue(file: file, line: node.line, place: node.place, message: message, hint: hint)
    }

    mutating func report(_ node: MappingNode, _ message: String, hint: String? = nil) {
        issues.append(issue(at: node, message, hint: hint))
    }

    mutating func reportUnknown(_ members: MappingMembers) {
        for node in members.unknown {
            let name = node.place.split(separator: "/").last.map(String.init) ?? ""
            report(node, "unknown key `\(name)`", hint: "known here: \(members.known.joined(separator: ", "))")
        }
    }

    mutating func text(_ node: MappingNode) -> String? {
        guard let text = node.text else {
            report(node, "\(node.kind) where a text is expected")
            return nil
        }
        return text
    }

    /// One text or a list of texts.
    mutating func texts(_ node: MappingNode) -> [String] {
        if let text = node.text { return [text] }
        guard let elements = node.elements else {
            report(node, "\(node.kind) where a list of texts is expected")
            return []
        }
        return elements.compactMap { text($0) }
    }

    mutating func flag(_ node: MappingNode) -> Bool? {
        switch node.text {
        case "true": return true
        case "false": return false
        default:
            report(node, "\(node.text.map { "`\($0)`" } ?? node.kind) where true or false is expected")
            return nil
        }
    }

    mutating func word<Word: RawRepresentable & CaseIterable>(
        _ node: MappingNode,
        as type: Word.Type
    ) -> Word? where Word.RawValue == String {
        if let text = node.text, let word = Word(rawValue: text) { return word }
        let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
        report(node, "\(node.text.map { "`\($0)`" } ?? node.kind) where one of \(words) is expected")
        return nil
    }

    mutating func pointer(_ node: MappingNode) -> MappingPointer? {
        guard let text = text(node) else { return nil }
        guard let pointer = MappingPointer(text) else {
            report(
                node,
                "`\(text)` is no JSON pointer",
                hint: "a pointer begins with `/`; `~` is written `~0`, `/` in a name `~1`"
            )
            return nil
        }
        return pointer
    }
}
