import Catalog
import Domain
import HTTPTypes
import Hummingbird
import LosslessJSON

/// Search, lineage and counts.
enum AssetRoutes {
    static let all = [statistics, search, lineage]

    private static let counts = JSONSchema.map(.integer(minimum: 0))

    private static let statistics = Route(
        operation: "getStatistics",
        method: .get,
        template: "/api/stats",
        tag: "catalog",
        summary: "Count assets, tasks and agents.",
        right: .read,
        outcomes: [
            .json(
                "The counts of what the reader may see.",
                .object(
                    [
                        (name: "total_assets", schema: .integer(minimum: 0)), (name: "by_type", schema: counts),
                        (name: "by_owner", schema: counts), (name: "namespaces", schema: .integer(minimum: 0)),
                        (name: "timestamp", schema: .string(format: "date-time")),
                        (name: "total_tasks", schema: .integer(minimum: 0)), (name: "tasks_by_status", schema: counts),
                        (name: "total_agents", schema: .integer(minimum: 0)),
                        (name: "agents_by_status", schema: counts),
                    ],
                    required: ["total_assets", "by_type", "by_owner", "namespaces", "timestamp"]
                )
            )
        ]
    ) { call in
        let found = try await call.store.statistics(clearance: call.clearance)
        return .json(
            OrderedJSON.object([
                (name: "total_assets", value: .integer(found.totalAssets)),
                (name: "by_type", value: counted(found.byType)),
                (name: "by_owner", value: counted(found.byOwner)),
                (name: "namespaces", value: .integer(found.namespaces)),
                (name: "timestamp", value: .string(Instants.text(microseconds: Instants.now))),
                (name: "total_tasks", value: .integer(found.totalTasks)),
                (name: "tasks_by_status", value: counted(found.tasksByStatus)),
                (name: "total_agents", value: .integer(found.totalAgents)),
                (name: "agents_by_status", value: counted(found.agentsByStatus)),
            ]).bytes
        )
    }

    private static func counted(_ counts: [String: Int]) -> OrderedJSON {
        .object(counts.sorted { $0.key < $1.key }.map { (name: $0.key, value: .integer($0.value)) })
    }

    // MARK: Search

    private static let searchFields = ["query", "type", "owner", "namespace", "sensitivity", "limit"]

    private static let search = Route(
        operation: "searchAssets",
        method: .post,
        template: "/api/search",
        tag: "catalog",
        summary: "Find assets by words, ranked, or by a part of id, name or description.",
        right: .read,
        body: Route.Body(
            mediaTypes: ["application/json"],
            schema: .object(
                searchFields.dropLast().map { (name: $0, schema: .nullable(.string())) } + [
                    (name: "limit", schema: .nullable(.integer(minimum: 1, maximum: ListQuery.maximumLimit)))
                ],
                isOpen: false
            )
        ),
        outcomes: [
            .json(
                "What was found, best first.",
                .object(
                    [
                        (name: "total", schema: .integer(minimum: 0)),
                        (name: "assets", schema: .array(.named("Asset"))),
                        (name: "query_time_ms", schema: .number),
                    ],
                    required: ["total", "assets", "query_time_ms"]
                )
            )
        ]
    ) { call in
        let fields = try FieldReader(try await call.json().root, names: searchFields)
        let query = SearchQuery(
            try fields.string("query") ?? "",
            type: try fields.string("type"),
            owner: try fields.string("owner"),
            namespace: try fields.string("namespace"),
            sensitivity: try fields.word("sensitivity", of: Sensitivity.allCases.map(\.rawValue)),
            limit: try fields.integer("limit", in: 1...ListQuery.maximumLimit) ?? ListQuery.defaultLimit
        )
        let found = try await call.store.search(query, clearance: call.clearance)
        let microseconds =
            found.duration.components.seconds * 1_000_000
            + found.duration.components.attoseconds / 1_000_000_000_000
        let time = "\(microseconds / 1000).\(String(1000 + microseconds % 1000).dropFirst())"
        return .json(
            OrderedJSON.object([
                (name: "total", value: .integer(found.total)),
                (name: "assets", value: .array(found.documents.map { .raw($0.body) })),
                (name: "query_time_ms", value: .raw(Array(time.utf8))),
            ]).bytes
        )
    }

    // MARK: Lineage

    private static let lineage = Route(
        operation: "getLineage",
        method: .get,
        template: "/api/lineage/{id}",
        tag: "catalog",
        summary: "Walk from an asset to what it is made from and what is made from it.",
        right: .read,
        parameters: [
            .query("depth", .integer(minimum: 1, maximum: LineageText.maximumDepth), "How many levels; 3."),
            .query("direction", .string(values: LineageDirection.allCases.map(\.rawValue)), "Which way; both."),
            .query(
                "format",
                .string(values: LineageText.Format.allCases.map(\.rawValue)),
                "The form of the answer; tree."
            ),
        ],
        outcomes: [
            .json(
                "The neighbourhood, as the format says; `mermaid` is text/plain.",
                .any
            )
        ]
    ) { call in
        let depth = try call.integer("depth", in: 1...LineageText.maximumDepth, default: 3)
        let direction = try call.word("direction", default: LineageDirection.both)
        let format = try call.word("format", default: LineageText.Format.tree)
        let found = try await call.store.assetLineage(
            call.id,
            direction: direction,
            depth: depth,
            clearance: call.clearance
        )
        guard let found else { throw APIError.missing }
        let text = LineageText(found)
        switch format {
        case .tree: return .json(text.tree.bytes)
        case .graph: return .json(text.graph.bytes)
        case .openlineage: return .json(text.openLineage(at: Instants.text(microseconds: Instants.now)).bytes)
        case .mermaid: return .text(text.mermaid)
        }
    }
}
