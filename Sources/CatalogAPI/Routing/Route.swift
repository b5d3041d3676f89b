import HTTPTypes
import Hummingbird

/// A route: what the router matches, what the OpenAPI document says of it, and what answers it.
struct Route: Sendable {
    /// What a caller has to be allowed.
    enum Right: String, Sendable {
        /// Nothing: everybody may ask.
        case open
        case read
        case write
        case admin
    }

    /// A query parameter or header field.
    struct Parameter: Sendable {
        enum Place: String, Sendable {
            case query
            case header
        }

        let name: String
        let place: Place
        let schema: JSONSchema
        let summary: String

        static func query(_ name: String, _ schema: JSONSchema = .string(), _ summary: String) -> Parameter {
            Parameter(name: name, place: .query, schema: schema, summary: summary)
        }

        static func header(_ name: String, _ summary: String) -> Parameter {
            Parameter(name: name, place: .header, schema: .string(), summary: summary)
        }
    }

    /// A body that the route takes.
    struct Body: Sendable {
        let mediaTypes: [String]
        let schema: JSONSchema
        var isRequired = true
    }

    /// An answer that is no problem.
    struct Outcome: Sendable {
        let status: Int
        let summary: String
        var mediaType: String? = "application/json"
        var schema: JSONSchema? = nil

        static func json(_ summary: String, _ schema: JSONSchema, status: Int = 200) -> Outcome {
            Outcome(status: status, summary: summary, schema: schema)
        }

        static func bare(_ status: Int, _ summary: String) -> Outcome {
            Outcome(status: status, summary: summary, mediaType: nil)
        }
    }

    typealias Handler = @Sendable (Call) async throws -> Response

    /// Its name, unique: what clients that are made from the document call it.
    let operation: String
    let method: HTTPRequest.Method
    /// The path: literal segments, and parameters in braces that fill a segment.
    let template: String
    let tag: String
    let summary: String
    let right: Right
    var parameters: [Parameter] = []
    var body: Body? = nil
    let outcomes: [Outcome]
    /// The statuses of its problems besides those that every route can have.
    var problems: [Int] = []
    let handler: Handler

    /// The template's segments.
    var segments: [Substring] { template.dropFirst().split(separator: "/") }

    /// The names of the path's parameters.
    var pathParameters: [String] {
        segments.filter { $0.first == "{" }.map { String($0.dropFirst().dropLast()) }
    }

    /// The statuses of problems that every route can answer with: refused by rights, rate or load, or broken.
    var allProblems: [Int] {
        var statuses = Set(problems)
        statuses.formUnion([400, 405, 431, 500, 503])
        if right != .open { statuses.formUnion([401, 403, 429]) }
        if body != nil { statuses.formUnion([413, 415]) }
        if !pathParameters.isEmpty { statuses.insert(404) }
        return statuses.sorted()
    }
}
