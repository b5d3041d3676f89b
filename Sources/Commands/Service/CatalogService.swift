import Access
import Catalog
import CatalogAPI
import Diagnostics
import Domain
import Logging
import Monitoring
import Postgres
import Processes
import Redis
import RuntimeTargets
import ServiceLifecycle
import Settings
import SourceTree
import SyncMiddleware
import UnixSignals

/// The live graph of `cortex serve`: stores, keys, server, and how they begin and end.
struct CatalogService: Sendable {
    private let context: CommandContext
    private let selection: TargetSelection
    private let isInsecureLocal: Bool
    private let registry = MetricRegistry()

    init(_ context: CommandContext, _ selection: TargetSelection, isInsecureLocal: Bool) {
        self.context = context
        self.selection = selection
        self.isInsecureLocal = isInsecureLocal
    }

    /// How long requests under way may take once a signal has come.
    private static let patience = Duration.seconds(30)

    private var secrets: String { context.home + "/secrets" }

    /// Serves until SIGTERM or SIGINT.
    func run() async throws {
        ProcessMetrics.add(to: registry)
        OpenFiles.raiseLimit()
        try await context.ensureAdminKey(selection)
        let owner = try await selection.connectionURL()
        let mode =
            if let owner { try await SystemModeRow.read(context.postgresConfiguration(owner)) } else { SystemMode.json }
        let last = LastMode(home: context.home)
        if owner == nil, try last.read() == .postgres { throw noDatabase }
        if mode != .catchup, mode != .frozen { try last.note(mode) }
        switch (mode, owner) {
        case (.postgres, let owner?): try await serveDatabase(owner: owner)
        case (.json, _): try await serveTree()
        case (let mode, _): throw between(mode)
        }
    }

    // MARK: Mode json

    private func serveTree() async throws {
        let store = try await JSONTreeStore(
            source: SourceRoot(validating: context.path(try context.sourceText())),
            mapping: try context.mapping(),
            runDirectory: context.home + "/run"
        )
        let keys = FileKeyStore(directory: secrets)
        try await serve(store, keys: CombinedKeyStore(file: keys, database: nil), mode: .json)
    }

    // MARK: Mode postgres

    private func serveDatabase(owner: String) async throws {
        let servers = try await context.syncServers(selection, owner: owner, clientName: "cortex-serve")
        try await PostgresClient.withClient(servers.postgres, maximumSessions: 2) { client in
            try await PostgresClient.withClient(servers.relay, maximumSessions: 2) { relay in
                try await RedisClient.withClient(servers.redis) { redis in
                    let view = PublishedView(postgres: relay, redis: redis, configuration: context.publishedView)
                    let name = "serve-\(ProcessTable.own)"
                    var configuration = SyncConfiguration()
                    configuration.nearCacheBytes = context.settings[.nearCacheSize].bytes
                    try await SyncInstance.withInstance(
                        name,
                        servers,
                        configuration: configuration,
                        publisher: view
                    ) { instance in
                        show(instance)
                        try await HybridStore.withStore(instance) { store in
                            let database = PostgresKeyStore(client)
                            let keys = CombinedKeyStore(file: FileKeyStore(directory: secrets), database: database)
                            try await serve(store, keys: keys, mode: .postgres)
                        }
                    }
                }
            }
        }
    }

    /// Shows what the middleware counts.
    private func show(_ instance: SyncInstance) {
        let lag = registry.gauge(.relayLag)
        registry.onExposition {
            let statistics = instance.statistics
            lag.set(
                statistics.relayLag.map { Double($0.components.seconds) + Double($0.components.attoseconds) * 1e-18 }
                    ?? 0
            )
        }
    }

    // MARK: The server

    private func serve(_ store: any CatalogStore, keys: any KeyStore, mode: SystemMode) async throws {
        var access = AccessConfiguration()
        access.isInsecureLocal = isInsecureLocal
        let rate = context.settings[.keyRate]
        access.keyLimit = rate == 0 ? nil : .init(rate: Double(rate), burst: rate * 2)
        access.anonymousClearance = Sensitivity(rawValue: context.settings[.anonymousClearance])
        let authenticator = Authenticator(keys, access)
        var limits = ServiceConfiguration()
        limits.requiresIfMatch = context.settings[.requiresIfMatch]
        let level = Logger.Level(rawValue: context.settings[.logLevel].rawValue) ?? .info
        let logger = Logger(label: "cortex.serve") { JSONLogHandler(label: $0, level: level) }
        let (context, host) = (context, context.settings[.host])
        let server = CatalogServer(
            store,
            authenticator: authenticator,
            registry: registry,
            host: host,
            port: context.settings[.port],
            version: CortexTool.version,
            configuration: limits,
            logger: logger,
            onListening: { port in
                context.output.note("serving http://\(host):\(port) in mode \(mode.rawValue)")
            }
        )
        var configuration = ServiceGroupConfiguration(
            services: [KeyWatch(authenticator: authenticator), server],
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger
        )
        configuration.maximumGracefulShutdownDuration = Self.patience
        try await ServiceGroup(configuration: configuration).run()
    }

    // MARK: What stands in the way

    private var noDatabase: CommandError {
        CommandError(
            .postgresUnavailable,
            "the data is in PostgreSQL, and it is not running",
            hint: "Start it with cortex up, or name another database with --target or DATABASE_URL."
        )
    }

    private func between(_ mode: SystemMode) -> CommandError {
        CommandError(
            .syncMode,
            "the data is on its way: the mode is \(mode.rawValue)",
            hint: "Start the service again when cortex status says json or postgres."
        )
    }
}

/// Keeps what is known of keys fresh for as long as the service runs.
private struct KeyWatch: Service {
    let authenticator: Authenticator

    func run() async throws {
        await cancelWhenGracefulShutdown { await authenticator.run() }
    }
}
