import Diagnostics
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// One connection to the service with one request under way; connects anew when it is gone.
///
/// Straight on SwiftNIO: the client shares two cores with what it measures, and each microsecond of it is missing there.
final class LoadConnection {
    private let plan: LoadPlan
    private let group: MultiThreadedEventLoopGroup
    private let tls: NIOSSLContext?
    private var channel: (any Channel)?

    init(_ plan: LoadPlan, group: MultiThreadedEventLoopGroup, tls: NIOSSLContext?) {
        self.plan = plan
        self.group = group
        self.tls = tls
    }

    /// The TLS that a plan needs; nil for one without.
    static func tls(for plan: LoadPlan) throws -> NIOSSLContext? {
        try plan.service.isSecure ? NIOSSLContext(configuration: .makeClientConfiguration()) : nil
    }

    /// Sends a request and waits for its answer, at most the plan's deadline.
    ///
    /// Throws whatever the connection failed with: it is not known then whether the service did what was asked.
    func send(_ request: LoadRequest) async throws -> LoadResponse {
        let channel = try await connected()
        let promise = channel.eventLoop.makePromise(of: LoadResponse.self)
        let parts = parts(of: request)
        let deadline = TimeAmount(plan.deadline)
        channel.eventLoop.execute {
            do {
                try channel.pipeline.syncOperations.handler(type: ExchangeHandler.self).expect(promise)
            } catch {
                return promise.fail(error)
            }
            let timer = channel.eventLoop.scheduleTask(in: deadline) { channel.close(promise: nil) }
            promise.futureResult.whenComplete { _ in timer.cancel() }
            for part in parts.dropLast() { channel.write(part, promise: nil) }
            channel.writeAndFlush(parts.last, promise: nil)
        }
        do {
            return try await promise.futureResult.get()
        } catch {
            self.channel = nil
            throw error
        }
    }

    /// Closes the connection.
    func close() async {
        // One that is closed already is what was wanted.
        try? await channel?.close()
        channel = nil
    }

    private func connected() async throws -> any Channel {
        if let channel, channel.isActive { return channel }
        let tls = tls
        let host = plan.service.host
        let made = try await ClientBootstrap(group: group)
            .connectTimeout(TimeAmount(plan.deadline))
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls {
                        try channel.pipeline.syncOperations.addHandler(
                            NIOSSLClientHandler(context: tls, serverHostname: host)
                        )
                    }
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    try channel.pipeline.syncOperations.addHandler(ExchangeHandler())
                }
            }
            .connect(host: host, port: plan.service.port).get()
        channel = made
        return made
    }

    private func parts(of request: LoadRequest) -> [HTTPClientRequestPart] {
        var head = HTTPRequestHead(version: .http1_1, method: request.method, uri: request.path)
        head.headers.add(name: "Host", value: plan.service.authority)
        if let key = plan.key { head.headers.add(name: "Authorization", value: "Bearer \(key.reveal())") }
        guard let body = request.body else {
            if request.method != .GET { head.headers.add(name: "Content-Length", value: "0") }
            return [.head(head), .end(nil)]
        }
        head.headers.add(name: "Content-Type", value: request.contentType ?? "application/json")
        head.headers.add(name: "Content-Length", value: String(body.utf8.count))
        return [.head(head), .body(.byteBuffer(ByteBuffer(string: body))), .end(nil)]
    }
}
