import Postgres
import RESP
import Redis

/// How the cache is, in numbers.
public struct CacheStatistics: Sendable, Equatable, Codable {
    /// The Redis server.
    public struct Server: Sendable, Equatable, Codable {
        /// The version, such as 7.0.15.
        public let version: String?
        /// All keys of the database, private ones too.
        public let keys: Int
        /// The memory in use.
        public let usedBytes: Int
        /// 0 for no limit.
        public let maximumBytes: Int
        /// Keys that were dropped for want of memory, since the server started.
        public let evicted: Int
        /// Keys that came to their end, since the server started.
        public let expired: Int
        /// Reads of keys that were there, by anybody.
        public let hits: Int
        /// Reads of keys that were not.
        public let misses: Int
        /// Since the server started.
        public let uptimeSeconds: Int

        enum CodingKeys: String, CodingKey {
            case version, keys, evicted, expired, hits, misses
            case usedBytes = "used_bytes"
            case maximumBytes = "maximum_bytes"
            case uptimeSeconds = "uptime_seconds"
        }
    }

    /// The published view.
    public struct View: Sendable, Equatable, Codable {
        /// How the view is.
        public let state: CacheVerification.View
        /// The epoch for which it was made.
        public let epoch: Int?
        /// Rows that it remembers, by kind.
        public let rows: [String: Int]
        /// The age of its position in the change feed.
        public let ageSeconds: Int?

        enum CodingKeys: String, CodingKey {
            case state, epoch, rows
            case ageSeconds = "age_seconds"
        }
    }

    /// The relay, as PostgreSQL knows it.
    public struct Relay: Sendable, Equatable, Codable {
        /// The fencing number of the last relay that took office.
        public let fence: Int
        /// Who that is.
        public let holder: String?
        /// Since it last had passed all changes.
        public let drainedSecondsAgo: Double?
        /// Rows of the change feed, as estimated by the server.
        public let feedRows: Int

        enum CodingKeys: String, CodingKey {
            case fence, holder
            case drainedSecondsAgo = "drained_seconds_ago"
            case feedRows = "feed_rows"
        }
    }

    /// Part of every private key.
    public let epoch: Int
    /// Whether Redis is left alone because the relay cannot reach it.
    public let suspended: Bool
    /// Whether the epoch belongs to this server; nil while no relay ever ran.
    public let serverMatches: Bool?
    /// The Redis server.
    public let redis: Server
    /// The published view.
    public let view: View
    /// The relay, as PostgreSQL knows it.
    public let relay: Relay

    enum CodingKeys: String, CodingKey {
        case epoch, suspended, redis, view, relay
        case serverMatches = "server_matches"
    }
}

extension CacheMaintenance {
    /// Looks at both stores without reading a document.
    public func statistics() async throws -> CacheStatistics {
        let sql = """
            SELECT c.epoch, c.suspended, c.redis_run_id, p.fencing, p.holder,
                extract(epoch FROM now() - c.drained_at)::float8 AS drained,
                floor(extract(epoch FROM now()) * 1000)::bigint AS now,
                coalesce((SELECT max(f.id) FROM cortex.change_feed f)
                    - (SELECT min(f.id) FROM cortex.change_feed f) + 1, 0) AS feed
            FROM cortex.cache_state c CROSS JOIN cortex.relay_progress p
            """
        let row = try await postgres.query(sql).first
        let info = RedisInfo(try await redis.send("INFO", timeout: configuration.redisDeadline).text ?? "")
        func number(_ name: String) -> Int { info[name].flatMap { Int($0) } ?? 0 }
        let epoch = Int(row?["epoch"].integer ?? 0)
        let state = try await view.store.state()
        var rows: [String: Int] = [:]
        for kind in ViewKind.allCases {
            let type = try await view.store.send("TYPE", [.text(kind.book)]).text
            rows[kind.rawValue] =
                type == "hash" ? Int(try await view.store.send("HLEN", [.text(kind.book)]).int ?? 0) : 0
        }
        let now = Int(row?["now"].integer ?? 0)
        return CacheStatistics(
            epoch: epoch,
            suspended: row?["suspended"].boolean ?? false,
            serverMatches: row?["redis_run_id"].string.map { $0 == info["run_id"] },
            redis: CacheStatistics.Server(
                version: info["redis_version"],
                keys: Int(try await redis.send("DBSIZE", timeout: configuration.redisDeadline).int ?? 0),
                usedBytes: number("used_memory"),
                maximumBytes: number("maxmemory"),
                evicted: number("evicted_keys"),
                expired: number("expired_keys"),
                hits: number("keyspace_hits"),
                misses: number("keyspace_misses"),
                uptimeSeconds: number("uptime_in_seconds")
            ),
            view: CacheStatistics.View(
                state: try await viewState(ViewOffice(epoch: epoch, fence: 0)),
                epoch: state?.complete,
                rows: rows,
                ageSeconds: state?.position == nil ? nil : state.map { max(0, now - $0.at) / 1000 }
            ),
            relay: CacheStatistics.Relay(
                fence: Int(row?["fencing"].integer ?? 0),
                holder: row?["holder"].string,
                drainedSecondsAgo: row?["drained"].double,
                feedRows: Int(row?["feed"].integer ?? 0)
            )
        )
    }
}
