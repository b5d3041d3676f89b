public import Domain
import SourceTree

extension JSONTreeStore {
    /// A walk through the relations in memory.
    public func assetLineage(
        _ id: String,
        direction: LineageDirection,
        depth: Int,
        clearance: Sensitivity
    ) async throws -> AssetLineage? {
        try AssetLineage.check(depth: depth)
        let snapshot = try await snapshot(.recent)
        guard let root = snapshot.row(.assets, id), root.sensitivity <= clearance else { return nil }
        let relations = snapshot.rows(.assetLineage).map { row in
            AssetRelation(
                edge: AssetLineage.Edge(
                    upstream: row["upstream_raw"].asText ?? "",
                    downstream: row["downstream_raw"].asText ?? "",
                    type: row["lineage_type"].asText,
                    confidence: Self.number(row["confidence"])
                ),
                hasUpstream: row["upstream_raw"] != .null,
                hasDownstream: row["downstream_raw"] != .null
            )
        }
        var isTruncated = false
        func walk(_ way: LineageDirection) -> LineageWalk {
            var walk = LineageWalk(direction: way)
            guard direction == way || direction == .both else { return walk }
            let next = Dictionary(grouping: relations.filter { $0.hasUpstream && $0.hasDownstream }) {
                ExactText(way == .upstream ? $0.edge.downstream : $0.edge.upstream)
            }
            var frontier = [ExactText(id)]
            for level in 1...depth where !frontier.isEmpty {
                var reached: Set<ExactText> = []
                // Edges start at assets that exist.
                for near in frontier where snapshot.row(.assets, near.text) != nil {
                    for relation in next[near] ?? [] {
                        let far = ExactText(way == .upstream ? relation.edge.upstream : relation.edge.downstream)
                        let row = snapshot.row(.assets, far.text)
                        guard row.map({ $0.sensitivity <= clearance }) ?? true else { continue }
                        guard walk.edges.count < AssetLineage.maximumEdges else {
                            isTruncated = true
                            continue
                        }
                        walk.edges.insert(relation.edge)
                        guard far != ExactText(id), walk.nodes[far] == nil else { continue }
                        reached.insert(far)
                        walk.nodes[far] = AssetLineage.Node(
                            id: far.text,
                            depth: level,
                            document: row.map { snapshot.document(.assets, $0) }
                        )
                    }
                }
                frontier = reached.sorted()
            }
            return walk
        }
        let node = AssetLineage.Node(id: id, depth: 0, document: snapshot.document(.assets, root))
        let (upstream, downstream) = (walk(.upstream), walk(.downstream))
        return AssetLineage(root: node, upstream: upstream, downstream: downstream, isTruncated: isTruncated)
    }

    private struct AssetRelation {
        let edge: AssetLineage.Edge
        let hasUpstream: Bool
        let hasDownstream: Bool
    }

    private static func number(_ value: MappedValue) -> String? {
        guard case .numeric(let text) = value else { return nil }
        return PlainDecimal(text)?.text ?? text
    }

    /// A walk by `parent_task_id` and by lineage `spawned` and `part_of`.
    public func taskHierarchy(_ id: String, depth: Int, clearance: Sensitivity) async throws -> TaskHierarchy? {
        try AssetLineage.check(depth: depth)
        guard clearance >= .unstated else { return nil }
        let snapshot = try await snapshot(.recent)
        guard snapshot.row(.tasks, id) != nil else { return nil }
        let steps = TaskSteps(snapshot, types: ["parent", "spawned", "part_of"])
        let met = steps.walk(from: id, depth: depth, next: steps.children)
        let members = [TaskSteps.Met(id: id, via: nil, type: nil, depth: 0)] + met
        return TaskHierarchy(
            taskID: id,
            tasks: members.sorted {
                ($0.depth, ExactText($0.via ?? ""), ExactText($0.id))
                    < ($1.depth, ExactText($1.via ?? ""), ExactText($1.id))
            }.map { met in
                let row = snapshot.row(.tasks, met.id)
                return TaskHierarchy.Member(
                    depth: met.depth,
                    taskID: met.id,
                    parentTaskID: met.via,
                    title: row?["title"].asText,
                    status: row?["task_status"].asText,
                    priority: row?["task_priority"].asText,
                    assignedTo: row?["assigned_to_raw"].asText,
                    isKnown: row != nil
                )
            }
        )
    }

    /// Walks both ways by every kind of relation.
    public func taskLineage(_ id: String, depth: Int, clearance: Sensitivity) async throws -> TaskLineage? {
        try AssetLineage.check(depth: depth)
        guard clearance >= .unstated else { return nil }
        let snapshot = try await snapshot(.recent)
        guard snapshot.row(.tasks, id) != nil else { return nil }
        let steps = TaskSteps(snapshot, types: nil)
        func members(_ next: [ExactText: [TaskSteps.Step]]) -> [TaskLineage.Member] {
            steps.walk(from: id, depth: depth, next: next).sorted {
                ($0.depth, ExactText($0.id)) < ($1.depth, ExactText($1.id))
            }.map { met in
                let row = snapshot.row(.tasks, met.id)
                return TaskLineage.Member(
                    depth: met.depth,
                    taskID: met.id,
                    viaTaskID: met.via,
                    type: met.type,
                    title: row?["title"].asText,
                    status: row?["task_status"].asText,
                    isKnown: row != nil
                )
            }
        }
        return TaskLineage(taskID: id, ancestors: members(steps.parents), descendants: members(steps.children))
    }

    /// Every record of the task; the tree's own events that name it.
    public func taskHistory(_ id: String, clearance: Sensitivity) async throws -> TaskHistory? {
        guard clearance >= .unstated else { return nil }
        let snapshot = try await snapshot(.recent)
        let kinds = Set(["task"]).union(snapshot.row(.tasks, id).map { [$0.record.kind] } ?? [])
        let records = snapshot.records(of: id, kinds: kinds).map { record in
            let (outcome, reason) = snapshot.outcome(of: record)
            return TaskHistory.Record(
                recordID: record.id.description,
                path: TreePath.text(record.path),
                pointer: record.pointer,
                outcome: outcome.rawValue,
                reason: reason,
                body: files.text(of: record)
            )
        }
        let events = snapshot.rows(.auditLogs).filter { $0["task_id_raw"] == .text(id) }
            .sorted { Self.time($0) < Self.time($1) }.suffix(TaskHistory.maximumEvents)
            .map { row in RowDocument { snapshot.value($0, of: row) }.body(of: .auditLogs) }
        guard !records.isEmpty || !events.isEmpty else { return nil }
        return TaskHistory(taskID: id, records: records, events: Array(events))
    }

    private static func time(_ row: TreeRow) -> Int64 {
        if case .instant(let microseconds) = row["occurred_at"] { microseconds } else { .min }
    }

    /// Budget, runs and tasks of an agent, counted.
    public func agentUtilization(_ id: String, clearance: Sensitivity) async throws -> AgentUtilization? {
        guard clearance >= .unstated else { return nil }
        let snapshot = try await snapshot(.recent)
        guard let agent = snapshot.row(.agents, id) else { return nil }
        let runs = snapshot.rows(.agentRuns).filter { $0["agent_id_raw"] == .text(id) }
        let tasks = snapshot.rows(.tasks).filter { $0["assigned_to_raw"] == .text(id) }
        func integer(_ value: MappedValue) -> Int? { if case .integer(let number) = value { Int(number) } else { nil } }
        func count(_ rows: [TreeRow], _ column: String, _ words: String...) -> Int {
            rows.count { row in row[column].asText.map(words.contains) ?? false }
        }
        func sum(_ numbers: [Double]) -> Double? { numbers.isEmpty ? nil : numbers.reduce(0, +) }
        let (budget, used) = (integer(agent["token_budget"]), integer(agent["tokens_used"]))
        let share: Double? =
            if let budget, let used, budget != 0 {
                (Double(used) / Double(budget) * 10_000).rounded() / 10_000
            } else { nil }
        return AgentUtilization(
            agentID: id,
            type: agent["agent_type"].asText,
            status: agent["agent_status"].asText,
            tokenBudget: budget,
            tokensUsed: used,
            budgetUsed: share,
            runs: runs.count,
            runsActive: count(runs, "run_status", "pending", "running", "stuck"),
            runsCompleted: count(runs, "run_status", "completed"),
            runsFailed: count(runs, "run_status", "failed"),
            runTokens: sum(runs.compactMap { integer($0["tokens_used"]).map(Double.init) }),
            runMinutes: sum(runs.compactMap(Self.minutes)),
            tasksAssigned: tasks.count,
            tasksOpen: count(tasks, "task_status", "pending", "in_progress", "blocked")
        )
    }

    private static func minutes(_ run: TreeRow) -> Double? {
        if case .numeric(let text) = run["duration_minutes"] { return Double(text) }
        guard case .instant(let start) = run["started_at"], case .instant(let end) = run["completed_at"] else {
            return nil
        }
        return Double(end - start) / 60_000_000
    }
}

/// The relations between tasks, from both ends.
private struct TaskSteps {
    /// One step to another task.
    struct Step {
        let id: String
        let type: String?
    }

    /// A task that a walk met.
    struct Met {
        let id: String
        let via: String?
        let type: String?
        let depth: Int
    }

    private(set) var children: [ExactText: [Step]] = [:]
    private(set) var parents: [ExactText: [Step]] = [:]
    private let known: Set<ExactText>

    /// The relations of these types; nil for all.
    init(_ snapshot: TreeSnapshot, types: Set<String>?) {
        known = Set(snapshot.rows(.tasks).map { ExactText($0.key) })
        for row in snapshot.rows(.tasks) {
            if let parent = row["parent_task_id_raw"].asText {
                add(parent: parent, child: row.key, type: "parent", types)
            }
        }
        for row in snapshot.rows(.taskLineage) {
            guard let parent = row["parent_task_id_raw"].asText, let child = row["child_task_id_raw"].asText else {
                continue
            }
            add(parent: parent, child: child, type: row["lineage_type"].asText, types)
        }
    }

    private mutating func add(parent: String, child: String, type: String?, _ types: Set<String>?) {
        if let types, type.map(types.contains) != true { return }
        let (above, below) = (ExactText(parent), ExactText(child))
        // Steps start at tasks that exist.
        if known.contains(above) { children[above, default: []].append(Step(id: child, type: type)) }
        if known.contains(below) { parents[below, default: []].append(Step(id: parent, type: type)) }
    }

    /// Level by level, each task once, at its smallest depth.
    func walk(from id: String, depth: Int, next: [ExactText: [Step]]) -> [Met] {
        var seen: Set<ExactText> = [ExactText(id)]
        var met: [Met] = []
        var frontier = [ExactText(id)]
        for level in 1...depth where !frontier.isEmpty {
            var reached: [ExactText: (via: ExactText, type: String?)] = [:]
            for near in frontier.sorted() {
                for step in next[near] ?? [] where !seen.contains(ExactText(step.id)) {
                    let found = (via: near, type: step.type)
                    guard let held = reached[ExactText(step.id)] else {
                        reached[ExactText(step.id)] = found
                        continue
                    }
                    if (found.via, ExactText(found.type ?? "~")) < (held.via, ExactText(held.type ?? "~")) {
                        reached[ExactText(step.id)] = found
                    }
                }
            }
            seen.formUnion(reached.keys)
            met += reached.map { Met(id: $0.key.text, via: $0.value.via.text, type: $0.value.type, depth: level) }
            frontier = Array(reached.keys)
        }
        return met
    }
}
