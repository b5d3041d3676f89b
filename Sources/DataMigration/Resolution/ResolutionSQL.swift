import Domain

/// The statements that turn staged rows into public rows, made from the catalogue of tables.
///
/// Every name in them is ours (static), every value is bound or already in a table.
struct ResolutionSQL: Sendable {
    let layout: StagingLayout
    /// Rows that were changed or deleted after the cutover stay as they are.
    let protectsChanges: Bool

    /// Numbers all records of the current files from best to worst: rank of the source, the record's own newest
    /// time, file time, path, place in the file.
    var rankRecords: String {
        """
        CREATE TEMPORARY TABLE ranked ON COMMIT DROP AS
        SELECT r.record_id, r.kind, r.resolution, r.sha256, f.path_text,
            CASE r.resolution WHEN 'each' THEN r.record_id::text
                WHEN 'each_distinct' THEN coalesce(r.natural_id, '') || E'\\n' || encode(r.sha256, 'hex')
                ELSE r.natural_id END AS contender,
            row_number() OVER (ORDER BY r.source_rank, r.newest_at DESC NULLS LAST, f.mtime_ns DESC, f.path,
                f.member_path NULLS FIRST, r.ordinal, r.byte_start, r.record_id) AS position
        FROM \(layout.records) r JOIN \(layout.files) f USING (file_id)
        WHERE f.retired_by IS NULL AND r.outcome IN ('resolved', 'superseded')
        """
    }

    /// The outcome of each ranked record: the best of its contenders wins, the others say by what they lost.
    let decideOutcomes = """
        CREATE TEMPORARY TABLE decided ON COMMIT DROP AS
        SELECT record_id, position, winner,
            CASE WHEN record_id = winner THEN 'resolved' ELSE 'superseded' END AS outcome,
            CASE WHEN record_id = winner THEN NULL WHEN sha256 = winner_sha256 THEN 'identical'
                ELSE 'by ' || winner_path END AS reason
        FROM (
            SELECT *, first_value(record_id) OVER w AS winner, first_value(sha256) OVER w AS winner_sha256,
                first_value(path_text) OVER w AS winner_path
            FROM ranked WINDOW w AS (PARTITION BY kind, resolution, contender ORDER BY position)
        ) contenders
        """

    /// Writes the outcomes that differ from what the records say.
    var writeOutcomes: String {
        """
        UPDATE \(layout.records) r SET outcome = d.outcome, reason = d.reason,
            superseded_by = nullif(d.winner, d.record_id)
        FROM decided d WHERE d.record_id = r.record_id
        AND (r.outcome, r.reason, r.superseded_by) IS DISTINCT FROM
            (d.outcome, d.reason, nullif(d.winner, d.record_id))
        """
    }

    /// Records of files that are no longer in the tree keep their rows in `source` and lose their say.
    var retireRecords: String {
        """
        UPDATE \(layout.records) r SET outcome = 'superseded', reason = 'no longer in the tree', superseded_by = NULL
        FROM \(layout.files) f WHERE f.file_id = r.file_id AND f.retired_by IS NOT NULL
        AND r.outcome IN ('resolved', 'superseded') AND r.reason IS DISTINCT FROM 'no longer in the tree'
        """
    }

    // MARK: One table

    /// How the key of a staged row `s` reads, column by column.
    static func keyExpressions(_ table: CatalogTable) -> [String] {
        if table.hasDerivedKey { return ["s.row_key"] }
        if table.key == ["source_record_id"] { return ["s.record_id"] }
        return table.key.map { "s.\(quoted($0))" }
    }

    static func winners(_ table: CatalogTable) -> String { "winners_\(table.name)" }

    static func keys(_ table: String) -> String { "keys_\(table)" }

    /// The staged row that wins each key.
    func chooseWinners(_ table: CatalogTable) -> String {
        let keys = Self.keyExpressions(table)
        let named = zip(keys, table.key).map { "\($0) AS \(quoted("key_\($1)"))" }.joined(separator: ", ")
        let order = (keys + ["s.row_rank", "d.position", "s.row_role"]).joined(separator: ", ")
        return """
            CREATE TEMPORARY TABLE \(Self.winners(table)) ON COMMIT DROP AS
            SELECT DISTINCT ON (\(keys.joined(separator: ", "))) \(named), s.ctid AS staged
            FROM \(layout.typed(table)) s JOIN decided d ON d.record_id = s.record_id AND d.outcome = 'resolved'
            \(deletedFilter(table)) ORDER BY \(order)
            """
    }

    private func deletedFilter(_ table: CatalogTable) -> String {
        guard protectsChanges else { return "" }
        return "WHERE NOT \(Self.isDeletedSinceCutover(table))"
    }

    /// Whether programs have deleted the row of a staged row `s` since the cutover: deletions before it, the loader's
    /// own among them, are of an earlier epoch.
    static func isDeletedSinceCutover(_ table: CatalogTable) -> String {
        let key = keyExpressions(table).map { "\($0)::text" }.joined(separator: " || E'\\x1f' || ")
        return """
            EXISTS (SELECT FROM cortex.deleted_rows x WHERE x.kind = '\(table.name)' AND x.key = \(key)
                AND x.epoch >= (SELECT epoch FROM cortex.system_mode))
            """
    }

    private func keyMatch(_ table: CatalogTable, _ target: String) -> String {
        table.key.map { "w.\(quoted("key_\($0)")) = \(target).\(quoted($0))" }.joined(separator: " AND ")
    }

    /// Removes imported rows that no current record stands behind.
    func deleteOrphans(_ table: CatalogTable) -> String {
        """
        DELETE FROM public.\(table.name) t WHERE t.source_record_id IS NOT NULL
        AND NOT EXISTS (SELECT FROM \(Self.winners(table)) w WHERE \(keyMatch(table, "t")))
        """
    }

    /// The keys that a table will have, for the foreign keys of others.
    func collectKeys(_ table: CatalogTable) -> [String] {
        let key = table.key[0]
        return [
            """
            CREATE TEMPORARY TABLE \(Self.keys(table.name)) ON COMMIT DROP AS
            SELECT \(quoted(key)) AS key FROM public.\(table.name)
            UNION SELECT \(quoted("key_\(key)")) FROM \(Self.winners(table))
            """,
            "ALTER TABLE \(Self.keys(table.name)) ADD PRIMARY KEY (key)",
            "ANALYZE \(Self.keys(table.name))",
        ]
    }

    /// Inserts or updates the winners' rows; rows that would not change are not written.
    func upsert(_ table: CatalogTable, intoEmpty: Bool) -> String {
        let (columns, expressions, joins) = shape(table)
        // The one column with a clock as its default: imported rows have no such time.
        let clock = table == .auditLogs ? (column: ", recorded_at", value: ", NULL") : (column: "", value: "")
        var sql = """
            INSERT INTO public.\(table.name) AS t
                (\(columns.map(quoted).joined(separator: ", ")), source_record_id, imported_version\(clock.column))
            SELECT \(expressions.joined(separator: ", ")), s.record_id, 1\(clock.value)
            FROM \(Self.winners(table)) w JOIN \(layout.typed(table)) s ON s.ctid = w.staged \(joins)
            """
        if intoEmpty { return sql }
        let assigned = columns.filter { !table.key.contains($0) }
        sql += "\nON CONFLICT (\(table.key.map(quoted).joined(separator: ", "))) DO UPDATE SET "
        sql += assigned.map { "\(quoted($0)) = excluded.\(quoted($0))" }.joined(separator: ", ")
        sql += ", source_record_id = excluded.source_record_id, imported_version = t.version + 1"
        sql += "\nWHERE (\(comparable(table, "t"))) IS DISTINCT FROM (\(comparable(table, "excluded")))"
        if protectsChanges { sql += " AND t.version = t.imported_version" }
        return sql
    }

    /// Columns of the insert, the expressions that fill them, and the joins that those need.
    private func shape(_ table: CatalogTable) -> (columns: [String], expressions: [String], joins: String) {
        var columns: [String] = []
        var expressions: [String] = []
        var joins = ""
        for column in table.columns {
            columns.append(column.name)
            if let reference = column.reference {
                let alias = "k\(columns.count)"
                joins += """

                    LEFT JOIN \(Self.keys(reference.table)) \(alias) ON \(alias).key = s.\(quoted(reference.rawColumn))
                    """
                expressions.append("\(alias).key")
            } else if table.hasDerivedKey && column.name == table.key[0] {
                expressions.append("s.row_key")
            } else {
                expressions.append("s.\(quoted(column.name))")
            }
        }
        return (columns, expressions, joins)
    }

    /// All columns of a row as something that can be compared: `json` has no equality, and 1.0 is not 1.00.
    func comparable(_ table: CatalogTable, _ row: String) -> String {
        (table.columns.map { Self.comparable($0, row) } + ["\(row).source_record_id"]).joined(separator: ", ")
    }

    static func comparable(_ column: CatalogColumn, _ row: String) -> String {
        let name = "\(row).\(quoted(column.name))"
        return column.type == .json || column.type == .numeric ? "\(name)::text" : name
    }
}
