import Domain

// Columns: where a value comes from and what is done to it.

extension MappingDecoder {
    mutating func decodeColumns(
        _ node: MappingNode,
        table: CatalogTable,
        without overridden: Set<String> = [],
        slots: inout NumberedNames
    ) -> [ColumnProgram] {
        guard let members = node.members else {
            report(node, "\(node.kind) where columns stand by name")
            return []
        }
        var programs: [ColumnProgram] = []
        for (name, value) in members where !overridden.contains(name) {
            guard let target = target(named: name, in: table) else {
                reportNoColumn(name, value, table)
                continue
            }
            let column = table.mappedColumns[target]
            if let program = decodeColumn(column, target, value, table: table, slots: &slots) {
                programs.append(program)
            }
        }
        return programs
    }

    private mutating func reportNoColumn(_ name: String, _ node: MappingNode, _ table: CatalogTable) {
        if let column = table.columns.first(where: { $0.name == name }), let reference = column.reference {
            report(node, "`\(name)` is derived and cannot be filled", hint: "fill `\(reference.rawColumn)`")
        } else if table.hasDerivedKey, table.key == [name] {
            report(node, "`\(name)` is derived and cannot be filled")
        } else {
            report(
                node,
                "\(table.name) has no column `\(name)`",
                hint: "columns: \(table.mappedColumns.map(\.name).joined(separator: ", "))"
            )
        }
    }

    /// The short form is a source or a list of sources; the long form has `from`, `constant` or `file-suffix`.
    private mutating func decodeColumn(
        _ column: CatalogColumn,
        _ target: Int,
        _ node: MappingNode,
        table: CatalogTable,
        slots: inout NumberedNames
    ) -> ColumnProgram? {
        guard var members = MappingMembers(node) else {
            let sources = decodeSources(node, slots: &slots)
            guard let transform = defaultTransform(column, node, table: table) else { return nil }
            return ColumnProgram(target: target, name: column.name, transform: transform, sources: sources)
        }
        var sources: [ValueSource] = []
        if let from = members.take("from") { sources += decodeSources(from, slots: &slots) }
        if let join = members.take("join") { sources.append(decodeJoin(join, slots: &slots)) }
        if let constant = members.take("constant"), let text = text(constant) {
            checkWord(text, column, constant, table: table)
            sources.append(.constant(text))
        }
        if let suffix = members.take("file-suffix"), let text = text(suffix) {
            if column.type != .boolean {
                report(suffix, "`file-suffix` gives a boolean, \(column.name) is \(column.type.rawValue)")
            }
            sources.append(.fileSuffix(text))
        }
        if sources.isEmpty { report(node, "no source", hint: "write `from`, `join`, `constant` or `file-suffix`") }
        let isConstant = sources.allSatisfy { if case .constant = $0 { true } else { false } }
        let transform = decodeTransform(column, node, &members, isConstant: isConstant, table: table)
        reportUnknown(members)
        guard let transform else { return nil }
        return ColumnProgram(target: target, name: column.name, transform: transform, sources: sources)
    }

    // MARK: Transforms

    private mutating func decodeTransform(
        _ column: CatalogColumn,
        _ node: MappingNode,
        _ members: inout MappingMembers,
        isConstant: Bool,
        table: CatalogTable
    ) -> ColumnTransform? {
        let words = members.take("words")
        let raw = members.take("raw")
        let form = members.take("as")
        let owner = members.take("owner")
        let url = members.take("url")
        if let words {
            return decodeWordTransform(column, words, raw, table: table)
        }
        if let raw { report(raw, "`raw` goes with `words`") }
        guard let form else { return defaultTransform(column, node, isConstant: isConstant, table: table) }
        guard column.type == .text else {
            report(form, "`as` is for text columns; \(column.name) is \(column.type.rawValue)")
            return nil
        }
        switch form.text {
        case "lowercase": return .lowercase
        case "repository":
            guard let owner, let ownerTarget = textTarget(owner, table) else {
                report(form, "`owner` is missing", hint: "name the column for the part before the slash")
                return nil
            }
            return .repository(owner: ownerTarget, url: url.flatMap { textTarget($0, table) })
        default:
            report(form, "\(form.text.map { "`\($0)`" } ?? form.kind) where lowercase or repository is expected")
            return nil
        }
    }

    private mutating func decodeWordTransform(
        _ column: CatalogColumn,
        _ words: MappingNode,
        _ raw: MappingNode?,
        table: CatalogTable
    ) -> ColumnTransform? {
        guard column.type == .text || column.type == .boolean else {
            report(words, "`words` is for text and boolean columns; \(column.name) is \(column.type.rawValue)")
            return nil
        }
        guard let name = text(words) else { return nil }
        guard let vocabulary = vocabularies[name] else {
            report(
                words,
                "there is no vocabulary `\(name)`",
                hint: "vocabularies: \(vocabularies.keys.sorted().joined(separator: ", "))"
            )
            return nil
        }
        let flags: Set<String>? = column.type == .boolean ? ["true", "false"] : nil
        if let allowed = flags ?? CatalogWords.allowed(table: table.name, column: column.name) {
            let strange = vocabulary.results.subtracting(allowed).sorted()
            if !strange.isEmpty {
                report(
                    words,
                    "\(name) gives \(strange.joined(separator: ", ")), which \(column.name) does not take",
                    hint: "it takes \(allowed.sorted().joined(separator: ", "))"
                )
            }
        }
        guard column.type == .text else { return .flagWord(vocabulary) }
        return .word(vocabulary, raw: raw.flatMap { textTarget($0, table) })
    }

    private mutating func textTarget(_ node: MappingNode, _ table: CatalogTable) -> Int? {
        guard let name = text(node) else { return nil }
        guard let target = target(named: name, in: table), table.mappedColumns[target].type == .text else {
            report(node, "`\(name)` is no text column of \(table.name)")
            return nil
        }
        return target
    }

    private mutating func defaultTransform(
        _ column: CatalogColumn,
        _ node: MappingNode,
        isConstant: Bool = false,
        table: CatalogTable
    ) -> ColumnTransform? {
        switch column.type {
        case .text:
            if !isConstant, CatalogWords.allowed(table: table.name, column: column.name) != nil {
                report(node, "\(column.name) takes only words of ours", hint: "write `{from: …, words: <vocabulary>}`")
                return nil
            }
            return .text
        case .integer: return .integer
        case .numeric: return .numeric
        case .boolean: return .boolean
        case .instant: return .instant(raw: target(named: "\(column.name)_raw", in: table))
        case .json: return .json
        case .textArray: return .textArray
        case .uuid:
            report(node, "\(column.name) is a derived id and cannot be filled")
            return nil
        }
    }

    private mutating func checkWord(_ word: String, _ column: CatalogColumn, _ node: MappingNode, table: CatalogTable) {
        guard column.type == .text || column.type == .textArray else {
            report(node, "a constant is text; \(column.name) is \(column.type.rawValue)")
            return
        }
        guard let allowed = CatalogWords.allowed(table: table.name, column: column.name), !allowed.contains(word) else {
            return
        }
        report(
            node,
            "\(column.name) does not take `\(word)`",
            hint: "it takes \(allowed.sorted().joined(separator: ", "))"
        )
    }

    // MARK: Sources

    /// One source or a list of sources.
    mutating func decodeSources(_ node: MappingNode, slots: inout NumberedNames) -> [ValueSource] {
        if let text = node.text { return decodeSource(text, node, slots: &slots).map { [$0] } ?? [] }
        guard let elements = node.elements else {
            report(node, "\(node.kind) where sources are expected", hint: "such as `/id`, `$stem` or a list of them")
            return []
        }
        var sources: [ValueSource] = []
        for element in elements {
            if var members = MappingMembers(element) {
                if let join = members.take("join") { sources.append(decodeJoin(join, slots: &slots)) }
                reportUnknown(members)
            } else if let text = text(element), let source = decodeSource(text, element, slots: &slots) {
                sources.append(source)
            }
        }
        return sources
    }

    private mutating func decodeJoin(_ node: MappingNode, slots: inout NumberedNames) -> ValueSource {
        var parts: [ValueSource] = []
        for element in node.elements ?? [] {
            guard let text = text(element) else { continue }
            if text.hasPrefix("$") || text.hasPrefix("/") && text.count > 1 {
                if let source = decodeSource(text, element, slots: &slots) { parts.append(source) }
            } else {
                parts.append(.constant(text))
            }
        }
        if parts.isEmpty { report(node, "`join` is a list of sources and texts") }
        return .join(parts)
    }

    private mutating func decodeSource(_ text: String, _ node: MappingNode, slots: inout NumberedNames) -> ValueSource?
    {
        switch text {
        case "$record", "": return .record
        case "$id": return .naturalID
        case "$key": return .key
        case "$member": return .memberName
        case "$parent-key": return .parentKey
        case "$stem": return .stem
        case "$name": return .fileName
        case "$path": return .path
        case "$ordinal": return .ordinal
        case "$folder": return .folder
        case "$place": return .place
        default: break
        }
        if text.hasPrefix("$behind/"), let colons = UInt8(text.dropFirst(8)) { return .nameBehind(colons: Int(colons)) }
        if text.hasPrefix("$element"), let pointer = MappingPointer(String(text.dropFirst(8))) {
            return .element(pointer)
        }
        guard text.hasPrefix("/"), let pointer = MappingPointer(text), let first = pointer.tokens.first else {
            report(
                node,
                "`\(text)` is no source",
                hint:
                    """
                    a pointer such as `/id`, or $id, $key, $member, $parent-key, $record, $element, $stem, $name, $behind/N, \
                    $path, $folder, $ordinal, $place
                    """
            )
            return nil
        }
        return .member(slot: slots.add(first), pointer: pointer)
    }
}
