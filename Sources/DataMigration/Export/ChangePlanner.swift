import Domain
import Postgres
import SourceTree

/// Plans the rows that programs changed or made: in the place that each came from where it can be, else in a new file.
struct ChangePlanner {
    let planner: ExportPlanner

    private var session: PostgresSession { planner.session }
    private var extractor: RecordExtractor { planner.extractor }
    private var removal: RecordRemoval { RecordRemoval(planner: planner) }
    private var newFiles: NewFiles { NewFiles(planner: planner) }

    /// A row as the database has it.
    struct Row {
        let table: CatalogTable
        let key: String
        let sourceRecordID: String?
        let values: [MappedValue]
        /// Pointers, relative to the record, of what goes besides: relations that are deleted.
        var removing: [String] = []

        init(table: CatalogTable, key: String, values: [MappedValue]) {
            self.table = table
            self.key = key
            sourceRecordID = nil
            self.values = values
        }

        init(_ row: PostgresRow, _ reading: RowReading) {
            table = reading.table
            key = row["row_key"].string ?? ""
            sourceRecordID = row["source_record_id"].string
            values = reading.values(of: row)
        }
    }

    /// Plans a table: rows that changed since their import, that were made since, or whose record goes.
    func plan(_ table: CatalogTable) async throws {
        let reading = RowReading(table: table)
        // Agents that only a name stands for are no row of any file, unless a program has made something of them.
        let inferred =
            table == .agents ? "AND (t.origin IS DISTINCT FROM 'inferred' OR t.version > t.imported_version)" : ""
        try await session.forEachPage(
            "changed_rows",
            """
            SELECT \(reading.columns) FROM public.\(table.name) t
            WHERE (t.source_record_id IS NULL OR t.imported_version IS NULL OR t.version > t.imported_version
                OR EXISTS (SELECT FROM export_removed_records x WHERE x.record_id = t.source_record_id)) \(inferred)
            ORDER BY row_key
            """
        ) { row in
            try await plan(Row(row, reading))
        }
    }

    private func plan(_ changed: Row) async throws {
        var row = changed
        guard let record = try await base(of: row), try await !planner.isRemoved(record) else {
            try await newFiles.create(row)
            return
        }
        guard let own = try await ownValues(of: record, row.table) else { return try await planImplied(row, record) }
        row.removing = try await planner.takeInnerRemovals(of: record)
        if own == row.values && row.removing.isEmpty { return }
        let revision = try await revise(record, to: row)
        if let revision, revision.unmet.isEmpty { return try await patch(record, revision, row) }
        if try await newFiles.create(row, onlyIfExact: true) { return try await replaceBase(record, row) }
        guard let revision else {
            guard try await newFiles.create(row, onlyIfExact: false) else { return }
            return try await replaceBase(record, row)
        }
        for column in revision.unmet {
            planner.facts.notExported.append(
                ExportFacts.NotExported(
                    path: record.pathText,
                    table: row.table.name,
                    key: row.key,
                    column: column,
                    reason: "the file has no place for this value of the column"
                )
            )
        }
        try await patch(record, revision, row)
    }

    // MARK: Where a row came from

    /// The record that a row came from; of a row that was made anew with an old id, the record of that id.
    private func base(of row: Row) async throws -> ExportRecord? {
        if let id = row.sourceRecordID {
            return try await planner.records(where: "r.record_id = $1::uuid AND r.outcome = 'resolved'", [.text(id)])
                .first
        }
        guard !row.table.hasDerivedKey else { return nil }
        let names = row.table.mappedColumns.map(\.name)
        guard let name = row.table.key.last, let index = names.firstIndex(of: name), let id = row.values[index].asText
        else { return nil }
        return try await planner.records(
            where: "r.natural_id = $1 AND r.kind = ANY ($2::text[]) AND r.outcome = 'resolved'",
            [.text(id), .textArray(extractor.kinds(of: row.table))]
        ).first
    }

    /// The values of a record's own row, if it is of this table; those of an unreachable text are not known, so none match.
    private func ownValues(of record: ExportRecord, _ table: CatalogTable) async throws -> [MappedValue]? {
        guard extractor.tables(ofKind: record.kind).contains(table.name) else { return nil }
        guard let text = try await planner.text(of: record) else { return [] }
        return planner.rows(of: record, text: text).first?.values ?? []
    }

    /// A row that a record implies goes into a file of its own, and the element that implies it goes.
    private func planImplied(_ row: Row, _ record: ExportRecord) async throws {
        let text = try await planner.text(of: record)
        let implied = text.flatMap { text in
            planner.rows(of: record, text: text).first {
                $0.table == row.table && !$0.role.isEmpty
                    && (!row.table.hasDerivedKey || ExportPlanner.derivedKey($0, of: record) == row.key)
            }
        }
        // A reference that the deletion of a row took away is no change of a file.
        if let implied, Self.isSame(implied.values, row) { return }
        guard try await newFiles.create(row), row.table.hasDerivedKey, let implied else { return }
        try await DeletionPlanner(planner: planner).removeElement(
            record,
            role: implied.role,
            row: .init(table: row.table, key: row.key)
        )
    }

    private static func isSame(_ values: [MappedValue], _ row: Row) -> Bool {
        let origin = row.table == .agents ? row.table.mappedColumns.firstIndex { $0.name == "origin" } : nil
        return values.indices.allSatisfy { $0 == origin || values[$0] == row.values[$0] }
    }

    // MARK: In place

    /// The record's text changed to become the row; nil where it cannot be changed.
    private func revise(_ record: ExportRecord, to row: Row) async throws -> RecordRevision? {
        guard record.isVisible, let text = try await planner.text(of: record), try await !isPartOfAnother(record) else {
            return nil
        }
        return extractor.revise(text[...], at: planner.place(of: record), to: row.values, removing: row.removing)
    }

    /// Whether the record is inside of another one that stands for a row, which would change with it, or that is written
    /// anew or gone.
    private func isPartOfAnother(_ record: ExportRecord) async throws -> Bool {
        record.isInsideRow ? true : try await planner.isCovered(record)
    }

    private func patch(_ record: ExportRecord, _ revision: RecordRevision, _ row: Row) async throws {
        if let text = try await planner.text(of: record), text != revision.text {
            try await planner.put(record, replacement: revision.text)
        }
        let standing = NewFiles.Standing(revision.record, mtime: record.mtime, path: record.path, record: record)
        if !record.isByNaturalID {
            try await patchRepeats(of: record, row)
            try await DistinctRows(planner: planner).note(revision.record, of: record, row: row, path: record.pathText)
        } else if revision.record.newestTime != record.newestTime
            || revision.record.naturalID.map(ExactText.init) != record.naturalID.map(ExactText.init)
        {
            try await newFiles.removeBetter(than: standing, row: row)
        }
        try await ImpliedAgents(planner: planner).keep(revision.record, standing)
    }

    /// Exact repeats of a record are one row with it: they follow, or they would be rows of their own.
    private func patchRepeats(of record: ExportRecord, _ row: Row) async throws {
        for copy in try await planner.repeats(of: record) {
            if let revision = try await revise(copy, to: row), revision.unmet.isEmpty {
                try await planner.put(copy, replacement: revision.text)
            } else {
                try await removal.remove(copy, of: .init(table: row.table, key: row.key))
            }
        }
    }

    /// The row has a file of its own now: its record must not be a second row, nor win over that file.
    private func replaceBase(_ record: ExportRecord, _ row: Row) async throws {
        guard !record.isByNaturalID else { return }
        for copy in [record] + (try await planner.repeats(of: record)) {
            try await removal.remove(copy, of: .init(table: row.table, key: row.key))
        }
    }

    // MARK: Elements

    /// Takes elements out of records whose own row did not change.
    func planElements() async throws {
        try await session.forEachPage(
            "element_records",
            """
            SELECT DISTINCT e.record_id FROM export_elements e
            WHERE NOT EXISTS (SELECT FROM export_removed_records x WHERE x.record_id = e.record_id) ORDER BY 1
            """
        ) { row in
            guard let record = try await planner.record(id: row["record_id"].string ?? ""),
                let text = try await planner.text(of: record),
                let own = planner.rows(of: record, text: text).first
            else { return }
            var unchanged = Row(table: own.table, key: record.naturalID ?? "", values: own.values)
            let relations = try await relations(of: record)
            unchanged.removing = try await planner.takeInnerRemovals(of: record)
            guard let revision = try await revise(record, to: unchanged) else {
                planner.facts.resurfacing += relations
                return
            }
            try await patch(record, revision, unchanged)
        }
    }

    /// The deleted relations of a record, for the case that they stay in it.
    private func relations(of record: ExportRecord) async throws -> [ExportFacts.NotExported] {
        try await session.query(
            "SELECT table_name, row_key FROM export_elements WHERE record_id = $1::uuid ORDER BY row_key",
            [.text(record.recordID)]
        ).rows.map {
            ExportFacts.NotExported(
                path: record.pathText,
                table: $0["table_name"].string ?? "",
                key: $0["row_key"].string ?? "",
                column: nil,
                reason: "the record that implies it is a part of another one, which is kept"
            )
        }
    }
}
