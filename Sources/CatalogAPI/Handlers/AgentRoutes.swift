import Catalog
import HTTPTypes
import Hummingbird
import LosslessJSON

/// What else there is to ask of an agent, and how it says that it is there.
enum AgentRoutes {
    static let all = [checkIn, utilization, runs]

    private static let checkIn = Route(
        operation: "checkInAgent",
        method: .post,
        template: "/api/agents/{id}/checkin",
        tag: "agents",
        summary: "Say that an agent is there: sets `last_checkin_at`, and what the body says.",
        right: .write,
        parameters: [
            .header("Idempotency-Key", "A repetition with the same key gets the first answer again, for 24 hours.")
        ],
        body: Route.Body(
            mediaTypes: ["application/json"],
            schema: .object(
                [
                    (name: "status", schema: .nullable(.string())),
                    (name: "tokens_used", schema: .nullable(.integer(minimum: 0))),
                ],
                isOpen: false
            ),
            isRequired: false
        ),
        outcomes: [.json("The agent.", .named("Agent"))],
        problems: DocumentRoutes.changeProblems
    ) { call in
        let body = try await call.optionalBody()
        let root = try Call.json(body, depth: call.configuration.depthLimit).root
        let fields = try FieldReader(root, names: ["status", "tokens_used"])
        let message = AgentCheckIn(
            status: try fields.string("status"),
            tokensUsed: try fields.integer("tokens_used", in: 0...Int(Int32.max) << 20)
        )
        let result = try await call.store.checkIn(
            call.id,
            message,
            atMicroseconds: Instants.now,
            author: call.author,
            idempotencyKey: call.idempotencyKey(body)
        )
        return .written(result, at: DocumentKey(.agents, call.id).location)
    }

    private static let utilization = Route(
        operation: "getAgentUtilization",
        method: .get,
        template: "/api/agents/{id}/utilization",
        tag: "agents",
        summary: "Budget, runs and tasks of an agent.",
        right: .read,
        outcomes: [.json("The figures.", .object([(name: "agent_id", schema: .string())], required: ["agent_id"]))]
    ) { call in
        let found = try await call.store.agentUtilization(call.id, clearance: call.clearance)
        return try .encoded(found)
    }

    private static let runs = Route(
        operation: "listAgentRuns",
        method: .get,
        template: "/api/agents/{id}/runs",
        tag: "agents",
        summary: "Runs of an agent, page by page.",
        right: .read,
        parameters: ListAnswer.parameters(.runs, without: ["agent"]),
        outcomes: [.json("A page.", ListAnswer.schema(.runs))]
    ) { call in
        try await ListAnswer(.runs, fixed: ["agent": call.id]).response(call)
    }
}
