import Domain

/// Reads a file with rules of discovery and reports everything that is wrong with it, each issue with its line.
struct AssetRulesReader {
    /// Reads nodes and collects issues, as of a mapping.
    private var nodes: MappingDecoder

    init(file: String) {
        nodes = MappingDecoder(file: file)
    }

    mutating func read(_ yaml: [UInt8]) throws(AssetRulesError) -> (skipped: [MappingGlob], rules: [AssetRules.Rule]) {
        let root: MappingNode
        do {
            root = try nodes.parse(yaml)
        } catch {
            throw AssetRulesError(issues: error.issues)
        }
        guard var top = MappingMembers(root) else {
            throw AssetRulesError(issues: [
                nodes.issue(at: root, "\(root.kind) where a mapping with `rules` is expected")
            ])
        }
        nodes.checkVersion(top.take("version"), root)
        let skipped = top.take("skip").map { globs($0) } ?? []
        let rules = readRules(top.take("rules"), root)
        nodes.reportUnknown(top)
        guard nodes.issues.isEmpty else { throw AssetRulesError(issues: nodes.issues) }
        return (skipped, rules)
    }

    private mutating func readRules(_ node: MappingNode?, _ root: MappingNode) -> [AssetRules.Rule] {
        guard let node, let elements = node.elements, !elements.isEmpty else {
            nodes.report(node ?? root, "`rules` must be a list with at least one rule")
            return []
        }
        var rules: [AssetRules.Rule] = []
        for element in elements {
            if let rule = readRule(element) { rules.append(rule) }
        }
        if let last = rules.last, rules.count == elements.count {
            if !last.globs.contains(where: { $0.pattern == "**" }) || last.fields[.id] == nil {
                nodes.report(
                    elements[elements.count - 1],
                    "the last rule must be for every path and give an id",
                    hint: "end with a rule of `match: \"**\"` and `id: \"{path|dotted}\"`"
                )
            }
        }
        return rules
    }

    private mutating func readRule(_ node: MappingNode) -> AssetRules.Rule? {
        guard var members = MappingMembers(node) else {
            nodes.report(node, "\(node.kind) where a rule with `match` is expected")
            return nil
        }
        var rule = AssetRules.Rule(globs: [])
        if let match = members.take("match") {
            rule.globs = globs(match)
        } else {
            nodes.report(node, "`match` is missing", hint: "write the paths that the rule is for")
        }
        for field in AssetRules.Field.allCases {
            if let value = members.take(field.rawValue) { rule.fields[field] = template(value) }
        }
        if let value = members.take("sensitivity") { rule.sensitivity = nodes.word(value, as: Sensitivity.self) }
        if let value = members.take("tags") { rule.tags = templates(value) }
        nodes.reportUnknown(members)
        return rule
    }

    private mutating func globs(_ node: MappingNode) -> [MappingGlob] {
        var globs: [MappingGlob] = []
        for text in nodes.texts(node) {
            do throws(MappingGlob.PatternError) {
                globs.append(try MappingGlob(text))
            } catch {
                nodes.report(node, "`\(text)`: \(error.message)")
            }
        }
        return globs
    }

    private mutating func template(_ node: MappingNode) -> AssetTemplate? {
        guard let text = nodes.text(node) else { return nil }
        return template(text, node)
    }

    private mutating func templates(_ node: MappingNode) -> [AssetTemplate] {
        var templates: [AssetTemplate] = []
        for text in nodes.texts(node) {
            if let template = template(text, node) { templates.append(template) }
        }
        return templates
    }

    private mutating func template(_ text: String, _ node: MappingNode) -> AssetTemplate? {
        do throws(AssetTemplate.TemplateError) {
            return try AssetTemplate(text)
        } catch {
            nodes.report(node, error.message)
            return nil
        }
    }
}
