import Catalog
import Domain
import Logging
import Postgres
import Processes
import Redis
import ServiceLifecycle
import Settings
import SourceTree
import SyncMiddleware
import Synchronization

/// Opens the home of the data that the mode asks for, and closes it when the mode has gone elsewhere.
///
/// The first one has to open, or the service does not begin; a later one is tried again until it does.
final class ServiceHomes: Service {
    private let context: CommandContext
    private let selection: TargetSelection
    private let store: SwitchingStore
    private let link: DatabaseLink
    private let metrics: MiddlewareMetrics
    private let logger: Logger
    private let maintenance = Mutex<CacheMaintenance?>(nil)
    private let hasBegun = Atomic(false)
    /// Why the first home could not be opened.
    private let failure = Mutex<(any Error)?>(nil)

    init(_ link: DatabaseLink, _ metrics: MiddlewareMetrics) {
        self.link = link
        self.metrics = metrics
        (context, selection, store, logger) = (link.context, link.selection, link.store, link.logger)
    }

    private static let interval = Duration.milliseconds(20)
    private static let pause = Duration.seconds(1)

    /// What an administrator may do to the speed layer; nil while it is not in use.
    var cache: CacheMaintenance? { maintenance.withLock { $0 } }

    /// Follows the mode until the service ends.
    func run() async throws {
        try await cancelWhenGracefulShutdown {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await self.link.run() }
                group.addTask { try await self.follow() }
                while try await group.next() != nil {}
            }
        }
    }

    /// Has the wanted home open; a home that is left behind ends beside the next one, with its last request.
    private func follow() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            var session: HomeSession?
            while !Task.isCancelled {
                if let failure = failure.withLock({ $0 }) { throw failure }
                let wanted = store.wanted.map { HomeSession($0, owner: $0 == .postgres ? link.owner : nil) }
                if wanted?.home != session?.home || wanted?.owner != session?.owner {
                    session?.retire()
                    session = wanted
                    if let wanted { group.addTask { await self.keep(wanted) } }
                }
                await rest(Self.interval)
            }
        }
    }

    /// Opens a home and keeps it open until it is not wanted any more.
    private func keep(_ session: HomeSession) async {
        while !session.isRetired, !Task.isCancelled {
            do {
                switch session.home {
                case .tree: try await serveTree(session)
                case .postgres: try await serveDatabase(session)
                }
            } catch {
                if Task.isCancelled { return }
                guard hasBegun.load(ordering: .relaxed) else { return failure.withLock { $0 = error } }
                logger.error(
                    "the home of the data cannot be opened; it is tried again",
                    metadata: ["home": "\(session.home)", "cause": "\(error)"]
                )
                await rest(Self.pause)
            }
        }
    }

    private func serve(_ home: any CatalogStore, _ session: HomeSession) async throws {
        await store.withHome(session.home, home) {
            hasBegun.store(true, ordering: .relaxed)
            let mode = store.mode?.rawValue ?? ""
            logger.info("a home of the data is open", metadata: ["home": "\(session.home)", "mode": "\(mode)"])
            while !session.isRetired, !Task.isCancelled { await rest(Self.interval) }
        }
    }

    private func rest(_ pause: Duration) async {
        // Whoever is cancelled looks at that next.
        try? await Task.sleep(for: pause)
    }

    // MARK: The tree

    private func serveTree(_ session: HomeSession) async throws {
        let tree = try await JSONTreeStore(
            source: SourceRoot(validating: context.path(try context.sourceText())),
            mapping: try context.mapping(),
            runDirectory: context.home + "/run",
            excluding: [context.home]
        )
        try await serve(tree, session)
    }

    // MARK: PostgreSQL

    private func serveDatabase(_ session: HomeSession) async throws {
        guard let owner = try await selection.connectionURL() else { throw CatalogService.noDatabase }
        try await context.withCurrentDatabase(selection) { _ in }
        let servers = try await context.syncServers(selection, owner: owner, clientName: "cortex-serve")
        let view = context.publishedView
        var configuration = SyncConfiguration()
        configuration.nearCacheBytes = context.settings[.nearCacheSize].bytes
        let limits = configuration
        try await PostgresClient.withClient(servers.relay, maximumSessions: 4) { relay in
            try await RedisClient.withClient(servers.redis) { redis in
                try await SyncInstance.withInstance(
                    "serve-\(ProcessTable.own)",
                    servers,
                    configuration: limits,
                    publisher: PublishedView(postgres: relay, redis: redis, configuration: view)
                ) { instance in
                    try await HybridStore.withStore(instance) { hybrid in
                        let cache = CacheMaintenance(postgres: relay, redis: redis, view: view, sync: limits)
                        self.maintenance.withLock { $0 = cache }
                        defer { self.maintenance.withLock { $0 = nil } }
                        try await self.watching(instance, cache) { try await self.serve(hybrid, session) }
                    }
                }
            }
        }
    }

    /// Checks the cache and asks for the figures of the feed for as long as the body runs.
    private func watching(
        _ instance: SyncInstance,
        _ cache: CacheMaintenance,
        _ body: @Sendable @escaping () async throws -> Void
    ) async throws {
        let (metrics, logger) = (metrics, logger)
        let watch = CacheWatch(cache) { CacheFindings(metrics: metrics, logger: logger).report($0) }
        try await metrics.watching(instance) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await watch.run() }
                group.addTask { await self.showFigures(of: instance) }
                defer { group.cancelAll() }
                try await body()
            }
        }
    }

    private static let figureInterval = Duration.seconds(5)

    private func showFigures(of instance: SyncInstance) async {
        while !Task.isCancelled {
            do {
                metrics.show(try await instance.feedFigures())
            } catch {
                logger.debug("the figures of the feed cannot be had", metadata: ["cause": "\(error)"])
            }
            await rest(Self.figureInterval)
        }
    }
}

/// A home that is opened, open, or on its way out.
private final class HomeSession: Sendable {
    let home: CatalogHome
    /// The database's address as it was when the home was wanted.
    let owner: String?
    private let retired = Atomic(false)

    init(_ home: CatalogHome, owner: String?) {
        self.home = home
        self.owner = owner
    }

    var isRetired: Bool { retired.load(ordering: .relaxed) }

    func retire() { retired.store(true, ordering: .relaxed) }
}
