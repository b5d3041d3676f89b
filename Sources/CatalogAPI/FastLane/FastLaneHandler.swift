import Catalog
import NIOCore

/// The fast lane in a connection's pipeline: the first handler, before the HTTP codec.
///
/// It answers only while no request before is still unanswered, so answers keep the order of the requests without a
/// queue; what came behind a request of the router goes to the router too. It belongs to its channel's event loop.
final class FastLaneHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    private enum Pause {
        /// A cache outside of the process is asked about the request at the beginning.
        case asking
        /// The peer reads more slowly than it asks.
        case unwritable
    }

    /// As many bytes of answers are made before they are sent; memory of more is not kept.
    private static let batch = 64 << 10

    private let lane: FastLane
    private let connection: ConnectionHandler
    private var framing: RequestFraming
    private var address = "local"
    /// What came and is neither answered nor passed on.
    private var bytes = ByteBuffer()
    /// Answers that are not written yet.
    private var answers = ByteBuffer()
    private var isUnflushed = false
    /// Why nothing more is taken from `bytes`; nil: it is.
    private var pause: Pause?
    /// What happened during the pause.
    private var events: [Any] = []
    private var wantsRead = false
    /// Whether something was passed on since the last `channelReadComplete`.
    private var hasPassed = false
    private var isGone = false

    init(_ lane: FastLane, _ connection: ConnectionHandler) {
        self.lane = lane
        self.connection = connection
        framing = RequestFraming(lane.limits)
    }

    // MARK: Life

    func handlerAdded(context: ChannelHandlerContext) {
        address = context.remoteAddress?.ipAddress ?? address
    }

    func channelActive(context: ChannelHandlerContext) {
        address = context.remoteAddress?.ipAddress ?? address
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        isGone = true
        passOn(context, bytes.readableBytes)
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        isGone = true
    }

    // MARK: Incoming

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var came = unwrapInboundIn(data)
        if bytes.readableBytes == 0 { bytes = came } else { bytes.writeBuffer(&came) }
        work(context)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        send(context)
        completeRead(context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard pause == nil else { return events.append(event) }
        // Nothing completes a head any more: what there is of it is for the server's parser to refuse.
        if case ChannelEvent.inputClosed = event {
            framing.giveUp()
            passOn(context, bytes.readableBytes)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if pause == .unwritable, context.channel.isWritable { goOn(context) }
        context.fireChannelWritabilityChanged()
    }

    /// During a pause little more is read than has come; to stop and begin again at each would cost two system calls.
    func read(context: ChannelHandlerContext) {
        if pause == nil || bytes.readableBytes < Self.batch { context.read() } else { wantsRead = true }
    }

    // MARK: Requests

    private func work(_ context: ChannelHandlerContext) {
        while pause == nil, bytes.readableBytes > 0 {
            if answers.readableBytes >= Self.batch { send(context) }
            guard context.channel.isWritable else {
                pause = .unwritable
                return
            }
            switch bytes.withUnsafeReadableBytes({ framing.next($0) }) {
            case .incomplete: return
            case .pass(let count): passOn(context, count)
            case .request(let request):
                guard request.isPlainRead, connection.takesAtOnce, answer(request, context) else {
                    framing.passed(request)
                    continue
                }
            }
        }
    }

    /// The pause is over.
    private func goOn(_ context: ChannelHandlerContext) {
        pause = nil
        work(context)
        send(context)
        completeRead(context)
        while pause == nil, !events.isEmpty {
            userInboundEventTriggered(context: context, event: events.removeFirst())
        }
        guard pause == nil, wantsRead else { return }
        wantsRead = false
        context.read()
    }

    /// Answers the request at the beginning of the bytes, or asks a cache about it; false: it is the router's.
    private func answer(_ request: PlainRequest, _ context: ChannelHandlerContext) -> Bool {
        switch lane.answer(request, bytes, from: address, into: &answers) {
        case .answered:
            answered(request)
            return true
        case .router: return false
        case .ask(let question):
            let here = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            let isAsked = lane.ask(question, on: context.eventLoop) { found in
                let (handler, context) = here.value
                handler.asked(request, question, found, context)
            }
            if isAsked { pause = .asking }
            return isAsked
        }
    }

    private func answered(_ request: PlainRequest) {
        bytes.moveReaderIndex(forwardBy: request.length)
        connection.answeredAtOnce()
    }

    /// The cache answered, or has nothing.
    private func asked(
        _ request: PlainRequest,
        _ question: FastLane.Question,
        _ found: StoredDocument?,
        _ context: ChannelHandlerContext
    ) {
        guard !isGone else { return }
        if let found, lane.answer(request, found, bytes, from: question, into: &answers) {
            answered(request)
        } else {
            framing.passed(request)
        }
        goOn(context)
    }

    private func passOn(_ context: ChannelHandlerContext, _ count: Int) {
        guard count > 0, let slice = bytes.readSlice(length: count) else { return }
        // What was answered before leaves before whatever this leads to.
        write(context)
        hasPassed = true
        context.fireChannelRead(wrapInboundOut(slice))
    }

    private func completeRead(_ context: ChannelHandlerContext) {
        guard hasPassed else { return }
        hasPassed = false
        context.fireChannelReadComplete()
    }

    // MARK: Answers

    private func write(_ context: ChannelHandlerContext) {
        guard answers.readableBytes > 0 else { return }
        isUnflushed = true
        context.write(wrapOutboundOut(.byteBuffer(answers)), promise: nil)
        answers = ByteBuffer()
    }

    private func send(_ context: ChannelHandlerContext) {
        if answers.readableBytes > 0 {
            context.writeAndFlush(wrapOutboundOut(.byteBuffer(answers)), promise: nil)
            // The memory is used again where the kernel has taken it already.
            if answers.capacity <= Self.batch { answers.clear() } else { answers = ByteBuffer() }
        } else if isUnflushed {
            context.flush()
        }
        isUnflushed = false
    }
}
