import Access
import Catalog
import CatalogAPI
import Domain
import Logging
import Monitoring
import ServiceLifecycle
import TestSupport

/// A running service on a port that the kernel chose.
enum TestService {
    /// Runs a service for as long as the body does, and ends it as a signal would.
    static func run<R: Sendable>(
        _ store: any CatalogStore = MemoryStore(),
        configuration: ServiceConfiguration = ServiceConfiguration(),
        authenticator: Authenticator = Self.open,
        registry: MetricRegistry = MetricRegistry(),
        routes: ServedRoutes = .all,
        administration: Administration = Administration(),
        denied: @escaping @Sendable (Denial) -> Void = { _ in },
        _ body: @Sendable @escaping (RawConnection) async throws -> R
    ) async throws -> R {
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        var logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        logger.logLevel = .critical
        let server = CatalogServer(
            store,
            authenticator: authenticator,
            registry: registry,
            host: "127.0.0.1",
            port: 0,
            version: "test",
            sessions: UserSessions(keys: NoKeys()),
            routes: routes,
            administration: administration,
            denied: denied,
            configuration: configuration,
            logger: logger,
            onListening: { port.yield($0) }
        )
        let group = ServiceGroup(services: [server], logger: logger)
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            guard let number = await ports.first(where: { _ in true }) else { throw CancellationError() }
            let result: Result<R, any Error>
            do {
                result = .success(try await body(RawConnection(port: number)))
            } catch {
                result = .failure(error)
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            return try result.get()
        }
    }

    /// Lets everybody in.
    static var open: Authenticator {
        var access = AccessConfiguration()
        access.isInsecureLocal = true
        return Authenticator(NoKeys(), access)
    }
}
