import Domain
import Postgres

/// Reads rows of a public table as the values that a mapping would give.
struct RowReading {
    let table: CatalogTable

    /// The columns to select from `t`: the row's key, where it comes from, and its values by their place.
    ///
    /// A name is what the reference says where there is one: programs change either.
    var columns: String {
        let key = table.key.map { "t.\(quoted($0))::text" }
        let references = Dictionary(
            table.columns.compactMap { column in column.reference.map { ($0.rawColumn, column.name) } },
            uniquingKeysWith: { first, _ in first }
        )
        let values = table.mappedColumns.enumerated().map { index, column in
            let name = "t.\(quoted(column.name))"
            let value =
                switch column.type {
                case .instant:
                    "CASE WHEN isfinite(\(name)) THEN (extract(epoch FROM \(name)) * 1000000)::bigint ELSE \(Self.endless) END"
                case .text: references[column.name].map { "coalesce(t.\(quoted($0)), \(name))" } ?? name
                case .json, .uuid: "\(name)::text"
                default: name
                }
            let guarded = column.type == .instant ? "CASE WHEN \(name) IS NOT NULL THEN \(value) END" : value
            return "\(guarded) AS v\(index)"
        }
        return (["t.source_record_id", "concat_ws('/', \(key.joined(separator: ", "))) AS row_key"] + values)
            .joined(separator: ", ")
    }

    /// What stands for `infinity`, which no text of a time says.
    private static let endless = Int64.max

    /// The values of a row in the order of `mappedColumns`.
    func values(of row: PostgresRow) -> [MappedValue] {
        table.mappedColumns.enumerated().map { index, column in
            let cell = row["v\(index)"]
            guard let text = cell.string else { return .null }
            // An agent that has a file is a defined one.
            if table == .agents && column.name == "origin" { return .text("defined") }
            switch column.type {
            case .text, .uuid: return .text(text)
            case .integer: return cell.integer.map { .integer($0) } ?? .null
            case .numeric: return .numeric(text)
            case .boolean: return cell.boolean.map { .boolean($0) } ?? .null
            case .instant: return cell.integer.map { .instant(microseconds: $0) } ?? .null
            case .json: return .json(Array(text.utf8))
            // A list with a NULL in it is no list of texts: it is kept as a text that no list is equal to.
            case .textArray: return cell.textArray.map { .textArray($0) } ?? .text(text)
            }
        }
    }
}
