public import EmbeddedServers
import Synchronization

/// Databases for tests on real servers.
public enum TestDatabase: Sendable {
    /// Runs the body with the superuser's URL of a fresh, empty database and drops the database afterwards.
    ///
    /// All tests of a process share one throwaway server that is started on first use and surely gone when the
    /// process ends, however it ends. Encoding UTF8, locale C.UTF-8.
    public static func withDatabase<R>(_ body: (String) async throws -> R) async throws -> R {
        try await gate.pass { try await withNewDatabase(body) }
    }

    private static func withNewDatabase<R>(_ body: (String) async throws -> R) async throws -> R {
        let server = try await shared.value()
        let name = "test_\(counter.add(1, ordering: .relaxed).newValue)"
        try await server.run("CREATE DATABASE \(name) TEMPLATE template0 ENCODING 'UTF8' LOCALE '\(locale)';")
        do {
            let result = try await body(server.url(database: name))
            try await server.run("DROP DATABASE \(name) WITH (FORCE);")
            return result
        } catch {
            // The first error is the one to tell, and the whole server goes with the process.
            _ = try? await server.run("DROP DATABASE \(name) WITH (FORCE);")
            throw error
        }
    }

    /// Runs the body with a server of its own, which a test may stop, kill and start again.
    public static func withServer<R>(
        _ configuration: ScratchPostgresConfiguration = ScratchPostgresConfiguration(),
        _ body: (ScratchPostgres) async throws -> R
    ) async throws -> R {
        try await serverGate.pass { try await ScratchPostgres.withServer(configuration, body) }
    }

    /// The server that `withDatabase` uses, for tests that need its programs or another database of it.
    ///
    /// Do not stop it: other tests use it at the same time.
    public static func sharedServer() async throws -> ScratchPostgres {
        try await shared.value()
    }

    private static let gate = Gate(width: 6)
    private static let serverGate = Gate(width: 3)
    private static let counter = Atomic<Int>(0)
    private static let shared = SharedValue { try await ScratchPostgres.launch() }

    #if canImport(Darwin)
    private static let locale = "C"
    #else
    private static let locale = "C.UTF-8"
    #endif
}
