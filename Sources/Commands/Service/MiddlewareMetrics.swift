import Monitoring
import SyncMiddleware
import Synchronization

/// Shows what the middleware counts as metrics: the one count of reads by tier, whoever answered them.
///
/// Instances come and go with the mode; the counters go on rising.
final class MiddlewareMetrics: Sendable {
    private struct Watched {
        var instance: SyncInstance?
        /// What of its counts was added already.
        var seen = SyncStatistics()
        /// Reads of all instances that asked for what PostgreSQL says now.
        var strongReads = 0
    }

    private let watched = Mutex(Watched())
    /// A counter for each of `SyncStatistics.requests`, in its order.
    private let requests: [MetricCounter]
    private let hitRatio: MetricGauge
    private let relayLag: MetricGauge
    private let horizonAge: MetricGauge
    private let feedRows: MetricGauge
    private let breakers: (redis: MetricGauge, postgres: MetricGauge)
    private let queues: (reads: MetricGauge, writes: MetricGauge)
    private let inconsistent: MetricCounter

    init(_ registry: MetricRegistry) {
        requests = SyncStatistics().requests.map {
            registry.counter(.cacheRequests, $0.tier.rawValue, $0.result.rawValue)
        }
        hitRatio = registry.gauge(.cacheHitRatio)
        relayLag = registry.gauge(.relayLag)
        horizonAge = registry.gauge(.relayHorizonAge)
        feedRows = registry.gauge(.changeFeedRows)
        breakers = (registry.gauge(.breakerState, "redis"), registry.gauge(.breakerState, "postgres"))
        queues = (
            registry.gauge(.laneQueueDepth, "read"), registry.gauge(.laneQueueDepth, "write")
        )
        inconsistent = registry.counter(.cacheInconsistent)
        registry.onExposition { self.collect() }
    }

    /// Shows this instance for as long as the body runs.
    func watching<R>(_ instance: SyncInstance, _ body: () async throws -> R) async rethrows -> R {
        watched.withLock { watched in
            watched.instance = instance
            watched.seen = SyncStatistics()
        }
        defer {
            collect()
            watched.withLock { $0.instance = nil }
        }
        return try await body()
    }

    /// Shows how the feed and its relay stand.
    func show(_ figures: FeedFigures) {
        relayLag.set(figures.lag.inSeconds)
        feedRows.set(Double(figures.rows))
    }

    /// The checker has found so many mismatches.
    func foundInconsistent(_ count: Int) {
        inconsistent.increment(by: count)
    }

    /// Adds what was counted since the last time.
    private func collect() {
        watched.withLock { watched in
            guard let instance = watched.instance else { return }
            let now = instance.statistics
            for (counter, (new, old)) in zip(requests, zip(now.requests, watched.seen.requests)) {
                counter.increment(by: max(0, new.count - old.count))
            }
            watched.strongReads += now.strongReads - watched.seen.strongReads
            watched.seen = now
            horizonAge.set(now.horizonAge.inSeconds)
            breakers.redis.set(now.redisBreaker.level)
            breakers.postgres.set(now.databaseBreaker.level)
            queues.reads.set(Double(now.waitingReads))
            queues.writes.set(Double(now.waitingWrites))
            hitRatio.set(ratio(strongReads: watched.strongReads))
        }
    }

    private func ratio(strongReads: Int) -> Double {
        var hits = 0
        var others = -strongReads
        for (kind, counter) in zip(SyncStatistics().requests, requests) {
            let count = Int(counter.value)
            switch (kind.tier, kind.result) {
            case (.near, .hit), (.redis, .hit), (.redis, .stale): hits += count
            case (.postgres, _): others += count
            default: break
            }
        }
        let all = hits + max(0, others)
        return all == 0 ? 0 : Double(hits) / Double(all)
    }
}

extension BreakerState {
    /// What `cortex_breaker_state` says: 0 calls go through, 1 one tries, 2 none does.
    fileprivate var level: Double {
        switch self {
        case .closed: 0
        case .halfOpen: 1
        case .open: 2
        }
    }
}

extension Duration {
    /// As a number of seconds.
    fileprivate var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
