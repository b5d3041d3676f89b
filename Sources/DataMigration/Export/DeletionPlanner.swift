import Domain
import Postgres
import SourceTree

/// Plans what goes because its row was deleted: every record of the id, in every file, so that none wins later.
struct DeletionPlanner {
    let planner: ExportPlanner

    private var session: PostgresSession { planner.session }
    private var removal: RecordRemoval { RecordRemoval(planner: planner) }

    /// Plans all deletions.
    func plan() async throws {
        for table in CatalogTable.all where table != .auditLogs {
            guard try await hasDeletions(table) else { continue }
            if table.hasDerivedKey {
                try await planOwnRows(table)
                try await planImpliedRows(table)
            } else {
                try await planKeys(table)
            }
        }
    }

    private func hasDeletions(_ table: CatalogTable) async throws -> Bool {
        try await session.query(
            "SELECT EXISTS (SELECT FROM cortex.deleted_rows WHERE kind = $1) AS found",
            [.text(table.name)]
        ).rows[0]["found"].boolean ?? false
    }

    // MARK: Rows found by an id

    private func planKeys(_ table: CatalogTable) async throws {
        let kinds = PostgresValue.textArray(planner.extractor.kinds(of: table))
        // The key's parts are separated as the triggers do it.
        try await session.forEachPage(
            "deleted_keys",
            "SELECT key FROM cortex.deleted_rows WHERE kind = '\(table.name)' ORDER BY key"
        ) { row in
            let parts = (row["key"].string ?? "").split(separator: "\u{1f}", omittingEmptySubsequences: false)
            guard let id = parts.last.map(String.init) else { return }
            // A row that got another key keeps its record, which gets another id.
            let records = try await planner.records(
                where: """
                    r.natural_id = $1 AND r.kind = ANY ($2::text[]) AND NOT EXISTS
                    (SELECT FROM public.\(table.name) t WHERE t.source_record_id = r.record_id)
                    """,
                [.text(id), kinds]
            )
            for record in records {
                if parts.count > 1, try await !hasKey(record, parts.map(String.init), of: table) { continue }
                try await removal.remove(record, of: .init(table: table, key: parts.joined(separator: "/")))
            }
        }
    }

    /// Whether a record's own row has this key; of an archive's member the kind tells.
    private func hasKey(_ record: ExportRecord, _ key: [String], of table: CatalogTable) async throws -> Bool {
        guard let text = try await planner.text(of: record) else { return record.kind == key[0] }
        guard let row = planner.rows(of: record, text: text).first, row.table == table else { return false }
        let names = table.mappedColumns.map(\.name)
        return zip(table.key, key).allSatisfy { name, value in
            names.firstIndex(of: name).map { row.values[$0] == .text(value) } ?? false
        }
    }

    // MARK: Rows with a derived key

    /// Every record of such a kind is a row of its own: a record that won and has no row had its row deleted.
    private func planOwnRows(_ table: CatalogTable) async throws {
        let kinds = planner.extractor.kinds(of: table).map { "'\($0.replacing("'", with: "''"))'" }
        guard !kinds.isEmpty else { return }
        try await session.forEachPage(
            "deleted_own",
            """
            \(ExportRecord.selection) AND r.outcome = 'resolved' AND r.kind IN (\(kinds.joined(separator: ", ")))
            AND NOT EXISTS (SELECT FROM public.\(table.name) t WHERE t.source_record_id = r.record_id)
            ORDER BY f.path, r.byte_start
            """
        ) { row in
            let record = ExportRecord(row)
            let key = ExportPlanner.derivedKey(
                MappedRow(table: table, role: "", values: MappedValues(nulls: 0), rank: 0),
                of: record
            )
            guard try await isDeleted(key, table) else { return }
            for copy in [record] + (try await planner.repeats(of: record)) {
                try await removal.remove(copy, of: .init(table: table, key: key))
            }
        }
    }

    private func isDeleted(_ key: String, _ table: CatalogTable) async throws -> Bool {
        try await session.query(
            "SELECT EXISTS (SELECT FROM cortex.deleted_rows WHERE kind = $1 AND key = $2) AS found",
            [.text(table.name), .text(key)]
        ).rows[0]["found"].boolean ?? false
    }

    /// Relations that a record implies by an element of a list: the element goes.
    private func planImpliedRows(_ table: CatalogTable) async throws {
        let kinds = planner.extractor.kinds(of: table, implied: true).map { "'\($0.replacing("'", with: "''"))'" }
        guard !kinds.isEmpty else { return }
        try await session.forEachPage(
            "deleted_implied",
            """
            \(ExportRecord.selection) AND r.outcome = 'resolved' AND r.kind IN (\(kinds.joined(separator: ", ")))
            ORDER BY f.path, r.byte_start
            """
        ) { row in
            let record = ExportRecord(row)
            if try await planner.isRemoved(record) { return }
            guard let text = try await planner.text(of: record) else {
                return try await reportUnreachable(record, table)
            }
            for implied in planner.rows(of: record, text: text) where implied.table == table && !implied.role.isEmpty {
                let key = ExportPlanner.derivedKey(implied, of: record)
                guard try await isDeleted(key, table) else { continue }
                try await removeElement(record, role: implied.role, row: .init(table: table, key: key))
            }
        }
    }

    /// Plans that the element that implies a row goes.
    func removeElement(_ record: ExportRecord, role: String, row: RecordRemoval.Row) async throws {
        let place = planner.place(of: record)
        guard let pointer = planner.extractor.elementPointer(role: role, at: place, kind: record.kind) else { return }
        try await session.query(
            "INSERT INTO export_elements VALUES ($1::uuid, $2, $3, $4)",
            [.text(record.recordID), .text(pointer), .text(row.table.name), .text(row.key)]
        )
    }

    /// Of a record whose text is not in a plain file: the rows that it has no more come back.
    private func reportUnreachable(_ record: ExportRecord, _ table: CatalogTable) async throws {
        let document = try await session.query(
            "SELECT doc::text AS doc FROM source.records WHERE record_id = $1::uuid",
            [.text(record.recordID)]
        ).rows.first?["doc"].string
        for implied in planner.rows(of: record, text: Array((document ?? "").utf8)) where implied.table == table {
            let key = ExportPlanner.derivedKey(implied, of: record)
            guard !implied.role.isEmpty, try await isDeleted(key, table) else { continue }
            planner.facts.resurfacing.append(
                ExportFacts.NotExported(
                    path: record.pathText,
                    table: table.name,
                    key: key,
                    column: nil,
                    reason: "a record that is not in a plain file of the tree implies it"
                )
            )
        }
    }

    // MARK: Agents

    /// Agents that are gone and still named: a new import makes them again, of their mere name.
    func reportNamedAgents() async throws {
        try await session.forEachPage(
            "deleted_agents",
            "SELECT key FROM cortex.deleted_rows WHERE kind = 'agents' ORDER BY key"
        ) { row in
            guard let key = row["key"].string else { return }
            for table in CatalogTable.all {
                for column in table.columns {
                    guard let reference = column.reference, reference.table == CatalogTable.agents.name else {
                        continue
                    }
                    let isNamed = try await session.query(
                        "SELECT EXISTS (SELECT FROM public.\(table.name) WHERE \(quoted(reference.rawColumn)) = $1) AS found",
                        [.text(key)]
                    ).rows[0]["found"].boolean
                    guard isNamed == true else { continue }
                    planner.facts.resurfacing.append(
                        ExportFacts.NotExported(
                            path: nil,
                            table: CatalogTable.agents.name,
                            key: key,
                            column: nil,
                            reason: "\(table.name).\(reference.rawColumn) still names it"
                        )
                    )
                    return
                }
            }
        }
    }
}
