import Catalog
import Diagnostics
import Domain
import HTTPTypes
import Hummingbird
import LosslessJSON
import SyncMiddleware

/// What an administrator asks and does: the mode, and the speed layer as far as it is safe beside traffic.
///
/// None of it can lose anything: PostgreSQL is right, and a fill goes the way of every read.
enum AdminRoutes {
    static let all = [mode, warm, flush, verify, rebuild]

    // MARK: Mode

    private static let mode = Route(
        operation: "getMode",
        method: .get,
        template: "/admin/mode",
        tag: "admin",
        summary: "Where the truth lives as this instance sees it, and whether it takes writes.",
        right: .admin,
        outcomes: [
            .json(
                "The mode.",
                .object(
                    [
                        (name: "mode", schema: .string(values: SystemMode.allCases.map(\.rawValue))),
                        (name: "epoch", schema: .integer(minimum: 0)),
                        (name: "home", schema: .string(values: CatalogHome.allCases.map(\.rawValue))),
                        (name: "can_read", schema: .boolean), (name: "can_write", schema: .boolean),
                    ],
                    required: ["mode", "epoch", "home", "can_read", "can_write"]
                )
            )
        ]
    ) { call in
        let status = await call.store.status()
        let body: OrderedJSON = [
            "mode": .string(status.mode.rawValue), "epoch": .integer(status.modeEpoch),
            "home": .string(status.home.rawValue), "can_read": .boolean(status.canRead),
            "can_write": .boolean(status.canWrite),
        ]
        return .json(body.bytes)
    }

    // MARK: Cache

    private static let problems = [403, 409]

    /// How many documents of each kind are warmed at most in one request.
    private static let warmLimit = 100_000
    /// How many cached documents are compared at most in one request.
    private static let sampleLimit = 100_000

    private static let warm = Route(
        operation: "warmCache",
        method: .post,
        template: "/admin/cache/warm",
        tag: "admin",
        summary: "Read documents into Redis before anybody asks; what is cached already stays as it is.",
        right: .admin,
        body: body([
            (name: "kinds", schema: .array(.string(values: CacheMaintenance.warmKinds))),
            (name: "limit", schema: .integer(minimum: 1, maximum: warmLimit)),
        ]),
        outcomes: [
            .json("What was done.", counts(["filled", "held", "skipped"]))
        ],
        problems: problems
    ) { call in
        let fields = try await fields(call, ["kinds", "limit"])
        let kinds = try kinds(fields) ?? ["agents", "tasks", "assets"]
        let limit = try fields.integer("limit", in: 1...warmLimit) ?? 10_000
        return try .encoded(await cache(call).warm(kinds: kinds, limit: limit))
    }

    private static let flush = Route(
        operation: "flushCache",
        method: .post,
        template: "/admin/cache/flush",
        tag: "admin",
        summary: "Begin a new epoch: nobody reads what is cached now any more. Nothing is deleted.",
        right: .admin,
        body: body([]),
        outcomes: [.json("The epochs.", counts(["before", "epoch"]))],
        problems: problems
    ) { call in
        _ = try await fields(call, [])
        return try .encoded(await cache(call).flush())
    }

    private static let verify = Route(
        operation: "verifyCache",
        method: .post,
        template: "/admin/cache/verify",
        tag: "admin",
        summary: "Compare a sample of the cached documents with PostgreSQL; `cortex cache verify` compares everything.",
        right: .admin,
        body: body([(name: "sample", schema: .integer(minimum: 1, maximum: sampleLimit))]),
        outcomes: [
            .json(
                "What was compared and what differs.",
                .object(
                    [
                        (name: "checked", schema: .integer(minimum: 0)),
                        (name: "mismatches", schema: .integer(minimum: 0)), (name: "nines", schema: .number),
                        (name: "settled", schema: .integer(minimum: 0)), (name: "keys", schema: .array(.any)),
                        (name: "view", schema: .string()),
                    ],
                    required: ["checked", "mismatches", "nines", "keys", "view"]
                )
            )
        ],
        problems: problems
    ) { call in
        let sample = try await fields(call, ["sample"]).integer("sample", in: 1...sampleLimit) ?? 1_000
        return try .encoded(await cache(call).verify(sample: sample, limit: 100))
    }

    private static let rebuild = Route(
        operation: "rebuildView",
        method: .post,
        template: "/admin/cache/rebuild",
        tag: "admin",
        summary: "Make the published view anew, in place; never one that is not ours.",
        right: .admin,
        body: body([]),
        outcomes: [
            .json(
                "What was done.",
                .object(
                    [
                        (name: "rows", schema: .integer(minimum: 0)), (name: "removed", schema: .integer(minimum: 0)),
                        (name: "rebuilt", schema: .boolean),
                    ],
                    required: ["rows", "removed", "rebuilt"]
                )
            )
        ],
        problems: problems
    ) { call in
        _ = try await fields(call, [])
        let view = try cache(call).view
        return try .encoded(await view.rebuild(view.office()))
    }

    // MARK: Parts

    private static func body(_ members: [(name: String, schema: JSONSchema)]) -> Route.Body {
        Route.Body(mediaTypes: ["application/json"], schema: .object(members, isOpen: false), isRequired: false)
    }

    private static func counts(_ names: [String]) -> JSONSchema {
        .object(names.map { (name: $0, schema: .integer(minimum: 0)) }, required: names)
    }

    private static func fields(_ call: Call, _ names: [String]) async throws -> FieldReader {
        let body = try await call.optionalBody()
        return try FieldReader(try Call.json(body, depth: call.configuration.depthLimit).root, names: names)
    }

    private static func kinds(_ fields: FieldReader) throws -> [String]? {
        guard let value = fields.value("kinds") else { return nil }
        let kinds = value.kind == .array ? value.elements.map(\.string) : [nil]
        let known = kinds.compactMap(\.self).filter(CacheMaintenance.warmKinds.contains)
        guard known.count == kinds.count, !known.isEmpty else {
            throw APIError(
                .requestInvalid,
                "the field has to be a list of \(CacheMaintenance.warmKinds.joined(separator: ", "))",
                pointer: "/kinds"
            )
        }
        return known
    }

    private static func cache(_ call: Call) throws -> CacheMaintenance {
        guard let cache = call.service.administration.cache() else {
            throw APIError(
                .syncMode,
                "there is no cache: PostgreSQL is not where this instance reads",
                hint: "GET /admin/mode says where the truth lives"
            )
        }
        return cache
    }
}
