import Catalog
import Domain
import Hummingbird
import Monitoring

/// What the service says of itself.
enum ServiceRoutes {
    /// On every listener: how the service is, and what this listener has.
    static let open = [health, description]
    /// For probes and monitoring: on a listener of their own where there is one.
    static let operation = [live, ready, metrics]

    private static let health = Route(
        operation: "getHealth",
        method: .get,
        template: "/health",
        tag: "service",
        summary: "How the service is and where the truth lives.",
        right: .open,
        outcomes: [
            .json("It can serve, if only stale documents.", healthSchema),
            .json("It can serve nothing.", healthSchema, status: 503),
        ]
    ) { call in
        let report = await report(call)
        return .json(Array(report.json.utf8), status: report.healthStatusCode)
    }

    private static let healthSchema = JSONSchema.object(
        [
            (name: "status", schema: .string(values: ["healthy", "degraded", "unhealthy"])),
            (name: "mode", schema: .string(values: SystemMode.allCases.map(\.rawValue))),
            (name: "postgres", schema: .string()), (name: "redis", schema: .string()),
        ],
        required: ["status", "mode", "postgres", "redis"]
    )

    private static let live = Route(
        operation: "getLiveness",
        method: .get,
        template: "/livez",
        tag: "service",
        summary: "Whether the process answers.",
        right: .open,
        outcomes: [Route.Outcome(status: 200, summary: "It does.", mediaType: "text/plain", schema: .string())]
    ) { _ in .text(HealthReport.liveText) }

    private static let ready = Route(
        operation: "getReadiness",
        method: .get,
        template: "/readyz",
        tag: "service",
        summary: "Whether requests should be sent here.",
        right: .open,
        outcomes: [
            Route.Outcome(status: 200, summary: "Yes.", mediaType: "text/plain", schema: .string()),
            Route.Outcome(status: 503, summary: "No, and why.", mediaType: "text/plain", schema: .string()),
        ]
    ) { call in
        let report = await report(call)
        return .text(report.readyText, status: report.readyStatusCode)
    }

    private static let metrics = Route(
        operation: "getMetrics",
        method: .get,
        template: "/metrics",
        tag: "service",
        summary: "The metrics in Prometheus' text format.",
        right: .read,
        outcomes: [Route.Outcome(status: 200, summary: "The metrics.", mediaType: "text/plain", schema: .string())]
    ) { call in
        await call.service.metrics.show(call.store.status())
        return .text(call.service.metrics.registry.exposition(), mediaType: MetricRegistry.mediaType)
    }

    private static let description = Route(
        operation: "getDescription",
        method: .get,
        template: "/openapi.json",
        tag: "service",
        summary: "This document.",
        right: .open,
        outcomes: [.json("The OpenAPI 3.1 document of these routes.", .any)]
    ) { call in .json(call.service.description) }

    /// What the store says, weighed.
    private static func report(_ call: Call) async -> HealthReport {
        let status = await call.store.status()
        let readsPostgres = status.home == .postgres
        return HealthReport(
            mode: status.mode.rawValue,
            checks: [
                HealthCheck("postgres", state(status.postgres), answersReads: readsPostgres),
                // While PostgreSQL is away Redis answers stale documents, as long as the store says so.
                HealthCheck("redis", state(status.redis), answersReads: readsPostgres && status.canRead),
            ]
                + (readsPostgres
                    ? [] : [HealthCheck("tree", status.canRead ? .connected : .unavailable, answersReads: true)]),
            isDraining: call.service.isStopping()
        )
    }

    private static func state(_ server: CatalogStatus.Server) -> ComponentState {
        switch server {
        case .connected: .connected
        case .unavailable: .unavailable
        case .unused: .unused
        }
    }
}
