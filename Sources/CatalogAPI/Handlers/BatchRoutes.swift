import Catalog
import Diagnostics
import Domain
import HTTPTypes
import Hummingbird
import LosslessJSON
import Monitoring
import NIOCore

/// Many changes in one request: a line of JSON each, and a line of JSON for the outcome of each.
enum BatchRoutes {
    static let mediaType = "application/x-ndjson"

    /// The route of a kind.
    static func route(_ kind: CatalogKind) -> Route {
        Route(
            operation: "batch\(kind.schemaName)s",
            method: .post,
            template: "/api/\(kind.rawValue):batch",
            tag: kind.rawValue,
            summary: "Change documents one after the other; each line is a change of its own, and so is its outcome.",
            right: .write,
            parameters: [
                .header(
                    "Idempotency-Key",
                    "Stands for each line with its number: a repetition does only what is missing."
                )
            ],
            body: Route.Body(mediaTypes: [mediaType], schema: .string()),
            outcomes: [
                Route.Outcome(status: 200, summary: "A line for each line.", mediaType: mediaType, schema: .string())
            ]
        ) { call in
            let lines = try await call.body([mediaType]).split(separator: UInt8(ascii: "\n")).filter { line in
                line.contains { ![0x20, 0x09, 0x0d].contains($0) }
            }
            guard lines.count <= call.configuration.batchLimit else {
                throw APIError(.requestTooLarge, "a batch has at most \(call.configuration.batchLimit) lines")
            }
            let key = try call.idempotencyKey([])?.key
            let batch = Batch(call: call, kind: kind, key: key)
            return Response(
                status: .ok,
                headers: [.contentType: mediaType],
                body: ResponseBody { writer in
                    for (index, line) in lines.enumerated() {
                        try await writer.write(
                            ByteBuffer(bytes: await batch.outcome(of: Array(line), number: index + 1))
                        )
                    }
                    try await writer.finish(nil)
                }
            )
        }
    }
}

/// The lines of one batch.
private struct Batch: Sendable {
    let call: Call
    let kind: CatalogKind
    /// The batch's `Idempotency-Key`; nil without one.
    let key: String?

    private static let names = ["op", "id", "body", "if_match"]
    private static let operations = ["create", "replace", "merge", "patch", "delete"]

    /// Does one line; its outcome as a line.
    func outcome(of line: [UInt8], number: Int) async -> [UInt8] {
        var members: [(name: String, value: OrderedJSON)] = [(name: "line", value: .integer(number))]
        do {
            let write = try write(line, number: number)
            members.append((name: "id", value: .string(write.key.id)))
            let result = try await call.store.write(write)
            members.append((name: "status", value: .integer(result.status)))
            if let token = result.token { members.append((name: "etag", value: .string("\"\(token)\""))) }
            if result.isRepeated { members.append((name: "replayed", value: .boolean(true))) }
        } catch {
            let problem = Problem(error, trace: TraceContext.current?.traceID.description)
            members.append((name: "status", value: .integer(problem.status)))
            members.append((name: "problem", value: .raw(problem.body)))
        }
        return OrderedJSON.object(members).bytes + [UInt8(ascii: "\n")]
    }

    private func write(_ line: [UInt8], number: Int) throws -> CatalogWrite {
        let fields = try FieldReader(
            try Call.json(line, depth: call.configuration.depthLimit + 1).root,
            names: Self.names
        )
        guard let operation = try fields.word("op", of: Self.operations) else {
            throw APIError(.requestInvalid, "the line says no op", pointer: "/op")
        }
        let body = fields.value("body").map { Array($0.rawText) }
        guard operation == "delete" || body != nil else {
            throw APIError(.requestInvalid, "the line has no body", pointer: "/body")
        }
        let id = try fields.string("id") ?? id(operation, body)
        return CatalogWrite(
            DocumentKey(kind, id),
            Self.operation(operation, body ?? []),
            precondition: try precondition(fields),
            author: call.author,
            idempotencyKey: key.map { IdempotencyKey("\($0)#\(number)", requestHash: call.requestHash(line)) }
        )
    }

    private func id(_ operation: String, _ body: [UInt8]?) throws -> String {
        guard operation == "create", let body else {
            throw APIError(.requestInvalid, "the line names no document", pointer: "/id")
        }
        return try DocumentRoutes.newID(in: body, field: kind.idField, depth: call.configuration.depthLimit)
    }

    private static func operation(_ name: String, _ body: [UInt8]) -> CatalogWrite.Operation {
        switch name {
        case "create": .create(body)
        case "replace": .replace(body)
        case "merge": .mergePatch(body)
        case "patch": .jsonPatch(body)
        default: .delete
        }
    }

    private func precondition(_ fields: FieldReader) throws -> WritePrecondition {
        guard let text = try fields.string("if_match") else { return .none }
        switch EntityTags(text) {
        case .any: return .exists
        case .tags(let tags): return .anyOf(tags.filter { !$0.isWeak }.compactMap { VersionToken($0.text) })
        case nil: throw APIError(.requestInvalid, "the field is no ETag", pointer: "/if_match")
        }
    }
}
