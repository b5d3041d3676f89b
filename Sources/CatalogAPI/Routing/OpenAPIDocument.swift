import Catalog
import Domain
import HTTPTypes

/// The OpenAPI 3.1 document of the routes: made of the table that the router is made of.
enum OpenAPIDocument {
    /// The document's bytes.
    static func bytes(_ routes: [Route], version: String) -> [UInt8] {
        let templates = routes.reduce(into: [String]()) { if !$0.contains($1.template) { $0.append($1.template) } }
        let paths = templates.map { template in
            let operations = routes.filter { $0.template == template }.map {
                (name: $0.method.rawValue.lowercased(), value: operation($0))
            }
            return (name: template, value: OrderedJSON.object(operations))
        }
        let document: OrderedJSON = [
            "openapi": "3.1.0",
            "info": [
                "title": "Cortex catalog", "version": .string(version),
                "description":
                    "Tasks, agents, assets and documents of a fleet of agents. Errors are RFC 9457 problems.",
            ],
            "paths": .object(paths),
            "components": [
                "securitySchemes": ["key": ["type": "http", "scheme": "bearer"]],
                "schemas": .object(schemas.map { (name: $0.name, value: $0.schema.json) }),
            ],
        ]
        return document.bytes
    }

    private static func operation(_ route: Route) -> OrderedJSON {
        var parts: [(name: String, value: OrderedJSON)] = [
            (name: "operationId", value: .string(route.operation)), (name: "tags", value: [.string(route.tag)]),
            (name: "summary", value: .string(route.summary)),
        ]
        let parameters = route.pathParameters.map(pathParameter) + route.parameters.map(parameter)
        if !parameters.isEmpty { parts.append((name: "parameters", value: .array(parameters))) }
        if let body = route.body {
            let content = body.mediaTypes.map {
                (name: $0, value: OrderedJSON.object([(name: "schema", value: body.schema.json)]))
            }
            let value: OrderedJSON = ["required": .boolean(body.isRequired), "content": .object(content)]
            parts.append((name: "requestBody", value: value))
        }
        let outcomes = route.outcomes.map { (name: String($0.status), value: outcome($0)) }
        let problems = route.allProblems.filter { status in !route.outcomes.contains { $0.status == status } }.map {
            (name: String($0), value: problem)
        }
        parts.append((name: "responses", value: .object(outcomes + problems)))
        let security: OrderedJSON = route.right == .open ? [] : [["key": []]]
        parts.append((name: "security", value: security))
        return .object(parts)
    }

    private static func pathParameter(_ name: String) -> OrderedJSON {
        [
            "name": .string(name), "in": "path", "required": .boolean(true),
            "schema": ["type": "string", "minLength": .integer(1)],
        ]
    }

    private static func parameter(_ parameter: Route.Parameter) -> OrderedJSON {
        [
            "name": .string(parameter.name), "in": .string(parameter.place.rawValue), "required": .boolean(false),
            "description": .string(parameter.summary), "schema": parameter.schema.json,
        ]
    }

    private static func outcome(_ outcome: Route.Outcome) -> OrderedJSON {
        guard let mediaType = outcome.mediaType else { return ["description": .string(outcome.summary)] }
        return answer(outcome.summary, mediaType, outcome.schema ?? .any)
    }

    private static let problem = answer("A problem.", Problem.mediaType, .named("Problem"))

    private static func answer(_ summary: String, _ mediaType: String, _ schema: JSONSchema) -> OrderedJSON {
        let body: OrderedJSON = ["schema": schema.json]
        return ["description": .string(summary), "content": .object([(name: mediaType, value: body)])]
    }

    /// The schemas that routes name.
    static let schemas: [(name: String, schema: JSONSchema)] = {
        let served = RouteTable.servedKinds.map { (name: $0.schemaName, schema: JSONSchema.document(of: $0.table)) }
        let written = RouteTable.writtenKinds.map { kind in
            (name: "\(kind.schemaName)Input", schema: JSONSchema.input(of: kind.table, required: []))
        }
        return served + written + [(name: "Problem", schema: problemSchema)]
    }()

    private static let problemSchema: JSONSchema = {
        let texts = ["type", "title", "code", "detail", "hint", "pointer", "parameter", "trace_id"]
        let fault = JSONSchema.object([(name: "pointer", schema: .string()), (name: "detail", schema: .string())])
        return .object(
            texts.map { (name: $0, schema: .string()) } + [
                (name: "status", schema: .integer()), (name: "errors", schema: .array(fault)),
            ],
            required: ["type", "title", "status", "code", "detail"]
        )
    }()
}

extension CatalogKind {
    /// The name of the schema of its documents.
    var schemaName: String {
        switch self {
        case .assets: "Asset"
        case .tasks: "Task"
        case .agents: "Agent"
        case .policies: "Policy"
        case .documents: "Document"
        case .handoffs: "Handoff"
        case .runs: "Run"
        case .violations: "Violation"
        }
    }

    /// What one document is called in operation names and events.
    var singular: String { schemaName.lowercased() }
}
