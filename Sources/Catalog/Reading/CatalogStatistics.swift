/// Counts of what a reader may see; its JSON is what `GET /api/stats` answers, `timestamp` aside.
public struct CatalogStatistics: Sendable, Equatable, Encodable {
    /// All assets.
    public let totalAssets: Int
    /// Assets by type; those without one are left out.
    public let byType: [String: Int]
    /// Assets by owner; those without one are left out.
    public let byOwner: [String: Int]
    /// How many namespaces assets name.
    public let namespaces: Int
    /// All tasks.
    public let totalTasks: Int
    /// Tasks by status, `unknown` for those whose status is no word of ours.
    public let tasksByStatus: [String: Int]
    /// All agents.
    public let totalAgents: Int
    /// Agents by status, `unknown` for those without one.
    public let agentsByStatus: [String: Int]

    /// Counts.
    public init(
        totalAssets: Int,
        byType: [String: Int],
        byOwner: [String: Int],
        namespaces: Int,
        totalTasks: Int,
        tasksByStatus: [String: Int],
        totalAgents: Int,
        agentsByStatus: [String: Int]
    ) {
        self.totalAssets = totalAssets
        self.byType = byType
        self.byOwner = byOwner
        self.namespaces = namespaces
        self.totalTasks = totalTasks
        self.tasksByStatus = tasksByStatus
        self.totalAgents = totalAgents
        self.agentsByStatus = agentsByStatus
    }

    enum CodingKeys: String, CodingKey {
        case totalAssets = "total_assets"
        case byType = "by_type"
        case byOwner = "by_owner"
        case namespaces
        case totalTasks = "total_tasks"
        case tasksByStatus = "tasks_by_status"
        case totalAgents = "total_agents"
        case agentsByStatus = "agents_by_status"
    }
}
