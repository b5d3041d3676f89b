import Domain

// Shapes: how a record becomes rows.

extension MappingDecoder {
    mutating func decodeShapes(_ node: MappingNode) {
        guard let members = node.members else { return report(node, "\(node.kind) where shapes stand by name") }
        for (name, value) in members { shapeNodes[name] = value }
        for (name, value) in members {
            if let shape = decodeShape(name, value) { shapes[name] = shape }
        }
    }

    /// The members of a shape over those of the shape that it extends; columns are merged one by one.
    private struct Layers {
        var own: MappingMembers
        var base: MappingMembers?

        mutating func take(_ name: String) -> MappingNode? {
            let inherited = base?.take(name)
            return own.take(name) ?? inherited
        }
    }

    private mutating func layers(_ name: String, _ node: MappingNode) -> Layers? {
        guard var own = MappingMembers(node) else {
            report(node, "\(node.kind) where a shape with `kind`, `table` and `columns` is expected")
            return nil
        }
        guard let parent = own.take("extends"), let parentName = text(parent) else {
            return Layers(own: own, base: nil)
        }
        guard parentName != name, let parentNode = shapeNodes[parentName], let base = MappingMembers(parentNode) else {
            report(parent, "there is no other shape `\(parentName)`")
            return nil
        }
        if parentNode.members?.contains(where: { $0.key == "extends" }) == true {
            report(parent, "`\(parentName)` extends a shape itself", hint: "only one level is allowed")
            return nil
        }
        return Layers(own: own, base: base)
    }

    private mutating func decodeShape(_ name: String, _ node: MappingNode) -> RecordShape? {
        guard var layers = layers(name, node) else { return nil }
        let before = issues.count
        guard let tableNode = layers.take("table"), let tableName = text(tableNode) else {
            report(node, "`table` is missing", hint: "tables: \(CatalogTable.all.map(\.name).joined(separator: ", "))")
            return nil
        }
        guard let table = CatalogTable.named(tableName) else {
            report(
                tableNode,
                "there is no table `\(tableName)`",
                hint: "tables: \(CatalogTable.all.map(\.name).joined(separator: ", "))"
            )
            return nil
        }
        let kind = layers.take("kind").flatMap { text($0) } ?? name
        let resolution = layers.take("resolve").flatMap { word($0, as: RecordResolution.self) } ?? .byNaturalID
        let withoutID = layers.take("without-id").flatMap { word($0, as: MissingIDPolicy.self) } ?? .quarantine
        var slots = NumberedNames()
        let ids = layers.take("id").map { decodeSources($0, slots: &slots) } ?? []
        let newest = layers.take("newest").map { decodeSources($0, slots: &slots) } ?? []
        let test = decodeTest(layers.take("record"), layers.take("record-if"))
        let columns = decodeLayeredColumns(&layers, table: table, slots: &slots)
        let rest = decodeRest(layers.take("rest"), layers.take("whole"), node, table)
        let agents = layers.take("agents").map { decodeAgentColumns($0, table) } ?? []
        let implied = layers.take("implies").map { decodeImplied($0, slots: &slots) } ?? []
        reportUnknown(layers.own)
        check(table, resolution, withoutID, ids, columns, node)
        guard issues.count == before, let rest else { return nil }
        return RecordShape(
            name: name,
            kind: kind,
            table: table,
            resolution: resolution,
            naturalID: ids,
            withoutID: withoutID,
            recordTest: test,
            newest: newest,
            row: RowProgram(table: table, columns: columns),
            rest: rest,
            agentColumns: agents,
            implied: implied,
            slots: slots
        )
    }

    private mutating func decodeTest(_ kinds: MappingNode?, _ fields: MappingNode?) -> RecordTest {
        let words = kinds.map { texts($0) } ?? ["object"]
        let known = ["object", "array", "string", "number", "boolean", "null"]
        if let kinds {
            for word in words where !known.contains(word) { report(kinds, "`\(word)` is no kind of JSON value") }
        }
        return RecordTest(kinds: words, anyOf: fields.map { pointers($0) } ?? [])
    }

    private mutating func decodeLayeredColumns(
        _ layers: inout Layers,
        table: CatalogTable,
        slots: inout NumberedNames
    ) -> [ColumnProgram] {
        let own = layers.own.take("columns")
        let base = layers.base?.take("columns")
        let overridden = Set(own?.members?.map(\.key) ?? [])
        var programs: [ColumnProgram] = []
        if let base { programs += decodeColumns(base, table: table, without: overridden, slots: &slots) }
        if let own { programs += decodeColumns(own, table: table, slots: &slots) }
        return programs
    }

    private mutating func decodeRest(
        _ rest: MappingNode?,
        _ whole: MappingNode?,
        _ owner: MappingNode,
        _ table: CatalogTable
    ) -> RestPolicy? {
        guard let node = whole ?? rest else {
            guard let target = target(named: "metadata", in: table) else {
                report(owner, "`rest` or `whole` is missing", hint: "name the json column for what no column holds")
                return nil
            }
            return .collect(target)
        }
        guard let name = text(node) else { return nil }
        guard let target = target(named: name, in: table), table.mappedColumns[target].type == .json else {
            report(node, "`\(name)` is no json column of \(table.name)")
            return nil
        }
        return whole == nil ? .collect(target) : .whole(target)
    }

    private mutating func decodeAgentColumns(_ node: MappingNode, _ table: CatalogTable) -> [AgentColumn] {
        var targets: [AgentColumn] = []
        for name in texts(node) {
            if let target = target(named: name, in: table), table.mappedColumns[target].type == .text {
                targets.append(AgentColumn(target: target, role: "agent/\(name)"))
            } else {
                report(node, "`\(name)` is no text column of \(table.name)")
            }
        }
        return targets
    }

    private mutating func check(
        _ table: CatalogTable,
        _ resolution: RecordResolution,
        _ withoutID: MissingIDPolicy,
        _ ids: [ValueSource],
        _ columns: [ColumnProgram],
        _ node: MappingNode
    ) {
        if resolution == .byNaturalID {
            if ids.isEmpty {
                report(node, "`id` is missing", hint: "rows are found by id; write `resolve: each` where they are not")
            }
            if withoutID == .resolve { report(node, "`without-id: resolve` needs `resolve: each` or `distinct`") }
        }
        guard !table.hasDerivedKey, table.name != CatalogTable.auditLogs.name else { return }
        for key in table.key where !columns.contains(where: { $0.name == key }) {
            report(node, "the key column `\(key)` of \(table.name) is not filled", hint: "write `\(key): $id`")
        }
        if resolution != .byNaturalID { report(node, "rows of \(table.name) are found by id: `resolve: id`") }
    }

    func target(named name: String, in table: CatalogTable) -> Int? {
        table.mappedColumns.firstIndex { $0.name == name }
    }

    // MARK: Implied rows

    private mutating func decodeImplied(_ node: MappingNode, slots: inout NumberedNames) -> [ImpliedRow] {
        guard let elements = node.elements else {
            report(node, "\(node.kind) where a list of implied rows is expected")
            return []
        }
        var rows: [ImpliedRow] = []
        var roles: Set<String> = []
        for element in elements {
            guard let row = decodeImpliedRow(element, slots: &slots) else { continue }
            if !roles.insert(row.role).inserted { report(element, "two implied rows have the role `\(row.role)`") }
            rows.append(row)
        }
        return rows
    }

    private mutating func decodeImpliedRow(_ node: MappingNode, slots: inout NumberedNames) -> ImpliedRow? {
        guard var members = MappingMembers(node) else {
            report(node, "\(node.kind) where `table`, `role` and `columns` are expected")
            return nil
        }
        guard let tableNode = members.take("table"), let table = text(tableNode).flatMap(CatalogTable.named) else {
            report(node, "`table` is missing or unknown")
            return nil
        }
        let role = members.take("role").flatMap { text($0) } ?? ""
        if role.isEmpty { report(node, "`role` is missing", hint: "a stable name; keys of the rows are made of it") }
        let each = members.take("each").flatMap { pointer($0) }
        let conditions = members.take("when").map { decodeConditions($0) } ?? []
        var columns: [ColumnProgram] = []
        if let columnNode = members.take("columns") {
            columns = decodeColumns(columnNode, table: table, slots: &slots)
        } else {
            report(node, "`columns` is missing")
        }
        var required: [Int] = []
        if let requiredNode = members.take("require") {
            required = texts(requiredNode).compactMap { target(named: $0, in: table) }
        }
        reportUnknown(members)
        // A row without its key means nothing; neither does a relation without an end.
        for key in table.key { if let index = target(named: key, in: table) { required.append(index) } }
        return ImpliedRow(
            role: role,
            each: each,
            eachSlot: each?.tokens.first.map { slots.add($0) },
            conditions: conditions,
            row: RowProgram(table: table, columns: columns),
            required: required
        )
    }
}
