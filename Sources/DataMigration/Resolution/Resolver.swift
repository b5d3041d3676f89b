import Domain
import Postgres

/// Decides which record of each id becomes the row that programs see, and writes those rows: set-wise, in the
/// caller's one transaction.
struct Resolver: Sendable {
    /// The role that loads: the audit trigger knows it and the loader writes the feed itself.
    static let loaderRole = "cortex_loader"

    let session: PostgresSession
    let importID: Int64
    let root: String
    /// The system has been cut over: rows changed or deleted since then are left alone, and nothing is removed.
    let protectsChanges: Bool
    let aliases: [(alias: String, agentID: String)]
    /// Empty tables that at least so many rows come into are filled without their secondary indexes.
    let worthwhileRows: Int64
    /// Whether those indexes are made after the transaction, by `IndexRebuild.complete`: nobody reads the tables yet.
    let postponesIndexes: Bool

    private var layout: StagingLayout { StagingLayout(purpose: .load) }
    private var sql: ResolutionSQL { ResolutionSQL(layout: layout, protectsChanges: protectsChanges) }

    /// Follows what the walk saw: files that came back, went away, or have another time or mode.
    ///
    /// Returns rows changed.
    func updateFiles() async throws -> Int {
        // Without them few files are thought to be current, and each is looked for among all that were seen.
        try await session.query("ANALYZE source.files (file_id, container_file_id, retired_by, import_id)")
        try await session.query("ANALYZE staging.seen")
        // Members are seen with their container. One expression, so that the planner can hash it.
        let seen = "EXISTS (SELECT FROM staging.seen s WHERE s.file_id = coalesce(f.container_file_id, f.file_id))"
        var changed = try await session.query(
            "UPDATE source.files f SET retired_by = NULL WHERE retired_by IS NOT NULL AND \(seen)"
        ).affected
        changed += try await session.query(
            """
            UPDATE source.files f SET retired_by = $1 WHERE retired_by IS NULL AND NOT \(seen)
            AND import_id IN (SELECT import_id FROM source.imports WHERE root = $2)
            """,
            [.integer(importID), .text(root)]
        ).affected
        changed += try await session.query(
            """
            UPDATE source.files f SET mtime_ns = s.mtime_ns, mode = s.mode FROM staging.seen s
            WHERE f.file_id = s.file_id AND (f.mtime_ns, f.mode) IS DISTINCT FROM (s.mtime_ns, s.mode)
            """
        ).affected
        return changed
    }

    /// Decides every outcome and writes every public row.
    ///
    /// Returns rows changed.
    func resolve() async throws -> Int {
        var changed = try await decide()
        let populated = try await populatedTables()
        let indexes = try await IndexRebuild.begin(
            tables: CatalogTable.all.filter { !populated.contains($0.name) },
            worthwhileRows: worthwhileRows,
            session: session
        )
        try await session.query("SET LOCAL ROLE \(Self.loaderRole)")
        for table in CatalogTable.all {
            try await session.query(sql.chooseWinners(table))
        }
        if !protectsChanges {
            changed += try await session.query(
                """
                DELETE FROM public.agent_aliases a
                WHERE NOT EXISTS (SELECT FROM winners_agents w WHERE w.key_agent_id = a.agent_id)
                """
            ).affected
            for table in CatalogTable.all where populated.contains(table.name) {
                let deleted = try await session.query(sql.deleteOrphans(table)).affected
                try await note(table, changed: deleted)
                changed += deleted
            }
        }
        for table in CatalogTable.all where Self.referenced.contains(table.name) {
            for statement in sql.collectKeys(table) { try await session.query(statement) }
        }
        for table in CatalogTable.all {
            let written = try await session.query(sql.upsert(table, intoEmpty: !populated.contains(table.name)))
                .affected
            try await note(table, changed: written)
            changed += written
        }
        changed += try await linkAliases()
        try await session.query("RESET ROLE")
        // Before the indexes: none can be made on a table whose deferred checks are still to come.
        try await session.query("SET CONSTRAINTS ALL IMMEDIATE")
        if postponesIndexes {
            try await indexes.postpone(session: session)
        } else {
            try await indexes.finish(session: session)
        }
        changed += try await RelationFindings(session: session).rewrite()
        return changed
    }

    private static let referenced = Set(CatalogTable.all.flatMap(\.columns).compactMap(\.reference?.table))

    private func decide() async throws -> Int {
        var changed = try await session.query(sql.retireRecords).affected
        try await session.query(
            """
            UPDATE source.records r SET outcome = 'resolved', reason = NULL FROM source.files f
            WHERE f.file_id = r.file_id AND f.retired_by IS NULL AND r.reason = 'no longer in the tree'
            """
        )
        try await session.query(sql.rankRecords)
        try await session.query(sql.decideOutcomes)
        try await session.query("ALTER TABLE decided ADD PRIMARY KEY (record_id)")
        try await session.query("ANALYZE decided")
        changed += try await session.query(sql.writeOutcomes).affected
        try await session.query("GRANT SELECT ON decided TO \(Self.loaderRole)")
        return changed
    }

    private func populatedTables() async throws -> Set<String> {
        var populated: Set<String> = []
        for table in CatalogTable.all {
            let row = try await session.query("SELECT EXISTS (SELECT FROM public.\(table.name)) AS populated").rows[0]
            if row["populated"].boolean == true { populated.insert(table.name) }
        }
        return populated
    }

    /// One feed row says that a table was reloaded: the relay re-reads it, instead of hearing of each row.
    private func note(_ table: CatalogTable, changed: Int) async throws {
        guard changed > 0 else { return }
        try await session.query(
            "INSERT INTO cortex.change_feed (kind, key, version, op) VALUES ($1, '', 0, 'reload')",
            [.text(table.name)]
        )
    }

    private func linkAliases() async throws -> Int {
        var changed = 0
        for link in aliases {
            changed += try await session.query(
                """
                INSERT INTO public.agent_aliases AS a (alias, agent_id, basis)
                SELECT $1, $2, $3 WHERE EXISTS (SELECT FROM keys_agents WHERE key = $1)
                AND EXISTS (SELECT FROM keys_agents WHERE key = $2)
                ON CONFLICT (alias) DO UPDATE SET agent_id = excluded.agent_id, basis = excluded.basis
                WHERE (a.agent_id, a.basis) IS DISTINCT FROM (excluded.agent_id, excluded.basis)
                """,
                [.text(link.alias), .text(link.agentID), .text("mapping")]
            ).affected
        }
        return changed
    }
}
