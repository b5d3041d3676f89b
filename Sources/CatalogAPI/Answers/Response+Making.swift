import Catalog
import Diagnostics
import HTTPTypes
import Hummingbird
import NIOCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

extension Response {
    /// An answer with a JSON body.
    static func json(_ bytes: [UInt8], status: Int = 200, _ headers: HTTPFields = [:]) -> Response {
        var headers = headers
        headers[.contentType] = DocumentFields.mediaType
        return Response(
            status: .init(code: status),
            headers: headers,
            body: .init(byteBuffer: ByteBuffer(bytes: bytes))
        )
    }

    /// An answer with a text.
    static func text(_ text: String, status: Int = 200, mediaType: String = "text/plain; charset=utf-8") -> Response {
        Response(
            status: .init(code: status),
            headers: [.contentType: mediaType],
            body: .init(byteBuffer: ByteBuffer(string: text))
        )
    }

    /// A document, or 304 to a reader that has it already.
    static func document(_ document: StoredDocument, ifNoneMatch: String?) throws -> Response {
        let fields = DocumentFields(document)
        var headers: HTTPFields = [:]
        let known = try ifNoneMatch.map { text in
            guard let tags = EntityTags(text) else {
                throw APIError.invalid(parameter: "If-None-Match", "the field is neither * nor a list of entity tags")
            }
            return tags.covers(document.token.description)
        }
        if known != true { headers[.contentType] = DocumentFields.mediaType }
        headers[.eTag] = fields.entityTag
        headers[.cacheStatus] = fields.cacheStatus
        if let age = fields.age { headers[.age] = age }
        guard known != true else {
            return Response(
                status: .notModified,
                headers: headers,
                body: .init { writer in try await writer.finish(nil) }
            )
        }
        return Response(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: document.body)))
    }

    /// What an acknowledged write gets.
    static func written(_ result: WriteResult, at location: String) -> Response {
        var headers: HTTPFields = [:]
        if let token = result.token { headers[.eTag] = "\"\(token)\"" }
        if result.status == 201 { headers[.location] = location }
        if result.isRepeated { headers[.idempotencyReplayed] = "true" }
        guard let body = result.body else {
            return Response(
                status: .init(code: result.status),
                headers: headers,
                body: .init { try await $0.finish(nil) }
            )
        }
        return .json(body, status: result.status, headers)
    }
}

extension Response {
    /// A value as JSON, members in a stable order; 404 where there is none.
    static func encoded(_ value: (some Encodable)?) throws -> Response {
        guard let value else { throw APIError.missing }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return .json(Array(try encoder.encode(value)))
    }
}
