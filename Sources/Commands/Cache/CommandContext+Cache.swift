import Diagnostics
import Postgres
import Redis
import RuntimeTargets
import Settings
import SyncMiddleware

/// What the cache commands work with.
struct CacheStores: Sendable {
    /// Both stores, and what can be done with them.
    let maintenance: CacheMaintenance
    /// The database.
    let postgres: PostgresClient
    /// Where Redis is; it may hold a password.
    let redis: RedisURL
}

extension CommandContext {
    /// Connects to database and Redis of the target; both have to run already, and the schema has to be current.
    func withCache<R>(
        _ selection: TargetSelection,
        _ body: (CacheStores) async throws -> R
    ) async throws -> R {
        let redis = try await redisURL(selection)
        try await withCurrentDatabase(selection) { _ in }
        let url = try await selection.connectionURL() ?? ""
        var view = ViewConfiguration()
        if let kinds = settings[.publish] { view.kinds = Set(kinds.compactMap(ViewKind.init)) }
        return try await PostgresClient.withClient(postgresConfiguration(url), maximumSessions: 4) { postgres in
            try await RedisClient.withClient(RedisConfiguration(redis, clientName: "cortex-cache")) { client in
                let maintenance = CacheMaintenance(postgres: postgres, redis: client, view: view)
                return try await body(CacheStores(maintenance: maintenance, postgres: postgres, redis: redis))
            }
        }
    }

    /// The Redis of a target.
    func redisURL(_ selection: TargetSelection) async throws -> RedisURL {
        if let local = selection.target as? LocalTarget {
            guard let endpoints = try await local.endpoints(), let text = endpoints.redisURL else {
                throw CommandError(
                    .redisUnavailable,
                    "the embedded Redis of \(home) is not running",
                    hint: "Start it with cortex up."
                )
            }
            // The URL names the user; it is only complete with the password.
            let password = endpoints.redisPassword.map { ":\($0.reveal())@" } ?? "@"
            return try RedisURL(text.replacing("@", with: password, maxReplacements: 1))
        }
        guard let secret = settings[.redisURL] else {
            throw CommandError(
                .usage,
                "no Redis is given for this target",
                hint: "Set REDIS_URL, or put `redis_url: redis://HOST` into cortex.yaml."
            )
        }
        return try RedisURL(secret.reveal())
    }
}
