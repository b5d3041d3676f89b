public import Domain

/// A kind of documents that the service has routes for: its name in paths, its table, what it can be filtered by.
public enum CatalogKind: String, Sendable, CaseIterable {
    /// `/api/assets`.
    case assets
    /// `/api/tasks`.
    case tasks
    /// `/api/agents`.
    case agents
    /// `/api/policies`.
    case policies
    /// `/api/documents/{kind}`: records whose kind has no table of its own.
    case documents
    /// Hand-overs of tasks: `/api/tasks/{id}/handoffs`.
    case handoffs
    /// Runs of agents: `/api/agents/{id}/runs`.
    case runs
    /// `/api/violations`.
    case violations

    /// The table whose rows are the documents.
    public var table: CatalogTable {
        switch self {
        case .assets: .assets
        case .tasks: .tasks
        case .agents: .agents
        case .policies: .governancePolicies
        case .documents: .documents
        case .handoffs: .taskHandoffs
        case .runs: .agentRuns
        case .violations: .policyViolations
        }
    }

    /// The field that holds the id.
    public var idField: String { self == .documents ? "id" : table.key[0] }

    /// The kind of a table; nil for tables without routes.
    public init?(table: CatalogTable) {
        guard let kind = Self.allCases.first(where: { $0.table == table }) else { return nil }
        self = kind
    }
}

/// A filter of a list: a parameter's name and what of a document it is held against.
public struct CatalogFilter: Sendable, Hashable {
    /// How a document matches.
    public enum Match: Sendable, Hashable {
        /// One of these fields is the value.
        case equals([String])
        /// The list in this field has the value.
        case contains(String)
        /// One of these fields holds the value, whatever the case of its letters.
        case text([String])
    }

    /// The parameter.
    public let name: String
    /// How a document matches.
    public let match: Match

    private init(_ name: String, _ match: Match) {
        self.name = name
        self.match = match
    }

    private static func equals(_ name: String, _ fields: String...) -> Self { Self(name, .equals(fields)) }

    /// The filters of a kind, in the order in which they are documented.
    public static func all(of kind: CatalogKind) -> [CatalogFilter] {
        switch kind {
        case .assets:
            [
                equals("type", "asset_type"), equals("owner", "owner"), equals("namespace", "namespace"),
                equals("sensitivity", "sensitivity"), equals("category", "category"), Self("tag", .contains("tags")),
                Self("q", .text(["asset_id", "asset_name", "description"])),
            ]
        case .tasks:
            [
                equals("status", "task_status"), equals("priority", "task_priority"), equals("type", "task_type"),
                equals("assigned_to", "assigned_to", "assigned_to_raw"),
                equals("master", "master_agent_id", "master_raw"),
                equals("parent", "parent_task_id", "parent_task_id_raw"), Self("tag", .contains("tags")),
                Self("q", .text(["task_id", "title", "description"])),
            ]
        case .agents:
            [
                equals("type", "agent_type"), equals("status", "agent_status"), equals("origin", "origin"),
                equals("master", "master_agent_id", "master_raw"),
                Self("q", .text(["agent_id", "display_name", "role"])),
            ]
        case .policies:
            [
                equals("type", "policy_type"), equals("severity", "severity"), equals("active", "is_active"),
                Self("q", .text(["policy_id", "policy_name", "description"])),
            ]
        case .documents:
            [equals("kind", "kind"), Self("q", .text(["id", "title"]))]
        case .handoffs:
            [equals("task", "task_id", "task_id_raw"), equals("status", "handoff_status")]
        case .runs:
            [
                equals("agent", "agent_id", "agent_id_raw"), equals("task", "task_id", "task_id_raw"),
                equals("status", "run_status"),
            ]
        case .violations:
            [
                equals("policy", "policy_id", "policy_id_raw"), equals("severity", "severity"),
                equals("status", "violation_status"),
            ]
        }
    }
}
