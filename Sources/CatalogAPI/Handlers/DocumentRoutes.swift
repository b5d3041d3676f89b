import Catalog
import Diagnostics
import Domain
import HTTPTypes
import Hummingbird
import LosslessJSON

/// The routes that each kind of documents with a table of its own has: list, create, read, replace, patch, delete.
enum DocumentRoutes {
    static let mergePatch = "application/merge-patch+json"
    static let jsonPatch = "application/json-patch+json"

    static func all(_ kind: CatalogKind) -> [Route] {
        [list(kind), create(kind), read(kind), replace(kind), patch(kind), delete(kind)]
    }

    // MARK: Reading

    private static func list(_ kind: CatalogKind) -> Route {
        Route(
            operation: "list\(kind.schemaName)s",
            method: .get,
            template: "/api/\(kind.rawValue)",
            tag: kind.rawValue,
            summary: "List \(kind.rawValue), page by page in the order of their ids.",
            right: .read,
            parameters: ListAnswer.parameters(kind),
            outcomes: [.json("A page.", ListAnswer.schema(kind))]
        ) { call in
            try await ListAnswer(kind).response(call)
        }
    }

    private static func read(_ kind: CatalogKind) -> Route {
        Route(
            operation: "get\(kind.schemaName)",
            method: .get,
            template: "/api/\(kind.rawValue)/{id}",
            tag: kind.rawValue,
            summary: "Read one document.",
            right: .read,
            parameters: readFields,
            outcomes: [
                .json("The document.", .named(kind.schemaName)), .bare(304, "The reader has this version already."),
            ]
        ) { call in
            try await document(call, DocumentKey(kind, call.id))
        }
    }

    static let readFields: [Route.Parameter] = [
        .header("If-None-Match", "The ETag that the reader has: 304 when it is still the document's."),
        .header("Cortex-Min-Version", "The least versions: `<kind>/<percent-encoded id>=<ETag without quotes>`, …"),
        .header("Cortex-Consistency", "`strong` reads the truth itself."),
    ]

    static func document(_ call: Call, _ key: DocumentKey) async throws -> Response {
        let need = try call.need(key)
        guard let found = try await call.store.document(key, need: need, clearance: call.clearance) else {
            throw APIError.missing
        }
        return try Response.document(found, ifNoneMatch: call.header(.ifNoneMatch))
    }

    // MARK: Writing

    private static let writeFields: [Route.Parameter] = [
        .header("If-Match", "The ETag of the version that is to be changed; 412 when it is another one."),
        .header("If-None-Match", "`*`: only where there is no such document yet."),
        .header("Idempotency-Key", "A repetition with the same key gets the first answer again, for 24 hours."),
    ]

    private static func create(_ kind: CatalogKind) -> Route {
        Route(
            operation: "create\(kind.schemaName)",
            method: .post,
            template: "/api/\(kind.rawValue)",
            tag: kind.rawValue,
            summary: "Make a document; its id is in the field `\(kind.idField)`.",
            right: .write,
            parameters: writeFields,
            body: Route.Body(mediaTypes: ["application/json"], schema: .named("\(kind.schemaName)Input")),
            outcomes: [.json("The new document.", .named(kind.schemaName), status: 201)],
            problems: [404, 409, 412, 422, 507]
        ) { call in
            let body = try await call.body(["application/json"])
            let id = try newID(in: body, field: kind.idField, depth: call.configuration.depthLimit)
            return try await write(call, DocumentKey(kind, id), .create(body), body, isConditional: false)
        }
    }

    /// The id that a new document says to have.
    static func newID(in body: [UInt8], field: String, depth: Int) throws -> String {
        let root = try Call.json(body, depth: depth).root
        guard root.kind == .object else {
            throw APIError(.requestInvalid, "the body has to be an object", pointer: "")
        }
        guard let value = root[field], value.kind == .string, let id = value.string, !id.isEmpty, !value.hasNUL else {
            throw APIError(
                .requestInvalid,
                "the field has to be the document's id, a text without U+0000",
                pointer: FieldReader.pointer(field)
            )
        }
        return id
    }

    private static func replace(_ kind: CatalogKind) -> Route {
        Route(
            operation: "replace\(kind.schemaName)",
            method: .put,
            template: "/api/\(kind.rawValue)/{id}",
            tag: kind.rawValue,
            summary: "Make the document what the body says; fields that are not given become null.",
            right: .write,
            parameters: writeFields,
            body: Route.Body(mediaTypes: ["application/json"], schema: .named("\(kind.schemaName)Input")),
            outcomes: [.json("The document.", .named(kind.schemaName))],
            problems: changeProblems
        ) { call in
            let body = try await call.body(["application/json"])
            _ = try Call.json(body, depth: call.configuration.depthLimit)
            return try await write(call, DocumentKey(kind, call.id), .replace(body), body)
        }
    }

    private static func patch(_ kind: CatalogKind) -> Route {
        Route(
            operation: "patch\(kind.schemaName)",
            method: .patch,
            template: "/api/\(kind.rawValue)/{id}",
            tag: kind.rawValue,
            summary: "Change the document by a merge patch (RFC 7396) or a JSON patch (RFC 6902).",
            right: .write,
            parameters: writeFields,
            body: Route.Body(mediaTypes: [mergePatch, jsonPatch], schema: .any),
            outcomes: [.json("The document.", .named(kind.schemaName))],
            problems: changeProblems
        ) { call in
            let body = try await call.body([mergePatch, jsonPatch])
            _ = try Call.json(body, depth: call.configuration.depthLimit)
            let isMerge = call.header(.contentType)?.lowercased().hasPrefix(mergePatch) == true
            return try await write(
                call,
                DocumentKey(kind, call.id),
                isMerge ? .mergePatch(body) : .jsonPatch(body),
                body
            )
        }
    }

    private static func delete(_ kind: CatalogKind) -> Route {
        Route(
            operation: "delete\(kind.schemaName)",
            method: .delete,
            template: "/api/\(kind.rawValue)/{id}",
            tag: kind.rawValue,
            summary: "Remove the document.",
            right: .write,
            parameters: writeFields,
            outcomes: [.bare(204, "It is removed.")],
            problems: changeProblems
        ) { call in
            try await write(call, DocumentKey(kind, call.id), .delete, [])
        }
    }

    static let changeProblems = [404, 409, 412, 422, 428, 507]

    private static func write(
        _ call: Call,
        _ key: DocumentKey,
        _ operation: CatalogWrite.Operation,
        _ body: [UInt8],
        isConditional: Bool = true
    ) async throws -> Response {
        let result = try await call.store.write(
            CatalogWrite(
                key,
                operation,
                precondition: call.precondition(isRequired: isConditional),
                author: call.author,
                idempotencyKey: call.idempotencyKey(body)
            )
        )
        return .written(result, at: key.location)
    }
}

extension DocumentKey {
    /// Where the document is.
    var location: String {
        let id = PercentCoding.encoded(id)
        guard let documentKind else { return "/api/\(kind.rawValue)/\(id)" }
        return "/api/documents/\(PercentCoding.encoded(documentKind))/\(id)"
    }
}
