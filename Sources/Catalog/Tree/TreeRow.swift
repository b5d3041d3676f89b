import Domain
import LosslessJSON

/// A row that a record of the tree becomes: what would stand in the table.
struct TreeRow: Sendable {
    let table: CatalogTable
    /// The key as the change feed writes it.
    let key: String
    /// In the order of the table's `mappedColumns`.
    let values: [MappedValue]
    let record: IndexedRecord
    /// Empty for the record's own row.
    let role: String
    /// How good a claim to its key it has; lower wins.
    let rank: Int

    /// The row that a record becomes; nil for one without a key.
    init?(_ row: MappedRow, of record: IndexedRecord) {
        guard let key = Self.key(of: row, record) else { return nil }
        table = row.table
        self.key = key
        values = row.values
        self.record = record
        role = row.role
        rank = row.rank
    }

    private static func key(of row: MappedRow, _ record: IndexedRecord) -> String? {
        let table = row.table
        if table.key == ["source_record_id"] { return record.id.description }
        if table.hasDerivedKey {
            let parts = [Array(table.name.utf8), record.id.bytes, Array(row.role.utf8)]
            return DeterministicID(namespace: .row, parts: parts).description
        }
        let parts = table.key.compactMap { name in places[table.name]?[name].flatMap { row.values[$0].asText } }
        return parts.count == table.key.count ? parts.joined(separator: "\u{1f}") : nil
    }

    /// Whether it is the one that counts of two with one key.
    func isBetter(than other: TreeRow) -> Bool {
        if rank != other.rank { return rank < other.rank }
        return record === other.record ? role < other.role : record.isBetter(than: other.record)
    }

    /// The value of a mapped column; null for others.
    subscript(_ column: String) -> MappedValue {
        Self.places[table.name]?[column].map { values[$0] } ?? .null
    }

    /// Who may see it.
    var sensitivity: Sensitivity {
        table == .assets ? self["sensitivity"].asText.flatMap(Sensitivity.init) ?? .unstated : .unstated
    }

    private static let places = Dictionary(
        uniqueKeysWithValues: CatalogTable.all.map { table in
            let columns = table.mappedColumns.enumerated().map { ($0.element.name, $0.offset) }
            return (table.name, Dictionary(uniqueKeysWithValues: columns))
        }
    )
}

/// Writes a row as its document, letter by letter as PostgreSQL's `row_to_json` does.
struct RowDocument {
    /// The value of each column, references resolved.
    let value: (CatalogColumn) -> MappedValue

    /// The document of a row at version 0.
    func body(of table: CatalogTable) -> [UInt8] {
        var output = Array("{\"version\":0".utf8)
        for column in table.columns where column.name != "password_hash" {
            output.append(UInt8(ascii: ","))
            JSONText.append(column.name, to: &output)
            output.append(UInt8(ascii: ":"))
            Self.append(value(column), to: &output)
        }
        output.append(UInt8(ascii: "}"))
        return output
    }

    private static func append(_ value: MappedValue, to output: inout [UInt8]) {
        switch value {
        case .null: output += Array("null".utf8)
        case .text(let text): JSONText.append(text, to: &output)
        case .integer(let number): output += Array(String(number).utf8)
        case .numeric(let text): output += Array((PlainDecimal(text)?.text ?? text).utf8)
        case .boolean(let flag): output += Array((flag ? "true" : "false").utf8)
        case .instant(let microseconds):
            JSONText.append(spelling.text(microseconds: microseconds) ?? "", to: &output)
        case .json(let bytes): output += bytes
        case .textArray(let texts):
            output.append(UInt8(ascii: "["))
            for (number, text) in texts.enumerated() {
                if number > 0 { output.append(UInt8(ascii: ",")) }
                JSONText.append(text, to: &output)
            }
            output.append(UInt8(ascii: "]"))
        }
    }

    private static let spelling = InstantSpelling(of: "2000-01-01T00:00:00+00:00")
}
