import Domain
import Postgres

/// Findings that only the whole set of records shows: conflicts, dangling and cyclic references, inferred agents,
/// impossible orders of times.
///
/// Rewritten with every resolution; unchanged ones are not written.
struct RelationFindings: Sendable {
    let session: PostgresSession

    private static let rules: [FindingRule] = [
        .conflictingRecord, .danglingReference, .cyclicReference, .inferredAgent, .timeOrder,
    ]

    /// Makes the findings and returns how many rows changed.
    func rewrite() async throws -> Int {
        try await session.query(
            """
            CREATE TEMPORARY TABLE relation_findings (record_id uuid, rule text, pointer text, message text)
            ON COMMIT DROP
            """
        )
        try await collectConflicts()
        try await collectDangling()
        try await collectInferredAgents()
        try await collectTimeOrder()
        try await collectCycles()
        return try await merge()
    }

    private func add(_ rule: FindingRule, _ select: String) async throws {
        try await session.query(
            "INSERT INTO relation_findings (record_id, rule, pointer, message) SELECT q.id, '\(rule.rawValue)', q.pointer, "
                + "left(q.message, 400) FROM (\(select)) q WHERE q.id IS NOT NULL"
        )
    }

    private func collectConflicts() async throws {
        try await add(
            .conflictingRecord,
            """
            SELECT d.record_id AS id, '' AS pointer, 'another record of this id won: ' || d.reason AS message
            FROM decided d WHERE d.outcome = 'superseded' AND d.reason <> 'identical'
            """
        )
    }

    private func collectDangling() async throws {
        for table in CatalogTable.all {
            for column in table.columns {
                guard let reference = column.reference else { continue }
                try await add(
                    .danglingReference,
                    """
                    SELECT t.source_record_id AS id, '\(table.name).\(reference.rawColumn)' AS pointer,
                        'no row of \(reference.table) has the key ' || quote_literal(left(t.\(quoted(reference.rawColumn)), 200)) AS message
                    FROM public.\(table.name) t
                    WHERE t.\(quoted(reference.rawColumn)) IS NOT NULL AND t.\(quoted(column.name)) IS NULL
                    """
                )
            }
        }
    }

    private func collectInferredAgents() async throws {
        try await add(
            .inferredAgent,
            """
            SELECT source_record_id AS id, 'agents.agent_id' AS pointer,
                'named but defined by no file: ' || quote_literal(left(agent_id, 200)) AS message
            FROM public.agents WHERE origin = 'inferred'
            """
        )
    }

    private func collectTimeOrder() async throws {
        let orders = [
            ("tasks", "started_at", "created_at"), ("tasks", "completed_at", "started_at"),
            ("tasks", "completed_at", "created_at"), ("tasks", "assigned_at", "created_at"),
            ("agent_runs", "started_at", "created_at"), ("agent_runs", "completed_at", "started_at"),
        ]
        for (table, later, earlier) in orders {
            try await add(
                .timeOrder,
                """
                SELECT source_record_id AS id, '\(table).\(later)' AS pointer,
                    '\(later) ' || \(later) || ' is before \(earlier) ' || \(earlier) AS message
                FROM public.\(table) WHERE \(later) < \(earlier)
                """
            )
        }
    }

    /// What remains when every edge that starts or ends nowhere is taken away, again and again, are the cycles.
    private func collectCycles() async throws {
        for (edges, label) in Self.edgeSources {
            try await session.query("CREATE TEMPORARY TABLE edges ON COMMIT DROP AS \(edges)")
            var removed = 1
            while removed > 0 {
                removed = try await session.query(
                    """
                    DELETE FROM edges e WHERE NOT EXISTS (SELECT FROM edges o WHERE o.child = e.parent)
                    OR NOT EXISTS (SELECT FROM edges o WHERE o.parent = e.child)
                    """
                ).affected
            }
            try await add(
                .cyclicReference,
                """
                SELECT id, '\(label)' AS pointer,
                    quote_literal(left(parent, 150)) || ' and ' || quote_literal(left(child, 150)) ||
                    ' are on a cycle' AS message FROM edges
                """
            )
            try await session.query("DROP TABLE edges")
        }
    }

    private static let edgeSources = [
        (
            "SELECT source_record_id AS id, parent_task_id_raw AS parent, child_task_id_raw AS child "
                + "FROM public.task_lineage WHERE parent_task_id_raw IS NOT NULL AND child_task_id_raw IS NOT NULL",
            "task_lineage"
        ),
        (
            "SELECT source_record_id AS id, parent_task_id_raw AS parent, task_id AS child "
                + "FROM public.tasks WHERE parent_task_id_raw IS NOT NULL",
            "tasks.parent_task_id"
        ),
        (
            "SELECT source_record_id AS id, upstream_raw AS parent, downstream_raw AS child "
                + "FROM public.asset_lineage WHERE upstream_raw IS NOT NULL AND downstream_raw IS NOT NULL",
            "asset_lineage"
        ),
    ]

    private func merge() async throws -> Int {
        let rules = Self.rules.map { "'\($0.rawValue)'" }.joined(separator: ", ")
        let severities = Self.rules.map { "WHEN '\($0.rawValue)' THEN '\($0.severity.rawValue)'" }.joined(
            separator: " "
        )
        try await session.query(
            """
            CREATE TEMPORARY TABLE made_findings ON COMMIT DROP AS
            SELECT DISTINCT md5(n.record_id::text || n.rule || n.pointer || n.message)::uuid AS finding_id, r.file_id, n.record_id,
                n.rule, CASE n.rule \(severities) END AS severity, n.message, n.pointer
            FROM relation_findings n JOIN source.records r USING (record_id)
            """
        )
        var changed = try await session.query(
            """
            DELETE FROM source.findings f WHERE f.rule IN (\(rules))
            AND NOT EXISTS (SELECT FROM made_findings n WHERE n.finding_id = f.finding_id)
            """
        ).affected
        changed += try await session.query(
            """
            INSERT INTO source.findings (finding_id, file_id, record_id, rule, severity, message, pointer)
            SELECT finding_id, file_id, record_id, rule, severity, message, pointer FROM made_findings
            ON CONFLICT (finding_id) DO NOTHING
            """
        ).affected
        return changed
    }
}
