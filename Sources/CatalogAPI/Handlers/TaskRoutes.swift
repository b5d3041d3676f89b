import Catalog
import Hummingbird

/// What else there is to ask of a task.
enum TaskRoutes {
    static let all = [hierarchy, lineage, handoffs, history]

    private static let depth = Route.Parameter.query(
        "depth",
        .integer(minimum: 1, maximum: 100),
        "How many levels; 20."
    )

    private static let hierarchy = Route(
        operation: "getTaskHierarchy",
        method: .get,
        template: "/api/tasks/{id}/hierarchy",
        tag: "tasks",
        summary: "A task and its subtasks, by level.",
        right: .read,
        parameters: [depth],
        outcomes: [
            .json("The tasks.", .object([(name: "task_id", schema: .string()), (name: "tasks", schema: .array(.any))]))
        ]
    ) { call in
        let depth = try call.integer("depth", in: 1...100, default: 20)
        let found = try await call.store.taskHierarchy(call.id, depth: depth, clearance: call.clearance)
        return try .encoded(found)
    }

    private static let lineage = Route(
        operation: "getTaskLineage",
        method: .get,
        template: "/api/tasks/{id}/lineage",
        tag: "tasks",
        summary: "Ancestors and descendants of a task by every kind of relation.",
        right: .read,
        parameters: [depth],
        outcomes: [
            .json(
                "The tasks, nearest first.",
                .object([
                    (name: "task_id", schema: .string()), (name: "ancestors", schema: .array(.any)),
                    (name: "descendants", schema: .array(.any)),
                ])
            )
        ]
    ) { call in
        let depth = try call.integer("depth", in: 1...100, default: 20)
        let found = try await call.store.taskLineage(call.id, depth: depth, clearance: call.clearance)
        return try .encoded(found)
    }

    private static let handoffs = Route(
        operation: "listTaskHandoffs",
        method: .get,
        template: "/api/tasks/{id}/handoffs",
        tag: "tasks",
        summary: "Hand-overs of a task, page by page.",
        right: .read,
        parameters: ListAnswer.parameters(.handoffs, without: ["task"]),
        outcomes: [.json("A page.", ListAnswer.schema(.handoffs))]
    ) { call in
        try await ListAnswer(.handoffs, fixed: ["task": call.id]).response(call)
    }

    private static let history = Route(
        operation: "getTaskHistory",
        method: .get,
        template: "/api/tasks/{id}/history",
        tag: "tasks",
        summary: "Every source record and every audit event of a task, oldest first.",
        right: .read,
        outcomes: [
            .json(
                "Records and events.",
                .object([
                    (name: "task_id", schema: .string()), (name: "records", schema: .array(.any)),
                    (name: "events", schema: .array(.any)),
                ])
            )
        ]
    ) { call in
        let found = try await call.store.taskHistory(call.id, clearance: call.clearance)
        guard let found else { throw APIError.missing }
        return .json(
            OrderedJSON.object([
                (name: "task_id", value: .string(found.taskID)),
                (name: "records", value: .array(found.records.map(record))),
                (name: "events", value: .array(found.events.map(OrderedJSON.raw))),
            ]).bytes
        )
    }

    private static func record(_ record: TaskHistory.Record) -> OrderedJSON {
        .object([
            (name: "record_id", value: .string(record.recordID)), (name: "path", value: .string(record.path)),
            (name: "json_pointer", value: .string(record.pointer)), (name: "outcome", value: .string(record.outcome)),
            (name: "reason", value: .optional(record.reason)),
            (name: "doc", value: record.body.map(OrderedJSON.raw) ?? .null),
        ])
    }
}
