import Domain
import LosslessJSON
import SourceTree

/// The tree's catalog at one moment: of each id the record that counts, and the rows that those records become.
///
/// Conflicts are decided as an import decides them.
final class TreeSnapshot: Sendable {
    /// The files that it was made of, by path.
    let files: [[UInt8]: IndexedFile]
    /// The rows by table and key.
    let rows: [String: [String: TreeRow]]
    /// The keys of each table, in the order of their bytes.
    let keys: [String: [String]]
    /// What became of each record that competed: nil for a winner, else the winner.
    private let winners: [DeterministicID: IndexedRecord]

    init(files: [[UInt8]: IndexedFile]) {
        self.files = files
        let candidates = files.values.flatMap(\.records).filter { $0.disposition == .candidate }.sorted {
            $0.isBetter(than: $1)
        }
        var best: [IndexedRecord.Contender: IndexedRecord] = [:]
        var winners: [DeterministicID: IndexedRecord] = [:]
        var rows: [String: [String: TreeRow]] = [:]
        var ranks: [String: [String: (rank: Int, position: Int, role: String)]] = [:]
        for (position, record) in candidates.enumerated() {
            let winner = best[record.contender] ?? record
            best[record.contender] = winner
            winners[record.id] = winner
            guard winner === record else { continue }
            for row in record.rows {
                guard let key = Self.key(of: row, record: record) else { continue }
                let rank = (rank: row.rank, position: position, role: row.role)
                if let held = ranks[row.table.name]?[key], held <= rank { continue }
                ranks[row.table.name, default: [:]][key] = rank
                rows[row.table.name, default: [:]][key] = TreeRow(
                    table: row.table,
                    key: key,
                    values: row.values,
                    record: record,
                    role: row.role
                )
            }
        }
        self.winners = winners
        self.rows = rows
        keys = rows.mapValues { table in table.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }
    }

    private static func key(of row: MappedRow, record: IndexedRecord) -> String? {
        let table = row.table
        if table.key == ["source_record_id"] { return record.id.description }
        if table.hasDerivedKey {
            let parts = [Array(table.name.utf8), record.id.bytes, Array(row.role.utf8)]
            return DeterministicID(namespace: .row, parts: parts).description
        }
        let columns = table.mappedColumns
        let parts = table.key.compactMap { name in
            columns.firstIndex { $0.name == name }.flatMap { row.values[$0].asText }
        }
        return parts.count == table.key.count ? parts.joined(separator: "\u{1f}") : nil
    }

    /// A row; nil where there is none.
    func row(_ table: CatalogTable, _ key: String) -> TreeRow? { rows[table.name]?[key] }

    /// All rows of a table, by key.
    func all(_ table: CatalogTable) -> [TreeRow] {
        let rows = rows[table.name] ?? [:]
        return (keys[table.name] ?? []).compactMap { rows[$0] }
    }

    /// The value of a column; a reference is its raw name where that row exists.
    func value(_ column: CatalogColumn, of row: TreeRow) -> MappedValue {
        if let reference = column.reference {
            guard let name = row[reference.rawColumn].asText, rows[reference.table]?[name] != nil else { return .null }
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
            guard let winner = winners[record.id], winner !== record else { return (.resolved, nil) }
            return (.superseded, winner.sha256 == record.sha256 ? "identical" : "by " + TreePath.text(winner.path))
        }
    }
}
