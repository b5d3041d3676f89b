import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// A client of the catalog service with connections that it keeps, as programs have.
public struct ServiceClient: Sendable {
    /// An answer.
    public struct Answer: Sendable {
        /// The status.
        public let status: Int
        /// The fields.
        public let fields: [String: String]
        /// The body, at most 1 MiB.
        public let body: [UInt8]

        /// Whether the answer says that it may be old.
        public var isStale: Bool { fields["cache-status"]?.contains("detail=stale") == true }

        /// The `code` of a problem; nil where the body is none.
        public var code: String? {
            // A body that is no JSON is no problem either.
            let problem = try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]
            return problem?["code"] as? String
        }
    }

    private let address: String
    private let key: String
    private let deadline: TimeAmount

    /// A client of the service on this port of 127.0.0.1, with a key; an answer may take so long.
    public init(port: Int, key: String, deadline: Duration = .seconds(15)) {
        address = "http://127.0.0.1:\(port)"
        self.key = key
        self.deadline = TimeAmount(deadline)
    }

    /// Asks once; nil when the connection was lost, or could not be made: then nobody knows what became of the request.
    public func ask(
        _ method: String,
        _ path: String,
        _ fields: [(String, String)] = [],
        body: String? = nil
    ) async -> Answer? {
        var request = HTTPClientRequest(url: address + path)
        request.method = HTTPMethod(rawValue: method)
        request.headers = HTTPHeaders(fields + [("Authorization", "Bearer \(key)")])
        if let body { request.body = .bytes(ByteBuffer(string: body)) }
        do {
            let response = try await HTTPClient.shared.execute(request, timeout: deadline)
            let body = try await response.body.collect(upTo: 1 << 20)
            let fields = response.headers.map { ($0.name.lowercased(), $0.value) }
            return Answer(
                status: Int(response.status.code),
                fields: Dictionary(fields, uniquingKeysWith: { first, _ in first }),
                body: Array(body.readableBytesView)
            )
        } catch {
            return nil
        }
    }
}
