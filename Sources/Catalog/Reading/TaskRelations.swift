/// A task and its subtasks; its JSON is what `GET /api/tasks/{id}/hierarchy` answers.
public struct TaskHierarchy: Sendable, Equatable, Encodable {
    /// A task of the hierarchy.
    public struct Member: Sendable, Equatable, Encodable {
        /// How many levels below the task asked for.
        public let depth: Int
        /// The id.
        public let taskID: String
        /// The task above; nil for the one asked for.
        public let parentTaskID: String?
        /// The title.
        public let title: String?
        /// The status, one of our words.
        public let status: String?
        /// The priority, one of our words.
        public let priority: String?
        /// The assignee.
        public let assignedTo: String?
        /// Whether a task has this id, or only a name that others use.
        public let isKnown: Bool

        enum CodingKeys: String, CodingKey {
            case depth
            case taskID = "task_id"
            case parentTaskID = "parent_task_id"
            case title
            case status = "task_status"
            case priority = "task_priority"
            case assignedTo = "assigned_to"
            case isKnown = "is_known"
        }
    }

    /// The task asked for.
    public let taskID: String
    /// It and its subtasks, by level; each once.
    public let tasks: [Member]

    enum CodingKeys: String, CodingKey {
        case taskID = "task_id"
        case tasks
    }
}

/// Ancestors and descendants of a task; its JSON is what `GET /api/tasks/{id}/lineage` answers.
public struct TaskLineage: Sendable, Equatable, Encodable {
    /// A task that the walk met.
    public struct Member: Sendable, Equatable, Encodable {
        /// How many levels away.
        public let depth: Int
        /// The id.
        public let taskID: String
        /// The neighbour that it was reached from.
        public let viaTaskID: String?
        /// The kind of the relation: parent, spawned, depends_on, blocks, part_of.
        public let type: String?
        /// The title.
        public let title: String?
        /// The status, one of our words.
        public let status: String?
        /// Whether a task has this id, or only a name that others use.
        public let isKnown: Bool

        enum CodingKeys: String, CodingKey {
            case depth
            case taskID = "task_id"
            case viaTaskID = "via_task_id"
            case type = "lineage_type"
            case title
            case status = "task_status"
            case isKnown = "is_known"
        }
    }

    /// The task asked for.
    public let taskID: String
    /// What it follows from, nearest first.
    public let ancestors: [Member]
    /// What follows from it, nearest first.
    public let descendants: [Member]

    enum CodingKeys: String, CodingKey {
        case taskID = "task_id"
        case ancestors
        case descendants
    }
}
