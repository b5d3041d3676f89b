public import Access
public import Catalog
import Hummingbird
import HummingbirdCore
public import Logging
public import Monitoring
import NIOCore
public import ServiceLifecycle
import Synchronization

/// The HTTP service of the catalog: routes, fast lane, limits, and an end that fails no request.
public final class CatalogServer: Service {
    private let service: ServiceParts
    private let routes: RouteTable
    private let configuration: ServiceConfiguration
    private let host: String
    private let port: Int
    private let logger: Logger
    private let stopping: StopFlag
    private let onListening: @Sendable (Int) async -> Void

    /// A server that listens when it runs.
    ///
    /// - Parameters:
    ///   - store: what is served.
    ///   - authenticator: who is let in; it has to run beside.
    ///   - registry: where the metrics are.
    ///   - host: the address to listen on.
    ///   - port: the port; 0 for one that the kernel chooses.
    ///   - version: the version of the program, for the OpenAPI document.
    ///   - sessions: where users sign in.
    ///   - routes: which routes it has; all by default.
    ///   - administration: what an administrator may do; by default only ask for the mode.
    ///   - denied: told of every request that is not let in; must not wait.
    ///   - configuration: the limits.
    ///   - logger: where requests that failed are told of.
    ///   - onListening: called with the port once connections are accepted.
    public init(
        _ store: any CatalogStore,
        authenticator: Authenticator,
        registry: MetricRegistry,
        host: String,
        port: Int,
        version: String,
        sessions: UserSessions,
        routes: ServedRoutes = .all,
        administration: Administration = Administration(),
        denied: @escaping @Sendable (Denial) -> Void = { _ in },
        configuration: ServiceConfiguration = ServiceConfiguration(),
        logger: Logger,
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        let stopping = StopFlag()
        self.routes = .of(routes)
        self.stopping = stopping
        self.configuration = configuration
        self.host = host
        self.port = port
        self.logger = logger
        self.onListening = onListening
        service = ServiceParts(
            store: store,
            authenticator: authenticator,
            metrics: ServiceMetrics(registry),
            administration: administration,
            sessions: sessions,
            denied: denied,
            configuration: configuration,
            description: OpenAPIDocument.bytes(self.routes.routes, version: version),
            streams: StreamCounter(limit: configuration.streamLimit),
            isStopping: { stopping.isSet }
        )
    }

    /// Serves until the service is to end: then requests under way are answered, and the connections end.
    ///
    /// Throws when the address cannot be listened on.
    public func run() async throws {
        let lane = routes.hasDocuments ? FastLane(service) : nil
        let (configuration, stopping, onListening) = (configuration, stopping, onListening)
        let application = Application(
            responder: ServiceResponder(routes, service),
            server: HTTPServerBuilder { responder in
                ServiceChannel(
                    responder: responder,
                    configuration: configuration,
                    fastLane: lane,
                    isStopping: { stopping.isSet }
                )
            },
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: port),
                backlog: 1_024,
                availableConnectionsDelegate: .maximum(configuration.connectionLimit, logger: logger)
            ),
            onServerRunning: { channel in await onListening(channel.localAddress?.port ?? 0) },
            logger: logger
        )
        try await withGracefulShutdownHandler {
            try await application.run()
        } onGracefulShutdown: {
            stopping.set()
        }
    }
}

/// Whether the service is ending.
private final class StopFlag: Sendable {
    private let flag = Atomic(false)

    var isSet: Bool { flag.load(ordering: .relaxed) }

    func set() { flag.store(true, ordering: .relaxed) }
}
