/// A public table that records become rows of: its key and the columns that a mapping may fill, in order.
///
/// The schema has further columns that loading and triggers own (`version`, `imported_version`, `source_record_id`)
/// and generated ones (`search_vector`). A test holds this list against the database.
///
/// A table is a reference that is never given back: every row names one, and passing it on costs nothing.
public struct CatalogTable: Sendable {
    private let definition: Unmanaged<Definition>

    private final class Definition: Sendable {
        let name: String
        let key: [String]
        let columns: [CatalogColumn]
        let hasDerivedKey: Bool
        let mappedColumns: [CatalogColumn]

        init(name: String, key: [String], columns: [CatalogColumn]) {
            self.name = name
            self.key = key
            self.columns = columns
            let hasDerivedKey = key.count == 1 && columns.first?.type == .uuid
            self.hasDerivedKey = hasDerivedKey
            mappedColumns = columns.filter { $0.reference == nil && !(hasDerivedKey && $0.name == key[0]) }
        }
    }

    private init(_ name: String, key: [String], _ columns: [[CatalogColumn]]) {
        definition = .passRetained(Definition(name: name, key: key, columns: columns.flatMap(\.self)))
    }

    /// The name in schema `public`.
    public var name: String { definition.takeUnretainedValue().name }

    /// The key's columns: one text column, one uuid column, or kind and id.
    public var key: [String] { definition.takeUnretainedValue().key }

    /// All columns that records fill, the key's included, in the order of the table.
    public var columns: [CatalogColumn] { definition.takeUnretainedValue().columns }

    /// Whether the key is derived from the record (`DeterministicID` of table, record and role), not read from it.
    public var hasDerivedKey: Bool { definition.takeUnretainedValue().hasDerivedKey }

    /// The columns that a mapping fills: those that are no derived foreign keys and no derived key.
    public var mappedColumns: [CatalogColumn] { definition.takeUnretainedValue().mappedColumns }

    /// The table of this name.
    public static func named(_ name: String) -> CatalogTable? {
        all.first { $0.name == name }
    }

    /// Every table, referenced ones before those that refer to them where possible.
    public static let all: [CatalogTable] = [
        agents, agentRuns, tasks, taskLineage, taskHandoffs, assets, assetLineage, documents, auditLogs, users,
        governancePolicies, policyViolations, tokenBudgetHistory,
    ]

    /// Masters, workers, observers, and names that files use but none defines.
    public static let agents = CatalogTable(
        "agents",
        key: ["agent_id"],
        [
            [.text("agent_id"), .text("agent_type"), .text("agent_status"), .text("status_raw")],
            [.text("display_name"), .text("role"), .text("origin"), .text("prompt_file")],
            CatalogColumn.reference("parent_agent_id", raw: "parent_raw", to: "agents"),
            CatalogColumn.reference("master_agent_id", raw: "master_raw", to: "agents"),
            [.integer("token_budget"), .integer("tokens_used"), .text("certification"), .text("specialization")],
            [.texts("capabilities"), .texts("repositories"), .json("configuration")],
            CatalogColumn.time("last_checkin"), CatalogColumn.time("created"), CatalogColumn.time("updated"),
            [.json("metadata")],
        ]
    )

    /// One row per worker spec or pool entry: worker ids are recycled, so an agent has many runs.
    public static let agentRuns = CatalogTable(
        "agent_runs",
        key: ["run_id"],
        [
            [.uuid("run_id")],
            CatalogColumn.reference("agent_id", raw: "agent_id_raw", to: "agents"),
            [.text("run_status"), .text("status_raw"), .text("worker_type")],
            CatalogColumn.reference("task_id", raw: "task_id_raw", to: "tasks"),
            CatalogColumn.reference("master_agent_id", raw: "master_raw", to: "agents"),
            CatalogColumn.reference("spawned_by", raw: "spawned_by_raw", to: "agents"),
            [
                .integer("token_budget"), .integer("tokens_used"), .numeric("timeout_minutes"),
                .numeric("duration_minutes"),
            ],
            CatalogColumn.time("created"), CatalogColumn.time("started"), CatalogColumn.time("completed"),
            [.json("results"), .text("error_message"), .json("metadata")],
        ]
    )

    /// Tasks.
    public static let tasks = CatalogTable(
        "tasks",
        key: ["task_id"],
        [
            [.text("task_id"), .text("title"), .text("description"), .text("task_type")],
            [.text("task_status"), .text("status_raw"), .text("task_priority"), .text("priority_raw")],
            CatalogColumn.reference("assigned_to", raw: "assigned_to_raw", to: "agents"),
            CatalogColumn.reference("created_by", raw: "created_by_raw", to: "agents"),
            CatalogColumn.reference("master_agent_id", raw: "master_raw", to: "agents"),
            CatalogColumn.reference("parent_task_id", raw: "parent_task_id_raw", to: "tasks"),
            CatalogColumn.reference("root_task_id", raw: "root_task_id_raw", to: "tasks"),
            [.text("repository_owner"), .text("repository_name"), .text("repository_url")],
            [.integer("token_budget"), .integer("tokens_used"), .numeric("timeout_minutes"), .numeric("sla_minutes")],
            CatalogColumn.time("created"), CatalogColumn.time("assigned"), CatalogColumn.time("started"),
            CatalogColumn.time("completed"), CatalogColumn.time("updated"), CatalogColumn.time("deadline"),
            [.json("result_data"), .text("error_message"), .texts("tags"), .json("metadata")],
        ]
    )

    /// Relations between tasks.
    public static let taskLineage = CatalogTable(
        "task_lineage",
        key: ["lineage_id"],
        [
            [.uuid("lineage_id")],
            CatalogColumn.reference("parent_task_id", raw: "parent_task_id_raw", to: "tasks"),
            CatalogColumn.reference("child_task_id", raw: "child_task_id_raw", to: "tasks"),
            [.text("lineage_type"), .json("metadata")],
        ]
    )

    /// Hand-overs of tasks between agents.
    public static let taskHandoffs = CatalogTable(
        "task_handoffs",
        key: ["handoff_key"],
        [
            [.text("handoff_key")],
            CatalogColumn.reference("task_id", raw: "task_id_raw", to: "tasks"),
            CatalogColumn.reference("from_agent_id", raw: "from_raw", to: "agents"),
            CatalogColumn.reference("to_agent_id", raw: "to_raw", to: "agents"),
            [.text("handoff_type"), .text("handoff_status"), .text("status_raw"), .text("handoff_priority")],
            [.text("priority_raw"), .text("handoff_reason"), .json("context_data"), .boolean("processed")],
            CatalogColumn.time("created"), CatalogColumn.time("acknowledged"),
            [.json("metadata")],
        ]
    )

    /// Assets of the catalog.
    public static let assets = CatalogTable(
        "assets",
        key: ["asset_id"],
        [
            [.text("asset_id"), .text("asset_name"), .text("asset_type"), .text("category"), .text("subcategory")],
            [.text("namespace"), .text("path"), .text("url"), .text("description"), .text("owner")],
            [
                .text("sensitivity"), .text("sensitivity_raw"), .texts("tags"), .text("health_status"),
                .text("checksum"),
            ],
            CatalogColumn.time("last_modified"), CatalogColumn.time("created"), CatalogColumn.time("updated"),
            [.json("metadata")],
        ]
    )

    /// Relations between assets.
    public static let assetLineage = CatalogTable(
        "asset_lineage",
        key: ["lineage_id"],
        [
            [.uuid("lineage_id")],
            CatalogColumn.reference("upstream_asset_id", raw: "upstream_raw", to: "assets"),
            CatalogColumn.reference("downstream_asset_id", raw: "downstream_raw", to: "assets"),
            [.text("lineage_type"), .numeric("confidence"), .text("discovered_by")],
            CatalogColumn.time("discovered"),
            [.json("metadata")],
        ]
    )

    /// Records whose kind has no table of its own.
    public static let documents = CatalogTable(
        "documents",
        key: ["kind", "id"],
        [
            [.text("kind"), .text("id"), .text("title"), .json("body")],
            CatalogColumn.time("created"), CatalogColumn.time("updated"),
        ]
    )

    /// Events.
    ///
    /// The key is a number that the database gives; `source_record_id` is unique.
    public static let auditLogs = CatalogTable(
        "audit_logs",
        key: ["source_record_id"],
        [
            [.text("event_key"), .text("event_type")],
            CatalogColumn.reference("agent_id", raw: "agent_raw", to: "agents"),
            CatalogColumn.reference("task_id", raw: "task_id_raw", to: "tasks"),
            CatalogColumn.reference("asset_id", raw: "asset_id_raw", to: "assets"),
            [.text("summary"), .json("details"), .text("severity"), .text("severity_raw"), .text("security_impact")],
            [.texts("compliance_tags"), .text("ip_address"), .text("user_agent")],
            CatalogColumn.time("occurred"),
        ]
    )

    /// People and programs that sign in.
    public static let users = CatalogTable(
        "users",
        key: ["user_id"],
        [
            [.text("user_id"), .text("username"), .text("email"), .text("full_name"), .text("role")],
            [.text("password_hash"), .boolean("is_active")],
            CatalogColumn.time("created"), CatalogColumn.time("last_login"),
            [.json("metadata")],
        ]
    )

    /// Policies as data.
    public static let governancePolicies = CatalogTable(
        "governance_policies",
        key: ["policy_id"],
        [
            [.text("policy_id"), .text("policy_name"), .text("policy_type"), .text("description"), .json("rules")],
            [.text("severity"), .text("severity_raw"), .boolean("is_active"), .text("revision")],
            CatalogColumn.time("effective_from"), CatalogColumn.time("effective_until"),
            [.json("metadata")],
        ]
    )

    /// What broke a policy.
    public static let policyViolations = CatalogTable(
        "policy_violations",
        key: ["violation_id"],
        [
            [.uuid("violation_id")],
            CatalogColumn.reference("policy_id", raw: "policy_id_raw", to: "governance_policies"),
            CatalogColumn.reference("agent_id", raw: "agent_raw", to: "agents"),
            CatalogColumn.reference("task_id", raw: "task_id_raw", to: "tasks"),
            CatalogColumn.reference("asset_id", raw: "asset_id_raw", to: "assets"),
            [.text("violation_type"), .text("summary"), .json("details"), .text("severity"), .text("severity_raw")],
            [.text("violation_status"), .text("status_raw"), .text("resolution")],
            CatalogColumn.time("detected"), CatalogColumn.time("resolved"),
        ]
    )

    /// Token budgets over time.
    public static let tokenBudgetHistory = CatalogTable(
        "token_budget_history",
        key: ["entry_id"],
        [
            [.uuid("entry_id")],
            CatalogColumn.reference("agent_id", raw: "agent_raw", to: "agents"),
            CatalogColumn.reference("task_id", raw: "task_id_raw", to: "tasks"),
            [.integer("tokens_total"), .integer("tokens_used"), .integer("tokens_remaining"), .text("budget_type")],
            [.json("snapshot"), .text("basis")],
            CatalogColumn.time("recorded"),
        ]
    )
}

extension CatalogTable: Hashable {
    /// Whether both are the same table.
    public static func == (left: CatalogTable, right: CatalogTable) -> Bool {
        left.definition.toOpaque() == right.definition.toOpaque()
    }

    /// Hashes the table's identity.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(definition.toOpaque())
    }
}
