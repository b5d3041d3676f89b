import Access
import Catalog
import HTTPTypes
import Monitoring
import NIOCore
import NIOHTTP1

/// Answers reads of documents that this process holds, without a task and without the router.
///
/// It takes only what it can answer at once and exactly as the router would; everything else, every miss and every
/// refusal goes on to the router.
struct FastLane: Sendable {
    /// A finished answer.
    struct Answer {
        let head: HTTPResponseHead
        /// What follows the head: nothing for HEAD and 304.
        let body: ByteBuffer?
    }

    /// The routes that it knows.
    private static let prefixes: [(kind: CatalogKind, prefix: String, template: String)] =
        RouteTable.writtenKinds.map { ($0, "/api/\($0.rawValue)/", "/api/\($0.rawValue)/{id}") }

    private let service: ServiceParts
    private let counters: [Counters]
    private let date = HTTPDate()

    /// The series of one route, made beforehand.
    private struct Counters: Sendable {
        let found: MetricCounter
        let foundHead: MetricCounter
        let unchanged: MetricCounter
        let unchangedHead: MetricCounter
        let duration: MetricHistogram

        init(_ registry: MetricRegistry, _ template: String) {
            found = registry.counter(.httpRequests, template, "GET", "200")
            foundHead = registry.counter(.httpRequests, template, "HEAD", "200")
            unchanged = registry.counter(.httpRequests, template, "GET", "304")
            unchangedHead = registry.counter(.httpRequests, template, "HEAD", "304")
            duration = registry.histogram(.httpRequestDuration, template)
        }
    }

    init(_ service: ServiceParts) {
        self.service = service
        counters = Self.prefixes.map { Counters(service.metrics.registry, $0.template) }
    }

    /// The answer; nil where the request is the router's.
    func answer(_ head: HTTPRequestHead, from address: String) -> Answer? {
        guard head.method == .GET || head.method == .HEAD, let (route, id) = Self.place(head.uri),
            let fields = Fields(head.headers),
            let document = service.store.cached(DocumentKey(Self.prefixes[route].kind, id)),
            DocumentFields.isFast(document.sensitivity), !document.isStale
        else { return nil }
        let began = ContinuousClock.now
        // What it throws is the router's to tell.
        guard let caller = try? service.authenticator.known(fields.authorization, from: address, at: began),
            caller.principal.mayRead(document.sensitivity), (try? caller.admit(at: began)) != nil
        else { return nil }
        service.metrics.admitted(caller.principal)
        let answer = answer(head, document, fields, route)
        counters[route].duration.observe(began.duration(to: .now))
        return answer
    }

    private func answer(_ head: HTTPRequestHead, _ document: StoredDocument, _ fields: Fields, _ route: Int) -> Answer {
        let isHead = head.method == .HEAD
        let shown = DocumentFields(document)
        let isUnchanged = fields.ifNoneMatch?.covers(document.token.description) ?? false
        var headers = HTTPHeaders()
        headers.reserveCapacity(8)
        if !isUnchanged { headers.add(name: "Content-Type", value: DocumentFields.mediaType) }
        headers.add(name: "ETag", value: shown.entityTag)
        headers.add(name: "Cache-Status", value: shown.cacheStatus)
        if let age = shown.age { headers.add(name: "Age", value: age) }
        if !isUnchanged { headers.add(name: "Content-Length", value: String(document.body.count)) }
        if let trace = fields.trace {
            var generator = SystemRandomNumberGenerator()
            headers.add(name: "traceparent", value: trace.child(using: &generator).traceparent)
        }
        headers.add(name: "Date", value: date.text)
        let counters = counters[route]
        switch (isUnchanged, isHead) {
        case (false, false): counters.found.increment()
        case (false, true): counters.foundHead.increment()
        case (true, false): counters.unchanged.increment()
        case (true, true): counters.unchangedHead.increment()
        }
        return Answer(
            head: HTTPResponseHead(version: .http1_1, status: isUnchanged ? .notModified : .ok, headers: headers),
            body: isUnchanged || isHead ? nil : ByteBuffer(bytes: document.body)
        )
    }

    /// The route of a path without a query, and the id in it.
    private static func place(_ uri: String) -> (route: Int, id: String)? {
        for (route, known) in prefixes.enumerated() where uri.hasPrefix(known.prefix) {
            let id = uri.utf8.dropFirst(known.prefix.utf8.count)
            guard !id.isEmpty, !id.contains(where: { $0 == 0x2f || $0 == 0x3f || $0 == 0x23 }) else { return nil }
            return PercentCoding.decoded(String(Substring(id))).map { (route, $0) }
        }
        return nil
    }

    /// The header fields that matter; nil where one of them makes the request the router's.
    private struct Fields {
        var authorization: String?
        var ifNoneMatch: EntityTags?
        var trace: TraceContext?

        init?(_ headers: HTTPHeaders) {
            for (name, value) in headers {
                switch name.utf8.count {
                case 6 where name.lowercased() == "expect": return nil
                case 11 where name.lowercased() == "traceparent": trace = TraceContext(traceparent: value)
                case 13 where name.lowercased() == "authorization":
                    guard authorization == nil else { return nil }
                    authorization = value
                case 13 where name.lowercased() == "if-none-match":
                    guard ifNoneMatch == nil, let tags = EntityTags(value) else { return nil }
                    ifNoneMatch = tags
                case 14 where name.lowercased() == "content-length":
                    guard value == "0" else { return nil }
                case 17 where name.lowercased() == "transfer-encoding": return nil
                case 18 where name.lowercased() == "cortex-consistency",
                    18 where name.lowercased() == "cortex-min-version":
                    return nil
                default: break
                }
            }
        }
    }
}
