import Catalog
import Diagnostics
import Domain
import EmbeddedServers
import Postgres
import Processes
import Redis
import RuntimeTargets
import SourceTree
import SyncMiddleware

extension CommandContext {
    /// Lends the catalog where it is now: in PostgreSQL through the middleware, or in the tree in mode `json`.
    ///
    /// Without a database that answers, the tree is only taken where this home never had one; elsewhere the truth may be
    /// in the database.
    ///
    /// - Parameters:
    ///   - selection: the target.
    ///   - source: the tree of mode `json`.
    ///   - name: what the connections are called.
    ///   - body: what uses the store.
    /// - Returns: what the body returns.
    /// - Throws: `sync.mode` while a run moves the data, `postgres.unavailable`, and what the body throws.
    func withCatalog<R: Sendable>(
        _ selection: TargetSelection,
        source: SourceRoot,
        name: String,
        _ body: @Sendable (any CatalogStore) async throws -> R
    ) async throws -> R {
        guard let owner = try await selection.connectionURL() else {
            guard !selection.isLocal || !Directory.exists(home + "/postgres") else {
                throw CommandError(
                    .postgresUnavailable,
                    "the embedded PostgreSQL of \(home) is not running, and the catalog may be in it",
                    hint: "Start it with cortex up, or name another database with --target or DATABASE_URL."
                )
            }
            return try await withTree(source, body)
        }
        switch try await SystemModeRow.read(postgresConfiguration(owner)) {
        case .json: return try await withTree(source, body)
        case .postgres: break
        case let mode:
            throw CommandError(
                .syncMode,
                "the catalog is being moved: the mode is \(mode.rawValue)",
                hint: "Try again when the run has ended; cortex status tells."
            )
        }
        try await withCurrentDatabase(selection) { _ in }
        let servers = try await syncServers(selection, owner: owner, clientName: name)
        // Where no service runs nobody else passes the changes, and each write would wait for its time to be over.
        return try await SyncInstance.withInstance(name, servers) { instance in
            try await HybridStore.withStore(instance) { try await body($0) }
        }
    }

    /// Where the stores are: on the embedded stack each part connects with the role that has its rights and no more.
    ///
    /// - Parameters:
    ///   - selection: the target.
    ///   - owner: the URL of the owner's role, for targets that have no other.
    ///   - clientName: what the connections to Redis are called.
    /// - Returns: how to reach both.
    /// - Throws: `setting.invalid` for a URL that cannot be read, and what asking the embedded stack throws.
    func syncServers(_ selection: TargetSelection, owner: String, clientName: String) async throws -> SyncServers {
        let local = selection.target as? LocalTarget
        return SyncServers(
            postgres: try await servicePostgres(selection, owner: owner),
            relay: try postgresConfiguration(try await local?.url(role: "cortex_relay") ?? owner),
            redis: RedisConfiguration(try await redisURL(selection), clientName: clientName)
        )
    }

    /// Where the database is for what reads and writes rows: as the role `cortex_api` on the embedded stack.
    func servicePostgres(_ selection: TargetSelection, owner: String) async throws -> PostgresConfiguration {
        let local = selection.target as? LocalTarget
        return try postgresConfiguration(try await local?.url(role: "cortex_api") ?? owner)
    }

    private func withTree<R: Sendable>(
        _ source: SourceRoot,
        _ body: @Sendable (any CatalogStore) async throws -> R
    ) async throws -> R {
        let directory = home + "/run"
        try Directory.make(directory, mode: 0o700)
        return try await body(
            try await JSONTreeStore(source: source, mapping: mapping(), runDirectory: directory)
        )
    }
}
