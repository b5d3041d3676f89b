public import Domain

/// How PostgreSQL makes the document of a row: what caches hold and clients get.
public enum DocumentQueries: Sendable {
    /// What a transaction that reads many documents sets for itself.
    ///
    /// No bitmap scans: on a table without statistics the planner would look ids up in the trigram index, which takes a
    /// thousand times as long as the key's.
    static let settings = "SELECT set_config('enable_bitmapscan', 'off', true)"

    /// The expression of a row's document, `{"version":N,…` with the fields named as the columns; text of type `json`
    /// is kept as it is.
    ///
    /// The driver's sessions are in UTC; in another zone times would depend on more than the row.
    public static func body(of table: CatalogTable, alias: String) -> String {
        let names = ["version"] + table.columns.map(\.name).filter { $0 != "password_hash" }
        let columns = names.map { "\(alias).\($0)" }.joined(separator: ", ")
        return "(SELECT row_to_json(d)::text FROM (SELECT \(columns)) AS d)"
    }

    /// The expression of a row's sensitivity: assets have one of their own.
    public static func sensitivity(of table: CatalogTable, alias: String) -> String {
        table.name == "assets" ? "coalesce(\(alias).sensitivity, 'internal')" : "'internal'"
    }

    /// The expression of a row's key as the change feed writes it.
    public static func key(of table: CatalogTable, alias: String) -> String {
        table.key.map { "\(alias).\($0)::text" }.joined(separator: " || E'\\x1f' || ")
    }

    /// The version, sensitivity and body of a row.
    static func columns(of table: CatalogTable, alias: String) -> String {
        "\(alias).version, \(sensitivity(of: table, alias: alias)) AS sensitivity, "
            + "\(body(of: table, alias: alias)) AS body"
    }

    /// `columns` of a table under the alias `t`, made once: every write returns them.
    static func writtenColumns(of table: CatalogTable) -> String {
        guard let columns = writtenColumns[table.name] else { preconditionFailure("no table \(table.name)") }
        return columns
    }

    private static let writtenColumns = Dictionary(
        uniqueKeysWithValues: CatalogTable.all.map { ($0.name, columns(of: $0, alias: "t")) }
    )

    /// The statement for the documents with the keys `$1`, as the change feed writes keys: for each key its version
    /// (that of its deletion, or 0, where there is no row), sensitivity (NULL without a row) and body.
    static func documents(of table: CatalogTable) -> String { documents(of: table, keys: "unnest($1::text[])") }

    /// The statement for the document with the key `$1`, a text; its row is as those of `documents`.
    ///
    /// Not `documents` with one key: PostgreSQL takes an array for many rows, never keeps a plan for it, and would plan
    /// each read anew, which takes longer than the read.
    static func document(of table: CatalogTable) -> String { documents(of: table, keys: "(SELECT $1::text)") }

    private static func documents(of table: CatalogTable, keys: String) -> String {
        let sensitivity = sensitivity(of: table, alias: "t")
        return """
            SELECT k.key, coalesce(t.version, d.version, 0) AS version,
                CASE WHEN t.version IS NOT NULL THEN \(sensitivity) END AS sensitivity,
                CASE WHEN t.version IS NOT NULL THEN \(body(of: table, alias: "t")) END AS body
            FROM \(keys) AS k (key)
            LEFT JOIN public.\(table.name) t ON \(condition(table))
            LEFT JOIN cortex.deleted_rows d ON d.kind = '\(table.name)' AND d.key = k.key
            """
    }

    /// The statement for the keys of a table as the change feed writes them, in their order.
    static func keys(of table: CatalogTable) -> String {
        let key = key(of: table, alias: "t")
        let order = table.key.map { "t.\($0)" }.joined(separator: ", ")
        return "SELECT \(key) AS key FROM public.\(table.name) t ORDER BY \(order)"
    }

    private static func condition(_ table: CatalogTable) -> String {
        if table.key.count == 2 {
            // What stands before the first separator is the kind; an id may hold one.
            return "t.\(table.key[0]) = split_part(k.key, E'\\x1f', 1) "
                + "AND t.\(table.key[1]) = substr(k.key, strpos(k.key, E'\\x1f') + 1) AND strpos(k.key, E'\\x1f') > 0"
        }
        let isUUID = table.columns.first { $0.name == table.key[0] }?.type == .uuid
        let uuid = "CASE WHEN k.key ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN k.key::uuid END"
        return "t.\(table.key[0]) = \(isUUID ? uuid : "k.key")"
    }
}
