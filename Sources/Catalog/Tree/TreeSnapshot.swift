import Domain
import LosslessJSON
import SourceTree

/// The tree's catalog at one moment: of each id the record that counts, and the rows that those records become.
///
/// Conflicts are decided as an import decides them, one by one: putting a file in costs what is in that file. A copy
/// shares what does not change.
struct TreeSnapshot: Sendable {
    /// The files that it is made of, by path.
    private(set) var files = ByteMap<IndexedFile>()
    /// By table and key the rows that claim the key; the first one counts.
    private var claims: [String: ByteMap<[TreeRow]>] = [:]
    /// The records that compete for one row, the best one first.
    private var contests = ByteMap<[IndexedRecord]>()

    /// A tree without files.
    init() {}

    // MARK: Rows

    /// A row; nil where there is none.
    func row(_ table: CatalogTable, _ key: String) -> TreeRow? { claims[table.name]?[Array(key.utf8)]?.first }

    /// All rows of a table, by key, behind a key where one is given.
    func rows(_ table: CatalogTable, after key: String? = nil) -> some Sequence<TreeRow> {
        (claims[table.name] ?? ByteMap()).values(after: key.map { Array($0.utf8) }).lazy.compactMap(\.first)
    }

    /// The value of a column; a reference is its raw name where that row exists.
    func value(_ column: CatalogColumn, of row: TreeRow) -> MappedValue {
        if let reference = column.reference {
            guard let name = row[reference.rawColumn].asText,
                claims[reference.table]?[Array(name.utf8)] != nil
            else { return .null }
            return .text(name)
        }
        if row.table.hasDerivedKey, column.name == row.table.key[0] { return .text(row.key) }
        return row[column.name]
    }

    /// The value of a column by its name.
    func value(_ name: String, of row: TreeRow) -> MappedValue {
        guard let column = row.table.columns.first(where: { $0.name == name }) else { return .null }
        return value(column, of: row)
    }

    /// The document of a row.
    func document(_ kind: CatalogKind, _ row: TreeRow) -> StoredDocument {
        let body = RowDocument { self.value($0, of: row) }.body(of: row.table)
        return StoredDocument(
            key: DocumentKey(kind, row.key),
            body: body,
            version: 0,
            token: .record(of: body, version: 0),
            sensitivity: row.sensitivity,
            tier: .file
        )
    }

    // MARK: Records

    /// Every record of an id among those of some kinds, by place.
    func records(of id: String, kinds: Set<String>) -> [IndexedRecord] {
        files.values.flatMap(\.records).filter { $0.naturalID == id && kinds.contains($0.kind) }.sorted {
            if $0.path != $1.path { return $0.path.lexicographicallyPrecedes($1.path) }
            let (left, right) = ($0.member ?? [], $1.member ?? [])
            if left != right { return left.lexicographicallyPrecedes(right) }
            return ($0.ordinal, $0.span.start) < ($1.ordinal, $1.span.start)
        }
    }

    /// What became of a record, and why.
    func outcome(of record: IndexedRecord) -> (outcome: RecordOutcome, reason: String?) {
        switch record.disposition {
        case .quarantined(let reason): return (.quarantined, reason)
        case .notARecord(let reason): return (.notARecord, reason)
        case .candidate:
            guard let winner = record.contest.flatMap({ contests[$0]?.first }), winner !== record else {
                return (.resolved, nil)
            }
            return (.superseded, winner.sha256 == record.sha256 ? "identical" : "by " + TreePath.text(winner.path))
        }
    }

    /// The files whose records decide what a row is: those that claim its key, and those that lost against them.
    func paths(deciding key: DocumentKey) -> Set<[UInt8]> {
        var paths: Set<[UInt8]> = []
        for row in claims[key.kind.table.name]?[Array(key.text.utf8)] ?? [] {
            paths.insert(row.record.path)
            if let contest = row.record.contest { paths.formUnion((contests[contest] ?? []).map(\.path)) }
        }
        return paths
    }

    // MARK: Changes

    /// Puts files in the place of what was known of them, nil for those that are gone; tells the rows that changed.
    @discardableResult
    mutating func put(_ changes: [TreeFileChange]) -> [TreeRowChange] {
        var former = FormerRows()
        for change in changes {
            let (old, new) = (files[change.path]?.records ?? [], change.file?.records ?? [])
            files[change.path] = change.file
            // Found again as it was: nothing to decide.
            if old.count == new.count, zip(old, new).allSatisfy({ $0 === $1 }) { continue }
            for record in old where record.disposition == .candidate { withdraw(record, &former) }
            for record in new where record.disposition == .candidate { enter(record, &former) }
        }
        return former.changes { claims[$0.name]?[$1]?.first }
    }

    /// Takes a record out; the next best of its contest counts from now on.
    private mutating func withdraw(_ record: IndexedRecord, _ former: inout FormerRows) {
        guard let contest = record.contest else { return remove(rowsOf: record, &former) }
        guard var records = contests[contest], let place = records.firstIndex(where: { $0 === record }) else { return }
        records.remove(at: place)
        contests[contest] = records.isEmpty ? nil : records
        guard place == 0 else { return }
        remove(rowsOf: record, &former)
        if let next = records.first { add(rowsOf: next, &former) }
    }

    /// Puts a record in; it counts if it is the best of its contest.
    private mutating func enter(_ record: IndexedRecord, _ former: inout FormerRows) {
        guard let contest = record.contest else { return add(rowsOf: record, &former) }
        var records = contests[contest] ?? []
        let place = records.firstIndex { record.isBetter(than: $0) } ?? records.count
        records.insert(record, at: place)
        contests[contest] = records
        guard place == 0 else { return }
        if records.count > 1 { remove(rowsOf: records[1], &former) }
        add(rowsOf: record, &former)
    }

    private mutating func add(rowsOf record: IndexedRecord, _ former: inout FormerRows) {
        for mapped in record.rows {
            guard let row = TreeRow(mapped, of: record) else { continue }
            let (table, key) = (row.table.name, Array(row.key.utf8))
            var rows = claims[table]?[key] ?? []
            former.note(row.table, key, rows.first)
            rows.insert(row, at: rows.firstIndex { row.isBetter(than: $0) } ?? rows.count)
            claims[table, default: ByteMap()][key] = rows
        }
    }

    private mutating func remove(rowsOf record: IndexedRecord, _ former: inout FormerRows) {
        for mapped in record.rows {
            guard let row = TreeRow(mapped, of: record) else { continue }
            let (table, key) = (row.table.name, Array(row.key.utf8))
            guard var rows = claims[table]?[key] else { continue }
            former.note(row.table, key, rows.first)
            rows.removeAll { $0.record === record }
            claims[table]?[key] = rows.isEmpty ? nil : rows
        }
    }
}

/// What stands in a file from now on; nil for one that is gone.
struct TreeFileChange: Sendable {
    let path: [UInt8]
    let file: IndexedFile?
}

/// A row before and after a change of the tree.
struct TreeRowChange: Sendable {
    let before: TreeRow?
    let after: TreeRow?
}

/// The rows that a change touched, as they were before it.
private struct FormerRows {
    private var rows: [String: [[UInt8]: TreeRow?]] = [:]

    mutating func note(_ table: CatalogTable, _ key: [UInt8], _ row: TreeRow?) {
        if rows[table.name]?[key] == nil { rows[table.name, default: [:]].updateValue(row, forKey: key) }
    }

    /// Those that differ now, by table and key.
    func changes(_ now: (CatalogTable, [UInt8]) -> TreeRow?) -> [TreeRowChange] {
        CatalogTable.all.flatMap { table in
            (rows[table.name] ?? [:]).sorted { $0.key.lexicographicallyPrecedes($1.key) }.compactMap { key, before in
                let after = now(table, key)
                return before?.values == after?.values ? nil : TreeRowChange(before: before, after: after)
            }
        }
    }
}
