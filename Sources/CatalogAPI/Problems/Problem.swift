import Catalog
import Diagnostics
import HTTPTypes
import Hummingbird
import LosslessJSON
import NIOCore
import NIOHTTP1

/// An error as RFC 9457 tells it: stable `type` and `code`, where it is, what to do, and the trace to find it by.
struct Problem {
    /// What is wrong with one place of a request.
    struct Fault: Equatable {
        let pointer: String
        let detail: String
    }

    static let mediaType = "application/problem+json"

    let status: Int
    let code: ErrorCode
    let detail: String
    let hint: String?
    let pointer: String?
    let parameter: String?
    let faults: [Fault]
    let fields: [(name: String, value: String)]
    let trace: String?

    /// What an error becomes; one that is none of ours says nothing of itself.
    init(_ error: any Error, trace: String?, retryAfter: Duration = .seconds(1)) {
        self.trace = trace
        let known = error as? any CortexError
        let ours = error as? APIError
        code = known?.code ?? (error is CancellationError ? .syncUnavailable : .internal)
        status = ours?.status ?? code.meaning.httpStatus
        // What broke inside is for the log.
        detail = code.meaning.httpStatus == 500 || known == nil ? code.explanation : known?.message ?? code.explanation
        hint = known?.hint
        let found = (error as? CatalogError)?.faults.map { Fault(pointer: $0.pointer, detail: $0.message) } ?? []
        faults = found.count > 1 ? found : []
        pointer = ours?.pointer ?? found.first?.pointer
        parameter = ours?.parameter
        var fields = ours.map { $0.fields.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) } } ?? []
        if code.meaning.isRetryable, ours?.fields["Retry-After"] == nil {
            fields.append(("Retry-After", String(max(1, retryAfter.components.seconds))))
        }
        if let token = (error as? CatalogError)?.currentToken { fields.append(("ETag", "\"\(token)\"")) }
        if (error as? CatalogError)?.isStale == true { fields.append(("Cache-Status", DocumentFields.staleAbsence)) }
        self.fields = fields
    }

    /// The document, in a stable order.
    var body: [UInt8] {
        var text = Array("{".utf8)
        func member(_ name: String, _ value: String?) {
            guard let value else { return }
            if text.count > 1 { text += Array(",".utf8) }
            JSONText.append(name, to: &text)
            text += Array(":".utf8)
            JSONText.append(value, to: &text)
        }
        member("type", "urn:cortex:problem:\(code.rawValue)")
        member("title", Self.title(status))
        text += Array(#","status":\#(status)"#.utf8)
        member("code", code.rawValue)
        member("detail", detail)
        member("hint", hint)
        member("pointer", pointer)
        member("parameter", parameter)
        member("trace_id", trace)
        if !faults.isEmpty {
            text += Array(#","errors":["#.utf8)
            for (index, fault) in faults.enumerated() {
                text += Array((index == 0 ? #"{"pointer":"# : #",{"pointer":"#).utf8)
                JSONText.append(fault.pointer, to: &text)
                text += Array(#","detail":"#.utf8)
                JSONText.append(fault.detail, to: &text)
                text += Array("}".utf8)
            }
            text += Array("]".utf8)
        }
        return text + Array("}".utf8)
    }

    /// The answer of a route.
    var response: Response {
        var headers: HTTPFields = [.contentType: Self.mediaType]
        for field in fields {
            guard let name = HTTPField.Name(field.name) else { continue }
            headers[name] = field.value
        }
        if status == 401, headers[.wwwAuthenticate] == nil { headers[.wwwAuthenticate] = "Bearer realm=\"cortex\"" }
        return Response(status: .init(code: status), headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: body)))
    }

    /// The answer to what is no HTTP; the connection ends after it.
    func framed(after head: HTTPResponseHead) -> (HTTPResponseHead, ByteBuffer) {
        let body = ByteBuffer(bytes: body)
        var headers = NIOHTTP1.HTTPHeaders()
        headers.add(name: "Content-Type", value: Self.mediaType)
        headers.add(name: "Content-Length", value: String(body.readableBytes))
        headers.add(name: "Connection", value: "close")
        let status = HTTPResponseStatus(statusCode: status)
        return (HTTPResponseHead(version: head.version, status: status, headers: headers), body)
    }

    private static func title(_ status: Int) -> String {
        HTTPResponseStatus(statusCode: status).reasonPhrase
    }
}
