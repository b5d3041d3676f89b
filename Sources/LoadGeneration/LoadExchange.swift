import NIOCore
import NIOHTTP1

/// A request of the load.
struct LoadRequest: Sendable {
    let method: HTTPMethod
    let path: String
    var contentType: String?
    var body: String?
}

/// What the service answered.
struct LoadResponse: Sendable {
    let status: Int
    /// The value of `Cache-Status`; nil where there is none.
    let cacheStatus: String?
    /// At most the first MiB.
    let body: ByteBuffer
}

/// Where an answer came from, as `Cache-Status` says (RFC 9211).
enum AnsweredBy: Sendable {
    case near, redis, postgres

    init?(_ cacheStatus: String?) {
        switch cacheStatus {
        case let text? where text.hasPrefix("cortex-near; hit"): self = .near
        case let text? where text.hasPrefix("cortex-redis; hit"): self = .redis
        case let text? where text.hasPrefix("cortex; fwd="): self = .postgres
        default: return nil
        }
    }
}

/// Joins the parts of an answer and gives it to whoever waits; one request at a time.
final class ExchangeHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    private var waiting: EventLoopPromise<LoadResponse>?
    private var head: HTTPResponseHead?
    private var body = ByteBuffer()

    /// The next answer is for this promise; fails it when the last answer is not there yet.
    func expect(_ promise: EventLoopPromise<LoadResponse>) {
        guard waiting == nil else { return promise.fail(ChannelError.alreadyClosed) }
        waiting = promise
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head) where head.status.code >= 200:
            self.head = head
            body.clear()
        case .head: break
        case .body(var part) where body.readableBytes < 1 << 20: body.writeBuffer(&part)
        case .body: break
        case .end:
            guard let head, let promise = waiting else { return }
            waiting = nil
            self.head = nil
            promise.succeed(
                LoadResponse(
                    status: Int(head.status.code),
                    cacheStatus: head.headers.first(name: "Cache-Status"),
                    body: body
                )
            )
            if !head.isKeepAlive { context.close(promise: nil) }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(ChannelError.eof)
        context.fireChannelInactive()
    }

    private func fail(_ error: any Error) {
        waiting?.fail(error)
        waiting = nil
    }
}
