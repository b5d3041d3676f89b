import Access
import Catalog
import Crypto
import Diagnostics
import Domain
import HTTPTypes
import Hummingbird
import LosslessJSON
import NIOCore

/// A request on its way through its route: what it names, who asks, and what answers.
struct Call: Sendable {
    let service: ServiceParts
    let request: Request
    let target: RequestTarget
    /// The path's parameters, decoded.
    let path: [String: String]
    /// The query's parameters, each one that the route has.
    let query: [String: String]
    /// Who asks; nil on routes that are open to everybody.
    let principal: Principal?
    /// From where, without the port.
    let address: String

    var store: any CatalogStore { service.store }
    var configuration: ServiceConfiguration { service.configuration }

    /// What the caller may see; a route with the right to read is not reached without.
    var clearance: Sensitivity { principal?.clearance ?? .public }

    /// Who changes something.
    var author: WriteAuthor { WriteAuthor(principal: principal?.name ?? "anonymous", clearance: clearance) }

    /// The value of a header field; nil without it.
    func header(_ name: HTTPField.Name) -> String? { request.headers[name] }

    /// The id in the path.
    var id: String { path["id"] ?? "" }

    // MARK: Parameters

    /// A whole number of the query within a range.
    func integer(_ name: String, in range: ClosedRange<Int>, default fallback: Int) throws -> Int {
        guard let text = query[name] else { return fallback }
        guard let number = Int(text), range.contains(number), text.utf8.allSatisfy({ $0 != 0x2b }) else {
            throw APIError.invalid(
                parameter: name,
                "the parameter is no whole number from \(range.lowerBound) to \(range.upperBound)"
            )
        }
        return number
    }

    /// One of some words in the query.
    func word<Word: RawRepresentable & CaseIterable>(_ name: String, default fallback: Word) throws -> Word
    where Word.RawValue == String {
        guard let text = query[name] else { return fallback }
        guard let word = Word(rawValue: text) else {
            let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw APIError.invalid(parameter: name, "the parameter is none of \(words)")
        }
        return word
    }

    // MARK: Body

    /// The bytes of the body.
    ///
    /// Throws `request.too_large` beyond the limit, `media_type.unsupported` for a type that is not among those given.
    func body(_ mediaTypes: [String]) async throws -> [UInt8] {
        let type = header(.contentType).map { $0.prefix { $0 != ";" }.trimming.lowercased() }
        guard let type, mediaTypes.contains(type) else {
            throw APIError(
                .mediaTypeUnsupported,
                type.map { "bodies of type \($0) are not taken here" } ?? "the request has no Content-Type",
                hint: "Send \(mediaTypes.joined(separator: " or ")).",
                fields: request.method == .patch ? ["Accept-Patch": mediaTypes.joined(separator: ", ")] : [:]
            )
        }
        let limit = configuration.bodyLimit
        // What is announced needs not be sent first.
        if let length = header(.contentLength).flatMap(Int.init), length > limit { throw Self.tooLarge(limit) }
        var bytes: [UInt8] = []
        for try await part in request.body {
            guard bytes.count + part.readableBytes <= limit else { throw Self.tooLarge(limit) }
            bytes += part.readableBytesView
        }
        if let length = header(.contentLength).flatMap(Int.init), bytes.count < length {
            throw APIError(.requestFraming, "the connection ended within the body", fields: ["Connection": "close"])
        }
        return bytes
    }

    /// The bytes of a body that may be left out: `{}` then.
    func optionalBody() async throws -> [UInt8] {
        let isEmpty =
            header(.contentType) == nil && (header(.contentLength) ?? "0") == "0" && header(.transferEncoding) == nil
        return isEmpty ? Array("{}".utf8) : try await body(["application/json"])
    }

    /// The body as JSON, read strictly.
    func json(_ mediaTypes: [String] = ["application/json"]) async throws -> JSONDocument {
        try Self.json(await body(mediaTypes), depth: configuration.depthLimit)
    }

    /// Reads a body as JSON: strictly, without doubled names, not deeper than allowed.
    static func json(_ bytes: [UInt8], depth: Int) throws -> JSONDocument {
        do {
            let document = try JSONDocument(strict: bytes, limits: JSONLimits(maximumDepth: depth))
            if let double = document.duplicateKeys.first {
                throw APIError(.requestInvalid, "the member \"\(double.displayName)\" stands twice", pointer: "")
            }
            return document
        } catch let error as JSONSyntaxError {
            throw APIError(.requestInvalid, "the body is not JSON as it has to be: \(error.message)", pointer: "")
        }
    }

    private static func tooLarge(_ limit: Int) -> APIError {
        APIError(.requestTooLarge, "the body is larger than \(limit) bytes", fields: ["Connection": "close"])
    }

    // MARK: Conditions

    /// What `Cortex-Consistency` and `Cortex-Min-Version` ask of a document.
    func need(_ key: DocumentKey) throws -> CatalogNeed {
        if let consistency = header(.cortexConsistency) {
            guard consistency == "strong" else {
                throw APIError.invalid(parameter: "Cortex-Consistency", "the only consistency to ask for is strong")
            }
            return .strong
        }
        guard let text = header(.cortexMinVersion) else { return .recent }
        guard let tokens = VersionTokens(text) else {
            throw APIError.invalid(
                parameter: "Cortex-Min-Version",
                "the field has to be <kind>/<percent-encoded id>=<version token>, separated by commas"
            )
        }
        return tokens.least(of: key).map(CatalogNeed.atLeast) ?? .recent
    }

    /// What `If-Match` and `If-None-Match` ask of the document that is to be changed.
    func precondition(isRequired: Bool) throws -> WritePrecondition {
        if let text = header(.ifMatch) {
            switch EntityTags(text) {
            case .any: return .exists
            case .tags(let tags):
                // The strong comparison: a weak tag matches nothing.
                return .anyOf(tags.filter { !$0.isWeak }.compactMap { VersionToken($0.text) })
            case nil: throw APIError.invalid(parameter: "If-Match", "the field is neither * nor a list of entity tags")
            }
        }
        if let text = header(.ifNoneMatch) {
            guard EntityTags(text) == .any else {
                throw APIError.invalid(parameter: "If-None-Match", "a change takes If-None-Match: * alone")
            }
            return .absent
        }
        guard !(isRequired && configuration.requiresIfMatch) else {
            throw APIError(
                .preconditionRequired,
                "the change does not say which version it means",
                hint: "Send the ETag of what you have read as If-Match."
            )
        }
        return .none
    }

    /// The `Idempotency-Key` with the hash of everything that makes the request what it is.
    func idempotencyKey(_ body: [UInt8]) throws -> IdempotencyKey? {
        guard let key = header(.idempotencyKey) else { return nil }
        let text = key.first == "\"" && key.last == "\"" && key.count > 1 ? String(key.dropFirst().dropLast()) : key
        guard (1...255).contains(text.utf8.count), text.utf8.allSatisfy({ (0x20...0x7e).contains($0) }) else {
            throw APIError.invalid(
                parameter: "Idempotency-Key",
                "the key has to be 1 to 255 printable ASCII characters"
            )
        }
        return IdempotencyKey(text, requestHash: requestHash(body))
    }

    /// The SHA-256 of method, path, conditions, media type and body.
    func requestHash(_ body: [UInt8]) -> [UInt8] {
        var hash = SHA256()
        for part in [
            request.method.rawValue, String(target.path), header(.ifMatch) ?? "", header(.ifNoneMatch) ?? "",
            header(.contentType) ?? "",
        ] {
            hash.update(data: Array(part.utf8) + [0])
        }
        hash.update(data: body)
        return Array(hash.finalize())
    }
}

extension HTTPField.Name {
    static let cortexConsistency = named("Cortex-Consistency")
    static let cortexMinVersion = named("Cortex-Min-Version")
    static let idempotencyKey = named("Idempotency-Key")
    static let idempotencyReplayed = named("Idempotency-Replayed")
    static let cacheStatus = named("Cache-Status")
    static let prefer = named("Prefer")
    static let preferenceApplied = named("Preference-Applied")
    static let lastEventID = named("Last-Event-ID")
    static let traceparent = named("traceparent")
    static let link = named("Link")
    static let allow = named("Allow")
    static let acceptPatch = named("Accept-Patch")

    private static func named(_ text: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(text) else { preconditionFailure("\(text) is no field name") }
        return name
    }
}
