/// Budget, runs and tasks of an agent; its JSON is what `GET /api/agents/{id}/utilization` answers.
public struct AgentUtilization: Sendable, Equatable, Encodable {
    /// The agent.
    public let agentID: String
    /// master, worker, observer, external.
    public let type: String?
    /// Its status, one of our words.
    public let status: String?
    /// How many tokens it may use.
    public let tokenBudget: Int?
    /// How many it has used.
    public let tokensUsed: Int?
    /// The share of the budget that is used, 1 for all of it, to four decimals.
    public let budgetUsed: Double?
    /// How many runs it has had.
    public let runs: Int
    /// Runs under way.
    public let runsActive: Int
    /// Runs that came to their end.
    public let runsCompleted: Int
    /// Runs that failed.
    public let runsFailed: Int
    /// Tokens of all runs that say how many.
    public let runTokens: Double?
    /// Minutes of all runs that say how long.
    public let runMinutes: Double?
    /// Tasks that name it.
    public let tasksAssigned: Int
    /// Those of them that are not done.
    public let tasksOpen: Int

    /// An answer.
    public init(
        agentID: String,
        type: String?,
        status: String?,
        tokenBudget: Int?,
        tokensUsed: Int?,
        budgetUsed: Double?,
        runs: Int,
        runsActive: Int,
        runsCompleted: Int,
        runsFailed: Int,
        runTokens: Double?,
        runMinutes: Double?,
        tasksAssigned: Int,
        tasksOpen: Int
    ) {
        self.agentID = agentID
        self.type = type
        self.status = status
        self.tokenBudget = tokenBudget
        self.tokensUsed = tokensUsed
        self.budgetUsed = budgetUsed
        self.runs = runs
        self.runsActive = runsActive
        self.runsCompleted = runsCompleted
        self.runsFailed = runsFailed
        self.runTokens = runTokens
        self.runMinutes = runMinutes
        self.tasksAssigned = tasksAssigned
        self.tasksOpen = tasksOpen
    }

    enum CodingKeys: String, CodingKey {
        case agentID = "agent_id"
        case type = "agent_type"
        case status = "agent_status"
        case tokenBudget = "token_budget"
        case tokensUsed = "tokens_used"
        case budgetUsed = "budget_used"
        case runs
        case runsActive = "runs_active"
        case runsCompleted = "runs_completed"
        case runsFailed = "runs_failed"
        case runTokens = "run_tokens"
        case runMinutes = "run_minutes"
        case tasksAssigned = "tasks_assigned"
        case tasksOpen = "tasks_open"
    }
}
