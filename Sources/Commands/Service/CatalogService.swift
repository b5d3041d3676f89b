import Access
import Catalog
import CatalogAPI
import Diagnostics
import Domain
import Logging
import Monitoring
import NIOCore
import Postgres
import Processes
import Redis
import RuntimeTargets
import ServiceLifecycle
import Settings
import SourceTree
import SyncMiddleware
import UnixSignals

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The live graph of `cortex serve`: stores, keys, server, and how they begin and end.
struct CatalogService: Sendable {
    private let context: CommandContext
    private let selection: TargetSelection
    private let isInsecureLocal: Bool
    /// The port of the listener for operation; nil for none of its own.
    private let operationPort: Int?
    private let registry = MetricRegistry.process

    init(_ context: CommandContext, _ selection: TargetSelection, isInsecureLocal: Bool, operationPort: Int?) {
        self.context = context
        self.selection = selection
        self.isInsecureLocal = isInsecureLocal
        self.operationPort = operationPort
    }

    /// How long requests under way may take once a signal has come.
    private static let patience = Duration.seconds(30)

    /// Serves until SIGTERM or SIGINT, in whatever mode the system is, also when that changes.
    func run() async throws {
        OpenFiles.raiseLimit()
        HeapPolicy.limitArenas(to: max(2, System.coreCount))
        try await context.ensureAdminKey(selection)
        try await checkStart()
        let keys = FollowingKeyStore(file: FileKeyStore(directory: context.home + "/secrets"))
        let link = DatabaseLink(
            context,
            selection,
            store: SwitchingStore(),
            keys: keys,
            sessions: UserSessions(keys: keys),
            denials: DenialLog(),
            logger: logger
        )
        let homes = ServiceHomes(link, MiddlewareMetrics(registry))
        let authenticator = Authenticator(keys, access)
        let listeners = ServiceListeners(host: context.settings[.host], hasOperation: operationPort != nil)
        // They end in reverse: first nothing new is taken, last the homes close.
        try await runUntilSignal(
            [
                homes, DenialWriting(log: link.denials), KeyWatch(authenticator: authenticator),
                RecordKeeping(home: context.home, listeners: listeners),
            ] + servers(homes, link, authenticator, listeners)
        )
    }

    /// The listener for operation, where it is one of its own, and the one for clients.
    private func servers(
        _ homes: ServiceHomes,
        _ link: DatabaseLink,
        _ authenticator: Authenticator,
        _ listeners: ServiceListeners
    ) -> [any Service] {
        let (store, denials, host, output) = (link.store, link.denials, context.settings[.host], context.output)
        func server(_ routes: ServedRoutes, port: Int, _ onListening: @escaping @Sendable (Int) -> Void) -> any Service
        {
            let server = CatalogServer(
                store,
                authenticator: authenticator,
                registry: registry,
                host: host,
                port: port,
                version: CortexTool.version,
                sessions: link.sessions,
                routes: routes,
                administration: Administration { homes.cache },
                denied: { denials.note($0) },
                configuration: limits,
                logger: link.logger,
                onListening: { onListening($0) }
            )
            return OpenedServer(server: server, store: store, address: "\(host):\(port)")
        }
        let operation = operationPort.map { port in
            server(.operation, port: port) { listeners.operationListens(on: $0) }
        }
        let main = server(operationPort == nil ? .all : .catalog, port: context.settings[.port]) { port in
            listeners.mainListens(on: port)
            output.note("serving http://\(host):\(port) in mode \(store.mode?.rawValue ?? "")")
        }
        return [operation, main].compactMap(\.self)
    }

    private func runUntilSignal(_ services: [any Service]) async throws {
        var configuration = ServiceGroupConfiguration(
            services: services,
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger
        )
        configuration.maximumGracefulShutdownDuration = Self.patience
        try await ServiceGroup(configuration: configuration).run()
    }

    private var access: AccessConfiguration {
        var access = AccessConfiguration()
        access.isInsecureLocal = isInsecureLocal
        let rate = context.settings[.keyRate]
        access.keyLimit = rate == 0 ? nil : .init(rate: Double(rate), burst: rate * 2)
        access.anonymousClearance = Sensitivity(rawValue: context.settings[.anonymousClearance])
        return access
    }

    private var limits: ServiceConfiguration {
        var limits = ServiceConfiguration()
        limits.requiresIfMatch = context.settings[.requiresIfMatch]
        return limits
    }

    private var logger: Logger {
        let level = Logger.Level(rawValue: context.settings[.logLevel].rawValue) ?? .info
        return Logger(label: "cortex.serve") { JSONLogHandler(label: $0, level: level) }
    }

    // MARK: What stands in the way

    /// Throws what would keep every request from being answered, before anything is started.
    private func checkStart() async throws {
        guard let owner = try await selection.connectionURL() else {
            if try LastMode(home: context.home).read() == .postgres { throw Self.noDatabase }
            _ = try context.sourceText()
            return
        }
        switch try await SystemModeRow.read(context.postgresConfiguration(owner)) {
        case .json, .catchup: _ = try context.sourceText()
        case .postgres: try await context.withCurrentDatabase(selection) { _ in }
        case .frozen: break
        }
    }

    static var noDatabase: CommandError {
        CommandError(
            .postgresUnavailable,
            "the data is in PostgreSQL, and it is not running",
            hint: "Start it with cortex up, or name another database with --target or DATABASE_URL."
        )
    }
}

/// A server that listens once there is something to answer from.
private struct OpenedServer: Service {
    let server: CatalogServer
    let store: SwitchingStore
    /// Where it listens, as it was asked for.
    let address: String

    func run() async throws {
        await cancelWhenGracefulShutdown {
            // Sleeping fails when the task is cancelled, which is the end.
            while !store.isReady, (try? await Task.sleep(for: .milliseconds(5))) != nil {}
        }
        // A service that ends before it has begun takes no requests.
        guard store.isReady else { return }
        do {
            try await server.run()
        } catch let error as IOError {
            throw refusal(error) ?? error
        }
    }

    /// Why the address cannot be listened on; nil for an error of another kind.
    private func refusal(_ error: IOError) -> CommandError? {
        switch error.errnoCode {
        case EADDRINUSE:
            CommandError(
                .portTaken,
                "something else listens on \(address)",
                hint: "Choose another port with --port or --admin-port; ss -ltnp says who has this one.",
                cause: error
            )
        case EACCES, EPERM:
            CommandError(
                .notPermitted,
                "this account may not listen on \(address)",
                hint: "Choose a port above 1023 with --port.",
                cause: error
            )
        case EADDRNOTAVAIL, EAFNOSUPPORT:
            CommandError(
                .usage,
                "the service cannot listen on \(address)",
                hint: "--host takes an address of this machine, such as 127.0.0.1 or 0.0.0.0.",
                cause: error
            )
        default: nil
        }
    }
}

/// Writes down who was not let in for as long as the service runs, and what is left at its end.
private struct DenialWriting: Service {
    let log: DenialLog

    func run() async throws {
        await cancelWhenGracefulShutdown { await log.run() }
        await log.write()
    }
}

/// Keeps what is known of keys fresh for as long as the service runs.
private struct KeyWatch: Service {
    let authenticator: Authenticator

    func run() async throws {
        await cancelWhenGracefulShutdown { await authenticator.run() }
    }
}
