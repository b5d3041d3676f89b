import Access
import Catalog
import Monitoring
import NIOCore

/// Answers reads of documents that a cache holds, without a task and without the router.
///
/// It takes only what it can answer exactly as the router would: at once from this process, or from Redis on the event loop.
/// Everything else, every miss and every refusal goes on to the router.
struct FastLane: Sendable {
    /// What becomes of a request.
    enum Outcome {
        /// The answer is written.
        case answered
        /// Ask a cache outside of the process.
        case ask(Question)
        case router
    }

    /// A request that a cache outside of the process may have the answer to.
    struct Question: Sendable {
        fileprivate let key: DocumentKey
        fileprivate let route: Int
        fileprivate let caller: Caller
        fileprivate let began: ContinuousClock.Instant
    }

    /// The routes that it knows.
    private static let prefixes: [(kind: CatalogKind, prefix: [UInt8], template: String)] =
        RouteTable.writtenKinds.map { ($0, Array("/api/\($0.rawValue)/".utf8), "/api/\($0.rawValue)/{id}") }

    /// The bounds of the requests that it understands.
    let limits: PlainRequest.Limits

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

        func answered(isUnchanged: Bool, isHead: Bool) {
            switch (isUnchanged, isHead) {
            case (false, false): found.increment()
            case (false, true): foundHead.increment()
            case (true, false): unchanged.increment()
            case (true, true): unchangedHead.increment()
            }
        }
    }

    init(_ service: ServiceParts) {
        self.service = service
        limits = PlainRequest.Limits(service.configuration)
        counters = Self.prefixes.map { Counters(service.metrics.registry, $0.template) }
    }

    // MARK: Asking

    /// Answers a request from what this process holds; `bytes` begin with it.
    func answer(
        _ request: PlainRequest,
        _ bytes: ByteBuffer,
        from address: String,
        into answers: inout ByteBuffer
    ) -> Outcome {
        guard let (route, id) = bytes.withUnsafeReadableBytes({ Self.place($0, request.target) }) else {
            return .router
        }
        let began = ContinuousClock.now
        // What it throws is the router's to tell.
        guard let caller = try? caller(request, bytes, from: address, at: began) else {
            return .router
        }
        let key = DocumentKey(Self.prefixes[route].kind, id)
        let question = Question(key: key, route: route, caller: caller, began: began)
        guard let document = service.store.cached(key) else { return .ask(question) }
        return answer(request, document, bytes, from: question, into: &answers) ? .answered : .router
    }

    /// Asks the caches outside of the process; false where that cannot be done here and now.
    ///
    /// The closure is called on the loop, with nil where they have nothing, and never before this returns.
    func ask(
        _ question: Question,
        on loop: any EventLoop,
        _ completion: @escaping @Sendable (StoredDocument?) -> Void
    ) -> Bool {
        service.store.fetchCached(question.key, on: loop, completion)
    }

    private func caller(
        _ request: PlainRequest,
        _ bytes: ByteBuffer,
        from address: String,
        at now: ContinuousClock.Instant
    ) throws(AccessError) -> Caller? {
        guard let place = request.authorization else {
            return try service.authenticator.known(nil, from: address, at: now)
        }
        return try service.authenticator.known(bytes.text(at: place), from: address, at: now)
    }

    /// The route of a path without a query, and the id in it.
    private static func place(_ bytes: UnsafeRawBufferPointer, _ target: Range<Int>) -> (route: Int, id: String)? {
        let path = UnsafeRawBufferPointer(rebasing: bytes[target])
        for (route, known) in prefixes.enumerated() where path.starts(with: known.prefix) {
            let id = UnsafeRawBufferPointer(rebasing: path.dropFirst(known.prefix.count))
            guard !id.isEmpty, !id.contains(UInt8(ascii: "/")) else { return nil }
            let text = String(decoding: id, as: UTF8.self)
            return id.contains(UInt8(ascii: "%")) ? PercentCoding.decoded(text).map { (route, $0) } : (route, text)
        }
        return nil
    }

    // MARK: Answering

    /// Writes the answer if the caller may have it; false: the request is the router's.
    func answer(
        _ request: PlainRequest,
        _ document: StoredDocument,
        _ bytes: ByteBuffer,
        from question: Question,
        into answers: inout ByteBuffer
    ) -> Bool {
        let caller = question.caller
        guard DocumentFields.isFast(document.sensitivity), !document.isStale,
            caller.principal.mayRead(document.sensitivity),
            let isUnchanged = isUnchanged(request, document, bytes),
            // What it throws is the router's to tell.
            (try? caller.admit(at: question.began)) != nil
        else { return false }
        service.metrics.admitted(caller.principal)
        let trace = request.traceparent.flatMap { bytes.text(at: $0) }.flatMap { TraceContext(traceparent: $0) }
        write(document, isUnchanged: isUnchanged, isHead: request.isHead, trace, into: &answers)
        counters[question.route].answered(isUnchanged: isUnchanged, isHead: request.isHead)
        counters[question.route].duration.observe(question.began.duration(to: .now))
        return true
    }

    /// Whether the caller has the version already; nil for a field that the router has to refuse.
    private func isUnchanged(_ request: PlainRequest, _ document: StoredDocument, _ bytes: ByteBuffer) -> Bool? {
        guard let place = request.ifNoneMatch else { return false }
        return bytes.text(at: place).flatMap { EntityTags($0) }?.covers(document.token.description)
    }

    private func write(
        _ document: StoredDocument,
        isUnchanged: Bool,
        isHead: Bool,
        _ trace: TraceContext?,
        into answers: inout ByteBuffer
    ) {
        let shown = DocumentFields(document)
        answers.reserveCapacity(minimumWritableBytes: document.body.count + 320)
        answers.writeStaticString(isUnchanged ? "HTTP/1.1 304 Not Modified\r\n" : "HTTP/1.1 200 OK\r\n")
        if !isUnchanged { answers.writeField("Content-Type: ", DocumentFields.mediaType) }
        answers.writeField("ETag: ", shown.entityTag)
        answers.writeField("Cache-Status: ", shown.cacheStatus)
        if let age = shown.age { answers.writeField("Age: ", age) }
        if !isUnchanged { answers.writeField("Content-Length: ", String(document.body.count)) }
        if let trace {
            var generator = SystemRandomNumberGenerator()
            answers.writeField("traceparent: ", trace.child(using: &generator).traceparent)
        }
        answers.writeField("Date: ", date.text)
        answers.writeStaticString("\r\n")
        if !isUnchanged, !isHead { answers.writeBytes(document.body) }
    }
}

extension ByteBuffer {
    /// The text at this place, counted from the next byte to read.
    fileprivate func text(at place: Range<Int>) -> String? {
        getString(at: readerIndex + place.lowerBound, length: place.count)
    }

    /// Writes a header field at once; `name` has the colon and the blank.
    fileprivate mutating func writeField(_ name: StaticString, _ value: String) {
        var value = value
        value.withUTF8 { value in
            let count = name.utf8CodeUnitCount + value.count + 2
            writeWithUnsafeMutableBytes(minimumWritableBytes: count) { bytes in
                UnsafeMutableRawBufferPointer(rebasing: bytes[..<name.utf8CodeUnitCount]).copyMemory(
                    from: UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
                )
                UnsafeMutableRawBufferPointer(rebasing: bytes[name.utf8CodeUnitCount..<count - 2]).copyMemory(
                    from: UnsafeRawBufferPointer(value)
                )
                (bytes[count - 2], bytes[count - 1]) = (0x0d, 0x0a)
                return count
            }
        }
    }
}
