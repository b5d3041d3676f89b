// Rules: which files, and where the records are in them.

extension MappingDecoder {
    /// The rank words of the language; lower wins.
    static let ranks = ["live": 0, "backup": 10, "archive": 20, "embedded": 30]
    private static let largestRank = 99

    mutating func decodeRules(_ node: MappingNode) -> [MappingRule] {
        guard let elements = node.elements else {
            report(node, "\(node.kind) where the list of rules is expected")
            return []
        }
        if elements.isEmpty { report(node, "the list of rules is empty") }
        var rules: [MappingRule] = []
        var names: Set<String> = []
        for element in elements {
            guard let rule = decodeRule(element) else { continue }
            if !names.insert(rule.name).inserted { report(element, "two rules are named `\(rule.name)`") }
            rules.append(rule)
        }
        return rules
    }

    private mutating func decodeRule(_ node: MappingNode) -> MappingRule? {
        guard var members = MappingMembers(node) else {
            report(node, "\(node.kind) where a rule with `name` and `files` is expected")
            return nil
        }
        let before = issues.count
        guard let name = members.take("name").flatMap({ text($0) }) else {
            report(node, "`name` is missing", hint: "name the rule; reports refer to it")
            return nil
        }
        let owner = MappingNode(node: node.node, place: "rules/\(name)")
        let globs = decodeGlobs(members.take("files"), owner)
        let format = members.take("format").flatMap { word($0, as: MappingRule.Format.self) } ?? .json
        let rank = members.take("rank").flatMap { decodeRank($0) } ?? 0
        var selections: [RecordSelection] = []
        let records = members.take("records")
        switch (records, format) {
        case (let records?, .file), (let records?, .note):
            report(records, "a file that is not read as JSON has no records")
        case (let records?, _): selections = decodeSelections(records, rank: rank)
        case (nil, .file), (nil, .note): break
        case (nil, _):
            report(owner, "`records` is missing", hint: "write `format: file` to keep the file without records")
        }
        reportUnknown(members)
        guard issues.count == before else { return nil }
        return MappingRule(
            name: name,
            files: globs,
            format: format,
            kind: selections.first?.shape.kind ?? RecordExtractor.unknownKind,
            line: node.line,
            selections: selections
        )
    }

    private mutating func decodeGlobs(_ node: MappingNode?, _ owner: MappingNode) -> [MappingGlob] {
        guard let node else {
            report(owner, "`files` is missing", hint: "list patterns such as `coordination/tasks/**/*.json`")
            return []
        }
        var globs: [MappingGlob] = []
        for text in texts(node) {
            do {
                globs.append(try MappingGlob(text))
            } catch {
                report(node, "the pattern `\(text)`: \(error.message)")
            }
        }
        if globs.isEmpty, issues.isEmpty { report(node, "`files` is empty") }
        return globs
    }

    private mutating func decodeRank(_ node: MappingNode) -> Int? {
        guard let text = text(node) else { return nil }
        if let rank = Self.ranks[text] { return rank }
        if let rank = Int(text), (0...Self.largestRank).contains(rank) { return rank }
        report(node, "`\(text)` is no rank", hint: "live (0), backup (10), archive (20), embedded (30), or 0 to 99")
        return nil
    }

    private mutating func decodeSelections(_ node: MappingNode, rank: Int) -> [RecordSelection] {
        guard let elements = node.elements else {
            report(node, "\(node.kind) where a list of `at` and `shape` is expected")
            return []
        }
        if elements.isEmpty { report(node, "the list of records is empty", hint: "write `format: file` instead") }
        return elements.compactMap { decodeSelection($0, rank: rank) }
    }

    private mutating func decodeSelection(_ node: MappingNode, rank: Int) -> RecordSelection? {
        guard var members = MappingMembers(node) else {
            report(node, "\(node.kind) where `at` and `shape` are expected")
            return nil
        }
        let at = members.take("at")
        let pattern = at.flatMap { text($0) } ?? "/"
        let normal = pattern == "/" ? "" : pattern
        let tokens = MappingPointer.split(normal)
        if tokens == nil, let at {
            report(at, "`\(pattern)` is no pointer pattern", hint: "such as `/`, `/tasks/*`, `/*`")
        }
        var shape: RecordShape?
        if let shapeNode = members.take("shape"), let name = text(shapeNode) {
            shape = shapes[name]
            if shape == nil, shapeNodes[name] == nil {
                report(
                    shapeNode,
                    "there is no shape `\(name)`",
                    hint: "shapes: \(shapeNodes.keys.sorted().joined(separator: ", "))"
                )
            }
        } else {
            report(node, "`shape` is missing")
        }
        let conditions = members.take("when").map { decodeConditions($0) } ?? []
        let ownRank = members.take("rank").flatMap { decodeRank($0) } ?? rank
        let checks = members.take("check-name").flatMap { flag($0) } ?? false
        reportUnknown(members)
        guard let shape, let tokens else { return nil }
        return RecordSelection(
            pointer: normal,
            tokens: tokens,
            conditions: conditions,
            shape: shape,
            rank: ownRank,
            checksFileName: checks,
            line: node.line
        )
    }

    /// Conditions that must all hold.
    mutating func decodeConditions(_ node: MappingNode) -> [RecordCondition] {
        guard var members = MappingMembers(node) else {
            report(node, "\(node.kind) where conditions are expected")
            return []
        }
        var conditions: [RecordCondition] = []
        if let exists = members.take("exists") {
            conditions += pointers(exists).map { .exists($0) }
        }
        if let missing = members.take("missing") {
            conditions += pointers(missing).map { .missing($0) }
        }
        if let kind = members.take("is"), let word = text(kind) {
            if ["object", "array", "string", "number", "boolean", "null"].contains(word) {
                conditions.append(.isKind(word))
            } else {
                report(kind, "`\(word)` is no kind of JSON value")
            }
        }
        if let equals = members.take("equals") {
            guard let pairs = equals.members else {
                report(equals, "\(equals.kind) where pointers stand with texts")
                return conditions
            }
            for (key, value) in pairs {
                guard let pointer = MappingPointer(key), let wanted = text(value) else {
                    report(value, "`\(key)` is no JSON pointer")
                    continue
                }
                conditions.append(.equals(pointer, wanted))
            }
        }
        reportUnknown(members)
        return conditions
    }

    /// One pointer or a list of pointers.
    mutating func pointers(_ node: MappingNode) -> [MappingPointer] {
        if node.text != nil { return pointer(node).map { [$0] } ?? [] }
        guard let elements = node.elements else {
            report(node, "\(node.kind) where pointers are expected")
            return []
        }
        return elements.compactMap { pointer($0) }
    }
}
