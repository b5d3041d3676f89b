import Diagnostics
import NIOCore
import NIOHTTP1

/// The shell of `ConnectionStateMachine`: the handler next to the HTTP codec.
///
/// All requests and answers pass it, but for those of the fast lane, which tells it of them. It belongs to its channel's event loop.
final class ConnectionHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let configuration: ServiceConfiguration
    private let isStopping: @Sendable () -> Bool
    private var machine: ConnectionStateMachine
    /// What goes out instead of the bare 400 with which the server's loop answers bytes that are no HTTP.
    private var framingProblem: APIError?
    private var isReplacing = false
    private var ticking: RepeatedTask?

    init(_ configuration: ServiceConfiguration, isStopping: @escaping @Sendable () -> Bool) {
        self.configuration = configuration
        self.isStopping = isStopping
        machine = ConnectionStateMachine(.init(configuration), now: Self.now)
    }

    private static var now: Int { Int(NIODeadline.now().uptimeNanoseconds / 1_000_000) }

    // MARK: Life

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { startTicking(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        startTicking(context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        ticking?.cancel()
        ticking = nil
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        ticking?.cancel()
        ticking = nil
    }

    private func startTicking(_ context: ChannelHandlerContext) {
        guard ticking == nil else { return }
        let here = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        ticking = context.eventLoop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in
            let (handler, context) = here.value
            handler.tick(context)
        }
    }

    private func tick(_ context: ChannelHandlerContext) {
        // A channel that cannot say how much is buffered is closed already.
        let buffered = (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        perform(machine.tick(now: Self.now, hasUnsent: buffered > 0), context)
    }

    private func tickSoon(_ context: ChannelHandlerContext) {
        context.eventLoop.assumeIsolated().scheduleTask(in: .init(configuration.lingerTime)) { self.tick(context) }
    }

    private func perform(_ action: ConnectionStateMachine.Action, _ context: ChannelHandlerContext) {
        switch action {
        case .nothing: break
        case .closeOutput:
            context.close(mode: .output, promise: nil)
            tickSoon(context)
        case .close: context.close(mode: .all, promise: nil)
        }
    }

    // MARK: The fast lane

    /// Whether the fast lane may answer a request that comes now.
    var takesAtOnce: Bool { machine.takesAtOnce && !isStopping() }

    /// The fast lane has answered a request.
    func answeredAtOnce() { machine.answeredAtOnce(now: Self.now) }

    // MARK: Incoming

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard machine.listens else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            if let problem = HeadRules.problem(head, targetLimit: configuration.targetLimit) {
                return fail(problem, HTTPParserError.invalidHeaderToken, context)
            }
            machine.headRead(keepsAlive: head.isKeepAlive && head.method != .CONNECT, now: Self.now)
        case .body: break
        case .end: machine.endRead(now: Self.now)
        }
        context.fireChannelRead(data)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let parsing = error as? HTTPParserError else { return context.fireErrorCaught(error) }
        guard machine.listens else { return }
        let problem =
            parsing == .headerOverflow
            ? APIError(
                .requestHeaderTooLarge,
                "the header fields are too many or too large",
                hint: "docs/limits.md has the limits"
            )
            : APIError(.requestFraming, "this is no HTTP/1.1 request: \(parsing)")
        fail(problem, parsing, context)
    }

    /// The server's loop meets the error behind the requests that came before, and answers it in its turn.
    private func fail(_ problem: APIError, _ error: HTTPParserError, _ context: ChannelHandlerContext) {
        _ = machine.broke()
        framingProblem = problem
        context.fireErrorCaught(error)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent:
            machine.quiesce()
            tick(context)
            tickSoon(context)
        case ChannelEvent.inputClosed:
            let action = machine.inputClosed()
            context.fireUserInboundEventTriggered(event)
            perform(action, context)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    // MARK: Outgoing

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head): writeHead(head, context, promise)
        case .body:
            guard !machine.dropsAnswer, !isReplacing else {
                promise?.succeed()
                return
            }
            context.write(data, promise: promise)
        case .end:
            isReplacing = false
            if machine.dropsAnswer {
                promise?.succeed()
            } else {
                context.write(data, promise: promise)
            }
            let action = machine.endWritten(now: Self.now)
            guard action != .nothing else { return }
            context.flush()
            perform(action, context)
        }
    }

    private func writeHead(
        _ head: HTTPResponseHead,
        _ context: ChannelHandlerContext,
        _ promise: EventLoopPromise<Void>?
    ) {
        // An informational head is no answer.
        if (100..<200).contains(head.status.code) {
            context.write(wrapOutboundOut(.head(head)), promise: promise)
            return
        }
        var head = head
        var body: ByteBuffer?
        if let problem = framingProblem, head.status == .badRequest, head.headers["content-length"] == ["0"] {
            (head, body) = Problem(problem, trace: nil).framed(after: head)
            framingProblem = nil
        }
        let closes = isStopping() || head.headers["connection"].contains { $0.lowercased() == "close" }
        let isStream = !head.headers.contains(name: "content-length") && head.status.mayHaveResponseBody
        switch machine.headWritten(closes: closes, isStream: isStream) {
        case .drop: promise?.succeed()
        case .send(let closes):
            if closes { head.headers.replaceOrAdd(name: "Connection", value: "close") }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
            guard let body else { return }
            isReplacing = true
            context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        }
    }
}

extension ConnectionStateMachine.Limits {
    init(_ configuration: ServiceConfiguration) {
        head = configuration.headTime.milliseconds
        body = configuration.bodyTime.milliseconds
        unread = configuration.unreadTime.milliseconds
        linger = configuration.lingerTime.milliseconds
    }
}

extension Duration {
    /// Whole milliseconds, rounded down.
    var milliseconds: Int {
        let (seconds, attoseconds) = components
        return Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
    }
}
