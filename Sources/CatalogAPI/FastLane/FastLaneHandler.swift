import NIOCore
import NIOHTTP1

/// The fast lane in a connection's pipeline, before the server's own handlers.
///
/// It answers only while no request before is still unanswered, so answers keep the order of the requests without a
/// queue; what came behind a request of the router goes to the router too.
final class FastLaneHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let lane: FastLane
    private var address = "local"
    /// Requests that the router has not answered yet.
    private var routed = 0
    /// The answer to the request that is coming in.
    private var answer: FastLane.Answer?
    private var isUnflushed = false

    init(_ lane: FastLane) {
        self.lane = lane
    }

    func handlerAdded(context: ChannelHandlerContext) {
        address = context.remoteAddress?.ipAddress ?? address
    }

    func channelActive(context: ChannelHandlerContext) {
        address = context.remoteAddress?.ipAddress ?? address
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            if routed == 0, let found = lane.answer(head, from: address) {
                answer = found
                return
            }
            routed += 1
            context.fireChannelRead(data)
        case .body:
            guard answer == nil else { return }
            context.fireChannelRead(data)
        case .end:
            guard let answer else { return context.fireChannelRead(data) }
            self.answer = nil
            isUnflushed = true
            context.write(wrapOutboundOut(.head(answer.head)), promise: nil)
            if let body = answer.body { context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
            context.write(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if isUnflushed {
            isUnflushed = false
            context.flush()
        }
        context.fireChannelReadComplete()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) { routed -= 1 }
        context.write(data, promise: promise)
    }
}
