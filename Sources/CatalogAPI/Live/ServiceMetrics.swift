import Access
import Catalog
import Domain
import HTTPTypes
import Monitoring
import Synchronization

/// The metrics of the service: by route, method and code, by decision about the caller.
///
/// Reads by tier are counted by the middleware, once for each, whoever answers.
struct ServiceMetrics: Sendable {
    let registry: MetricRegistry
    private let inFlight: MetricGauge
    private let granted: MetricCounter
    private let anonymous: MetricCounter
    private let modes: [(mode: SystemMode, gauge: MetricGauge)]

    init(_ registry: MetricRegistry) {
        self.registry = registry
        inFlight = registry.gauge(.httpRequestsInFlight)
        granted = registry.counter(.accessDecisions, "granted")
        anonymous = registry.counter(.accessDecisions, "anonymous")
        modes = SystemMode.allCases.map { ($0, registry.gauge(.mode, $0.rawValue)) }
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
