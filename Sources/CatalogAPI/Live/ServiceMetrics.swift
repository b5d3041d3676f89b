import Access
import Catalog
import Domain
import HTTPTypes
import Monitoring
import Synchronization

/// The metrics of the service: by route, method and code, by tier, by decision about the caller.
struct ServiceMetrics: Sendable {
    let registry: MetricRegistry
    private let inFlight: MetricGauge
    private let near: MetricCounter
    private let redis: MetricCounter
    private let postgres: MetricCounter
    private let stale: MetricCounter
    private let hitRatio: MetricGauge
    private let granted: MetricCounter
    private let anonymous: MetricCounter
    private let modes: [(mode: SystemMode, gauge: MetricGauge)]

    init(_ registry: MetricRegistry) {
        self.registry = registry
        inFlight = registry.gauge(.httpRequestsInFlight)
        let (near, redis, postgres, stale) = (
            registry.counter(.cacheRequests, "near", "hit"), registry.counter(.cacheRequests, "redis", "hit"),
            registry.counter(.cacheRequests, "postgres", "miss"), registry.counter(.cacheRequests, "redis", "stale")
        )
        let hitRatio = registry.gauge(.cacheHitRatio)
        (self.near, self.redis, self.postgres, self.stale, self.hitRatio) = (near, redis, postgres, stale, hitRatio)
        granted = registry.counter(.accessDecisions, "granted")
        anonymous = registry.counter(.accessDecisions, "anonymous")
        modes = SystemMode.allCases.map { ($0, registry.gauge(.mode, $0.rawValue)) }
        registry.onExposition {
            let hits = near.value + redis.value + stale.value
            let all = hits + postgres.value
            hitRatio.set(all == 0 ? 0 : Double(hits) / Double(all))
        }
    }

    /// A document was read.
    func read(_ document: StoredDocument) {
        switch (document.tier, document.isStale) {
        case (_, true): stale.increment()
        case (.near, _): near.increment()
        case (.redis, _): redis.increment()
        case (.postgres, _): postgres.increment()
        case (.file, _): break
        }
    }

    /// A caller was let in.
    func admitted(_ principal: Principal) {
        if case .anonymous = principal.kind { anonymous.increment() } else { granted.increment() }
    }

    /// A caller was not let in.
    func refused(_ error: AccessError) {
        registry.counter(.accessDecisions, error.decision).increment()
    }

    /// A request began or, with -1, ended.
    func underWay(_ change: Double) { inFlight.add(change) }

    /// The answer to a request of a route; `template` is what the path matched.
    func answered(_ template: String, _ method: HTTPRequest.Method, status: Int, after time: Duration?) {
        registry.counter(.httpRequests, template, method.rawValue, String(status)).increment()
        guard let time else { return }
        registry.histogram(.httpRequestDuration, template).observe(time)
    }

    /// Shows the mode.
    func show(_ status: CatalogStatus) {
        for (mode, gauge) in modes { gauge.set(mode == status.mode ? 1 : 0) }
    }
}
