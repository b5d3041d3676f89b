import Domain
import Postgres
import RESP
import Redis
import Synchronization

/// What an instance follows: the cache state in PostgreSQL, the server behind its Redis connection, and the hints.
extension SyncInstance {
    static let serverCheckInterval = Duration.milliseconds(50)

    /// Polls `cortex.cache_state` until the task is cancelled.
    func followState() async {
        while !Task.isCancelled {
            let sentAt = clock.now
            do throws(PostgresError) {
                let result = try await lanes.read(CacheStateQuery.text)
                if let row = result.first, let polled = CacheStateQuery.state(row) {
                    state.withLock { state in
                        state.polled(polled, sentAt: sentAt, now: clock.now)
                        state.mode = CacheStateQuery.mode(row)
                    }
                }
            } catch {
                counters.add(.failedPolls)
            }
            let pause = configuration.statePollInterval - .milliseconds(clock.now - sentAt)
            await rest(pause)
        }
    }

    /// Asks each new connection to Redis for the run id of its server, until the task is cancelled.
    func followServer() async {
        while !Task.isCancelled {
            if store.link.run == nil { _ = await store.link.identify() }
            state.withLock { $0.follow(run: store.link.run) }
            await rest(Self.serverCheckInterval)
        }
    }

    /// Takes the hints, until the task is cancelled; without them the near-cache is not used.
    func followInvalidations() async {
        do {
            try await redis.withSubscription(channels: [.text(InvalidationHint.channel)]) { subscription in
                for await event in subscription {
                    switch event {
                    case .subscribed:
                        state.withLock { $0.near.linkEstablished() }
                    case .message(let message):
                        guard let hint = InvalidationHint(message.payload) else { continue }
                        let key = "\(hint.kind):\(hint.id)"
                        state.withLock { $0.told(key, version: hint.version, epoch: hint.epoch, now: clock.now) }
                    case .lost:
                        counters.add(.lostLinks)
                        state.withLock { $0.near.clear(staysLive: false) }
                    case .overflowed:
                        counters.add(.lostLinks)
                        state.withLock { $0.near.clear(staysLive: true) }
                    }
                }
            }
        } catch {
            // The body throws nothing: a subscription that cannot be had is one that stays lost.
            state.withLock { $0.near.clear(staysLive: false) }
        }
    }

    /// Waits; less when the task is cancelled.
    func rest(_ pause: Duration) async {
        // Whoever is cancelled looks at that next.
        try? await Task.sleep(for: max(pause, .milliseconds(1)))
    }
}

/// The one statement that a poll is.
enum CacheStateQuery {
    static let text = """
        SELECT c.epoch, coalesce(c.redis_run_id, '') AS run, c.suspended, c.drains,
            coalesce(p.position, '1:1:'::pg_snapshot)::text AS position, m.mode, m.epoch AS mode_epoch
        FROM cortex.cache_state c CROSS JOIN cortex.relay_progress p LEFT JOIN cortex.system_mode m ON true
        """

    /// Where the truth lives, and the epoch of that; nil for what cannot be read.
    static func mode(_ row: PostgresRow) -> (mode: SystemMode, epoch: Int)? {
        guard let mode = row["mode"].string.flatMap(SystemMode.init), let epoch = row["mode_epoch"].integer else {
            return nil
        }
        return (mode, Int(epoch))
    }

    /// Reads a row; nil for what cannot be read.
    static func state(_ row: PostgresRow) -> CacheState? {
        guard let epoch = row["epoch"].integer, let drains = row["drains"].integer,
            let position = row["position"].string.flatMap({ TransactionSnapshot($0) })
        else { return nil }
        return CacheState(
            epoch: Int(epoch),
            redisRun: row["run"].string ?? "",
            isSuspended: row["suspended"].boolean ?? false,
            drains: Int(drains),
            position: position
        )
    }
}
