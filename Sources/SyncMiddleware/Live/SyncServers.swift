public import Postgres
public import Redis

/// Where an instance finds its stores.
public struct SyncServers: Sendable {
    /// The primary, as a role that reads and writes rows (`cortex_api`).
    public var postgres: PostgresConfiguration
    /// The same database as the role of the relay (`cortex_relay`).
    public var relay: PostgresConfiguration
    /// The Redis that caches.
    public var redis: RedisConfiguration

    /// - Parameters:
    ///   - postgres: the primary; a pooler that lends connections per transaction will not do.
    ///   - relay: the same database for the relay; by default as `postgres`.
    ///   - redis: the Redis that caches.
    public init(postgres: PostgresConfiguration, relay: PostgresConfiguration? = nil, redis: RedisConfiguration) {
        self.postgres = postgres
        self.relay = relay ?? postgres
        self.redis = redis
    }

    /// With the deadlines of the middleware.
    func patient(_ configuration: SyncConfiguration) -> SyncServers {
        var servers = self
        servers.postgres = Self.patient(postgres, configuration)
        servers.relay = Self.patient(relay, configuration)
        servers.redis.commandTimeout = configuration.redisDeadline
        servers.redis.connectTimeout = configuration.connectDeadline
        servers.redis.heartbeat = configuration.linkSilence / 2
        servers.redis.heartbeatLimit = configuration.linkSilence
        servers.redis.silenceLimit = configuration.linkSilence
        servers.redis.backOff = RedisBackOff(first: .milliseconds(50), longest: .milliseconds(500))
        return servers
    }

    private static func patient(
        _ store: PostgresConfiguration,
        _ configuration: SyncConfiguration
    ) -> PostgresConfiguration {
        var store = store
        store.connectTimeout = configuration.databaseDeadline
        store.statementTimeout = configuration.databaseDeadline
        store.sessionWait = configuration.databaseDeadline
        store.commitTimeout = configuration.databaseDeadline
        store.stopGrace = .milliseconds(500)
        return store
    }
}
