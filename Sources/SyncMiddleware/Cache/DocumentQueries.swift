import Domain

/// How PostgreSQL makes the document of a row: what caches hold and clients get.
enum DocumentQueries {
    /// The expression of a row's document, `{"version":N,…` with the fields named as the columns; text of type `json`
    /// is kept as it is.
    ///
    /// The session's time zone must be UTC, or times would depend on more than the row.
    static func body(of table: CatalogTable, alias: String) -> String {
        let columns = (["version"] + table.columns.map(\.name)).map { "\(alias).\($0)" }.joined(separator: ", ")
        return "(SELECT row_to_json(d)::text FROM (SELECT \(columns)) AS d)"
    }
}
