import Catalog
import HTTPTypes
import Hummingbird

/// A page of a list: how it is asked for and answered, whatever the kind.
struct ListAnswer {
    private let kind: CatalogKind
    /// Filters that the path names.
    private let fixed: [String: String]

    init(_ kind: CatalogKind, fixed: [String: String] = [:]) {
        self.kind = kind
        self.fixed = fixed
    }

    static func parameters(_ kind: CatalogKind, without fixed: [String] = []) -> [Route.Parameter] {
        let filters = CatalogFilter.all(of: kind).filter { !fixed.contains($0.name) }
        return filters.map { .query($0.name, .string(), summary($0)) } + [
            .query("limit", .integer(minimum: 1, maximum: ListQuery.maximumLimit), "How many documents at most."),
            .query("cursor", .string(), "Where to go on: from `Link` or `next_cursor` of the page before."),
            .header("Prefer", "`count=exact` counts all that match."),
        ]
    }

    static func schema(_ kind: CatalogKind) -> JSONSchema {
        .object(
            [
                (name: kind.rawValue, schema: .array(.named(kind.schemaName))),
                (name: "next_cursor", schema: .nullable(.string())), (name: "total", schema: .integer(minimum: 0)),
            ],
            required: [kind.rawValue, "next_cursor"]
        )
    }

    func response(_ call: Call) async throws -> Response {
        var query = ListQuery(kind)
        query.limit = try call.integer("limit", in: 1...ListQuery.maximumLimit, default: ListQuery.defaultLimit)
        query.cursor = call.query["cursor"]
        query.filters = call.query.filter { $0.key != "limit" && $0.key != "cursor" }.merging(fixed) { _, fixed in fixed
        }
        query.wantsTotal = call.header(.prefer).map(Self.wantsCount) ?? false
        let page = try await call.store.list(query, clearance: call.clearance)
        var headers: HTTPFields = [:]
        if let next = page.next { headers[.link] = "<\(link(call, cursor: next))>; rel=\"next\"" }
        var members: [(name: String, value: OrderedJSON)] = [
            (name: kind.rawValue, value: .array(page.documents.map { .raw($0.body) })),
            (name: "next_cursor", value: .optional(page.next)),
        ]
        if let total = page.total {
            members.append((name: "total", value: .integer(total)))
            headers[.preferenceApplied] = "count=exact"
        }
        return .json(OrderedJSON.object(members).bytes, headers)
    }

    /// The same question for the page that begins at the cursor (RFC 8288).
    private func link(_ call: Call, cursor: String) -> String {
        var parameters = call.query
        parameters["cursor"] = cursor
        let query = parameters.sorted { $0.key < $1.key }
            .map { "\(PercentCoding.encoded($0.key))=\(PercentCoding.encoded($0.value))" }
        return "\(call.target.path)?\(query.joined(separator: "&"))"
    }

    /// Whether the preferences (RFC 7240) name an exact count.
    static func wantsCount(_ prefer: String) -> Bool {
        prefer.split { $0 == "," || $0 == ";" }
            .contains { $0.replacing(" ", with: "").replacing("\"", with: "").lowercased() == "count=exact" }
    }

    private static func summary(_ filter: CatalogFilter) -> String {
        switch filter.match {
        case .equals(let fields): "Only where \(fields.joined(separator: " or ")) is this."
        case .contains(let field): "Only where \(field) has this."
        case .text(let fields): "Only where \(fields.joined(separator: ", ")) hold this text."
        }
    }
}
