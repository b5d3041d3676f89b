public import Domain
import Postgres
import SyncMiddleware

extension HybridStore {
    /// The neighbourhood of an asset, in one statement.
    public func assetLineage(
        _ id: String,
        direction: LineageDirection,
        depth: Int,
        clearance: Sensitivity
    ) async throws -> AssetLineage? {
        try AssetLineage.check(depth: depth)
        guard DocumentKey(.assets, id).canExist else { return nil }
        let ways: [LineageDirection] = direction == .both ? [.upstream, .downstream] : [direction]
        let words = Sensitivity.allCases.filter { $0 <= clearance }.map(\.rawValue)
        let rows = try await instance.query(
            Self.assetLineageStatement,
            [
                .text(id), .textArray(ways.map(\.rawValue)), .integer(Int64(depth)), .textArray(words),
                .integer(Int64(AssetLineage.maximumEdges)),
            ]
        ).rows
        var walks = [
            "upstream": LineageWalk(direction: .upstream), "downstream": LineageWalk(direction: .downstream),
        ]
        var root: AssetLineage.Node?
        var edges = 0
        for row in rows {
            let way = row["way"].string ?? ""
            guard let met = row["id"].string else { continue }
            if let other = row["other"].string {
                edges += 1
                let (upstream, downstream) = way == "upstream" ? (other, met) : (met, other)
                walks[way]?.edges.insert(
                    AssetLineage.Edge(
                        upstream: upstream,
                        downstream: downstream,
                        type: row["type"].string,
                        confidence: row["confidence"].string
                    )
                )
                continue
            }
            let node = AssetLineage.Node(
                id: met,
                depth: Int(row["depth"].integer ?? 0),
                document: document(.assets, row)
            )
            if node.depth == 0 { root = node } else { walks[way]?.nodes[ExactText(met)] = node }
        }
        guard let root, root.document != nil, let upstream = walks["upstream"], let downstream = walks["downstream"]
        else { return nil }
        return AssetLineage(
            root: root,
            upstream: upstream,
            downstream: downstream,
            isTruncated: edges >= AssetLineage.maximumEdges
        )
    }

    /// Level by level, each asset at most once a level; the limit ends the walk, since it is asked for row by row.
    ///
    /// Rows of assets have an `id` and a `depth`, those of relations also the neighbour farther away in `other`.
    private static let assetLineageStatement = """
        WITH RECURSIVE walk (way, id, depth) AS (
            SELECT w.way, $1::text, 0 FROM unnest($2::text[]) AS w (way)
            UNION
            SELECT k.way, e.id, k.depth + 1
            FROM walk k CROSS JOIN LATERAL (
                SELECT l.upstream_raw AS id FROM public.asset_lineage l
                WHERE k.way = 'upstream' AND l.downstream_asset_id = k.id
                UNION ALL
                SELECT l.downstream_raw FROM public.asset_lineage l
                WHERE k.way = 'downstream' AND l.upstream_asset_id = k.id
            ) AS e LEFT JOIN public.assets a ON a.asset_id = e.id
            WHERE k.depth < $3::int AND e.id IS NOT NULL
                AND (a.asset_id IS NULL OR coalesce(a.sensitivity, 'internal') = ANY ($4::text[]))
        ), bounded AS MATERIALIZED (
            SELECT way, id, depth FROM walk LIMIT $5::bigint
        ), met AS MATERIALIZED (
            SELECT way, id, min(depth) AS depth FROM bounded GROUP BY way, id
        ), related AS (
            SELECT m.way, m.id, l.upstream_raw AS other, l.lineage_type AS type, l.confidence
            FROM met m JOIN public.asset_lineage l ON m.way = 'upstream' AND l.downstream_asset_id = m.id
            WHERE m.depth < $3::int
            UNION ALL
            SELECT m.way, m.id, l.downstream_raw, l.lineage_type, l.confidence
            FROM met m JOIN public.asset_lineage l ON m.way = 'downstream' AND l.upstream_asset_id = m.id
            WHERE m.depth < $3::int
        )
        SELECT m.way, m.id, m.depth, NULL AS other, NULL AS type, NULL AS confidence,
            \(DocumentStatement.columns(.assets, alias: "t"))
        FROM met m LEFT JOIN public.assets t ON t.asset_id = m.id
            AND coalesce(t.sensitivity, 'internal') = ANY ($4::text[])
        UNION ALL
        SELECT * FROM (
            SELECT r.way, r.id, NULL::int, r.other, r.type, r.confidence::text, NULL, NULL::bigint, NULL, NULL
            FROM related r JOIN met o ON o.way = r.way AND o.id = r.other LIMIT $5::bigint
        ) AS relations
        """

    /// A task and its subtasks, by the schema's `get_task_hierarchy`.
    public func taskHierarchy(_ id: String, depth: Int, clearance: Sensitivity) async throws -> TaskHierarchy? {
        try AssetLineage.check(depth: depth)
        guard clearance >= .unstated, DocumentKey(.tasks, id).canExist else { return nil }
        let rows = try await instance.query(
            """
            SELECT depth, task_id, parent_task_id, title, task_status, task_priority, assigned_to, is_known
            FROM public.get_task_hierarchy($1, $2::int)
            """,
            [.text(id), .integer(Int64(depth))]
        ).rows
        guard !rows.isEmpty else { return nil }
        let tasks = rows.map { row in
            TaskHierarchy.Member(
                depth: Int(row["depth"].integer ?? 0),
                taskID: row["task_id"].string ?? "",
                parentTaskID: row["parent_task_id"].string,
                title: row["title"].string,
                status: row["task_status"].string,
                priority: row["task_priority"].string,
                assignedTo: row["assigned_to"].string,
                isKnown: row["is_known"].boolean ?? false
            )
        }
        return TaskHierarchy(taskID: id, tasks: tasks)
    }

    /// Ancestors and descendants, by the schema's `get_task_lineage`.
    public func taskLineage(_ id: String, depth: Int, clearance: Sensitivity) async throws -> TaskLineage? {
        try AssetLineage.check(depth: depth)
        guard clearance >= .unstated, DocumentKey(.tasks, id).canExist else { return nil }
        let rows = try await instance.query(
            """
            SELECT l.direction, l.depth, l.task_id, l.via_task_id, l.lineage_type, l.title, l.task_status, l.is_known
            FROM public.tasks t LEFT JOIN LATERAL public.get_task_lineage(t.task_id, $2::int) AS l ON true
            WHERE t.task_id = $1
            """,
            [.text(id), .integer(Int64(depth))]
        ).rows
        guard !rows.isEmpty else { return nil }
        func members(_ direction: String) -> [TaskLineage.Member] {
            rows.filter { $0["direction"].string == direction }.map { row in
                TaskLineage.Member(
                    depth: Int(row["depth"].integer ?? 0),
                    taskID: row["task_id"].string ?? "",
                    viaTaskID: row["via_task_id"].string,
                    type: row["lineage_type"].string,
                    title: row["title"].string,
                    status: row["task_status"].string,
                    isKnown: row["is_known"].boolean ?? false
                )
            }.sorted { ($0.depth, ExactText($0.taskID)) < ($1.depth, ExactText($1.taskID)) }
        }
        return TaskLineage(taskID: id, ancestors: members("ancestor"), descendants: members("descendant"))
    }

    /// Budget, runs and tasks, by the schema's `agent_utilization`.
    public func agentUtilization(_ id: String, clearance: Sensitivity) async throws -> AgentUtilization? {
        guard clearance >= .unstated, DocumentKey(.agents, id).canExist else { return nil }
        let row = try await instance.query(
            """
            SELECT agent_type, agent_status, token_budget, tokens_used, budget_used, runs, runs_active, runs_completed,
                runs_failed, run_tokens, run_minutes, tasks_assigned, tasks_open
            FROM public.agent_utilization($1)
            """,
            [.text(id)]
        ).first
        guard let row else { return nil }
        func count(_ name: String) -> Int { Int(row[name].integer ?? 0) }
        return AgentUtilization(
            agentID: id,
            type: row["agent_type"].string,
            status: row["agent_status"].string,
            tokenBudget: row["token_budget"].integer.map(Int.init),
            tokensUsed: row["tokens_used"].integer.map(Int.init),
            budgetUsed: row["budget_used"].double,
            runs: count("runs"),
            runsActive: count("runs_active"),
            runsCompleted: count("runs_completed"),
            runsFailed: count("runs_failed"),
            runTokens: row["run_tokens"].double,
            runMinutes: row["run_minutes"].double,
            tasksAssigned: count("tasks_assigned"),
            tasksOpen: count("tasks_open")
        )
    }
}
