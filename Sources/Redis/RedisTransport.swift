import Diagnostics
import NIOCore
import NIOPosix
import NIOSSL

/// How channels to the server are made: TCP or a Unix socket, with or without TLS.
struct RedisTransport: Sendable {
    let eventLoop: any EventLoop
    private let url: RedisURL
    private let context: NIOSSLContext?
    private let connectTimeout: TimeAmount

    /// Throws `setting.invalid` when the file of authorities cannot be read.
    init(_ configuration: RedisConfiguration, eventLoop: any EventLoop) throws(RedisError) {
        self.init(
            configuration,
            eventLoop: eventLoop,
            context: try Self.context(for: configuration.url)
        )
    }

    init(_ configuration: RedisConfiguration, eventLoop: any EventLoop, context: NIOSSLContext?) {
        self.eventLoop = eventLoop
        self.context = context
        url = configuration.url
        connectTimeout = TimeAmount(clamping: configuration.connectTimeout)
    }

    /// The TLS context of a URL, made once for all connections; nil without TLS.
    static func context(for url: RedisURL) throws(RedisError) -> NIOSSLContext? {
        guard url.isSecure else { return nil }
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if let authorities = url.authorities { configuration.trustRoots = .file(authorities) }
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw RedisError(
                .settingInvalid,
                "the trusted authorities for TLS cannot be read",
                hint: "cacert in the URL must name a PEM file that this user may read",
                cause: error
            )
        }
    }

    /// Connects a channel that tells its events to the link.
    func connect(_ link: RedisLink, attempt: Int) -> EventLoopFuture<any Channel> {
        let context = context
        let name = serverName
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(connectTimeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let context {
                        try pipeline.addHandler(NIOSSLClientHandler(context: context, serverHostname: name))
                    }
                    try pipeline.addHandler(RedisChannelHandler(link, attempt: attempt))
                }
            }
        switch url.place {
        case .socket(let path): return bootstrap.connect(unixDomainSocketPath: path)
        case .host(let host, let port):
            return
                bootstrap
                .channelOption(.socketOption(.tcp_nodelay), value: 1)
                .channelOption(.socketOption(.so_keepalive), value: 1)
                .connect(host: host, port: port)
        }
    }

    /// The name that the certificate must have; an address is compared with that of the connection instead.
    private var serverName: String? {
        guard case .host(let host, _) = url.place else { return nil }
        // Only tells addresses from names: whatever is no address is a name.
        return (try? SocketAddress(ipAddress: host, port: 0)) == nil ? host : nil
    }
}

/// Tells the link what happens on its channel.
final class RedisChannelHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let link: RedisLink
    private let attempt: Int

    init(_ link: RedisLink, attempt: Int) {
        self.link = link
        self.attempt = attempt
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        link.received(unwrapInboundIn(data), attempt: attempt)
    }

    func channelInactive(context: ChannelHandlerContext) {
        link.lost(attempt: attempt)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        link.failed(error, attempt: attempt)
        context.close(promise: nil)
    }
}
