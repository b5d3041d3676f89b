import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1

/// How a connection is served: Hummingbird's HTTP/1.1 with our limits and the fast lane in front of it.
struct ServiceChannel: ServerChildChannel, HTTPChannelHandler {
    typealias Value = HTTP1Channel.Value

    private let http: HTTP1Channel
    private let configuration: ServiceConfiguration
    private let isStopping: @Sendable () -> Bool
    private let fastLane: FastLane?

    init(
        responder: @escaping HTTPChannelHandler.Responder,
        configuration: ServiceConfiguration,
        fastLane: FastLane?,
        isStopping: @escaping @Sendable () -> Bool
    ) {
        let decoder = HTTP1Channel.Configuration.DecoderConfiguration(
            maxHeaderFieldSize: configuration.headerFieldLimit,
            maxHeaderListSize: configuration.headerListLimit,
            maxHeaderFieldCount: configuration.headerCountLimit
        )
        http = HTTP1Channel(responder: responder, configuration: .init(httpDecoderConfiguration: decoder))
        self.configuration = configuration
        self.fastLane = fastLane
        self.isStopping = isStopping
    }

    var responder: HTTPChannelHandler.Responder { http.responder }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        let (configuration, isStopping, fastLane) = (configuration, isStopping, fastLane)
        return http.setup(channel: channel, logger: logger).flatMapThrowing { value in
            let operations = channel.pipeline.syncOperations
            let codec = try operations.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            let connection = ConnectionHandler(configuration, isStopping: isStopping)
            try operations.addHandler(connection, position: .after(codec))
            if let fastLane {
                try operations.addHandler(FastLaneHandler(fastLane, connection), position: .first)
            }
            // A server that stops listening drops the connections that it has taken and not begun; a writer of NIO that is
            // dropped before its channel is closed ends the process.
            channel.closeFuture.whenComplete { _ in withExtendedLifetime(value) {} }
            return value
        }
    }

    func handle(value: Value, logger: Logger) async {
        await http.handle(value: value, logger: logger)
    }
}
