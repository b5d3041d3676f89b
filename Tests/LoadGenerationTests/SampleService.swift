import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A service of the tests: assets in memory, answered after a while, with faults on request.
final class SampleService: Sendable {
    struct Faults: Sendable {
        /// How long each answer takes.
        var delay: TimeAmount = .zero
        /// Every n-th read gives the value before the last.
        var staleEvery: Int?
        /// Every n-th request is answered by closing the connection.
        var hangUpEvery: Int?
        /// Every n-th request gets 503.
        var refuseEvery: Int?
        /// What new documents are answered with.
        var createStatus = 201
    }

    struct State: Sendable {
        var documents: [String: [String]] = [:]
        var requests = 0
        var created = 0
        var deleted = 0
        var authorizations: Set<String> = []
    }

    let faults: Faults
    let state = Mutex(State())

    init(_ faults: Faults) { self.faults = faults }

    /// Runs the body with the address of a service with these faults.
    static func withService<R>(
        _ faults: Faults = Faults(),
        _ body: (String, SampleService) async throws -> R
    ) async throws -> R {
        let service = SampleService(faults)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 256)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(SampleHandler(service))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let result: Result<R, any Error>
        do {
            result = .success(try await body("http://127.0.0.1:\(channel.localAddress?.port ?? 0)", service))
        } catch {
            result = .failure(error)
        }
        try await channel.close()
        try await group.shutdownGracefully()
        return try result.get()
    }

    /// Status and body of an answer; nil: hang up.
    func answer(_ head: HTTPRequestHead, _ body: String) -> (status: Int, cache: String?, body: String)? {
        state.withLock { state in
            if let value = head.headers.first(name: "Authorization") { state.authorizations.insert(value) }
            let id = String(head.uri.dropFirst("/api/assets/".count))
            switch head.method {
            case .POST:
                guard faults.createStatus == 201 else { return (faults.createStatus, nil, "{}") }
                state.created += 1
                guard let start = body.firstRange(of: "\"asset_id\":\"")?.upperBound else { return (400, nil, "") }
                state.documents[String(body[start...].prefix { $0 != "\"" })] = [body]
                return (201, nil, body)
            case .DELETE:
                state.deleted += 1
                return (state.documents.removeValue(forKey: id) == nil ? 404 : 204, nil, "")
            default: break
            }
            state.requests += 1
            if let every = faults.hangUpEvery, state.requests % every == 0 { return nil }
            if let every = faults.refuseEvery, state.requests % every == 0 { return (503, nil, "{}") }
            guard var values = state.documents[id] else { return (404, nil, "{}") }
            guard head.method == .GET else {
                values.append(body)
                state.documents[id] = values
                return (200, nil, body)
            }
            let isStale = faults.staleEvery.map { state.requests % $0 == 0 } ?? false
            let tier = ["cortex-near; hit", "cortex-redis; hit", "cortex; fwd=miss"][state.requests % 3]
            return (200, tier, values[isStale ? max(0, values.count - 2) : values.count - 1])
        }
    }
}

private final class SampleHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let service: SampleService
    private var head: HTTPRequestHead?
    private var body = ""

    init(_ service: SampleService) { self.service = service }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): (self.head, body) = (head, "")
        case .body(let part): body += String(buffer: part)
        case .end:
            guard let head, let answer = service.answer(head, body) else { return context.close(promise: nil) }
            let channel = context.channel
            context.eventLoop.scheduleTask(in: service.faults.delay) {
                var headers = HTTPHeaders()
                // A 204 has neither body nor length.
                if answer.status != 204 { headers.add(name: "Content-Length", value: String(answer.body.utf8.count)) }
                if let cache = answer.cache { headers.add(name: "Cache-Status", value: cache) }
                let head = HTTPResponseHead(
                    version: .http1_1,
                    status: .init(statusCode: answer.status),
                    headers: headers
                )
                channel.write(HTTPServerResponsePart.head(head), promise: nil)
                if !answer.body.isEmpty {
                    let body = HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: answer.body)))
                    channel.write(body, promise: nil)
                }
                channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: nil)
            }
        }
    }
}
