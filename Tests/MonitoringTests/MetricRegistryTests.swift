import CoreMetrics
import Foundation
import Processes
import Testing

@testable import Monitoring

@Suite struct MetricRegistryTests {
    private let registry = MetricRegistry()

    private func families() throws -> [String: ExpositionParser.Family] {
        try ExpositionParser(registry.exposition()).families
    }

    // MARK: The catalogue

    @Test(arguments: MetricDefinition.all)
    func `names say kind and unit, help is a sentence`(metric: MetricDefinition) {
        #expect(metric.name.wholeMatch(of: #/(cortex|process)_[a-z_]+/#) != nil)
        #expect((metric.kind == .counter) == metric.name.hasSuffix("_total"))
        let stem = metric.name.hasSuffix("_total") ? String(metric.name.dropLast(6)) : metric.name
        #expect(stem.hasSuffix("_seconds") == (metric.unit == .seconds))
        #expect(stem.hasSuffix("_bytes") == (metric.unit == .bytes))
        #expect(metric.help.last == "." && !metric.help.contains("\n"))
        #expect(metric.labels.allSatisfy { $0.name != "le" && $0.name.wholeMatch(of: #/[a-z_]+/#) != nil })
    }

    @Test func `every metric of the contract is in the catalogue, each once`() {
        let wanted = [
            "cortex_http_requests_total", "cortex_http_request_duration_seconds", "cortex_cache_requests_total",
            "cortex_cache_hit_ratio", "cortex_cache_inconsistent_total", "cortex_relay_lag_seconds",
            "cortex_relay_horizon_age_seconds", "cortex_change_feed_rows", "cortex_breaker_state", "cortex_mode",
            "cortex_postgres_lane_queue_depth", "cortex_migration_records_total",
            "cortex_backup_last_success_timestamp_seconds", "cortex_backup_last_verified_timestamp_seconds",
            "cortex_audit_chain_ok", "cortex_rollbacks_total",
        ]
        let names = MetricDefinition.all.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(wanted.filter { !names.contains($0) } == [])
    }

    // MARK: Counting

    @Test func `counters, gauges and histograms come out as a strict reader wants them`() throws {
        registry.counter(.cacheRequests, "near", "hit").increment()
        registry.counter(.cacheRequests, "near", "hit").increment(by: 2)
        registry.gauge(.relayLag).set(0.25)
        registry.gauge(.relayLag).add(1)
        let durations = registry.histogram(.httpRequestDuration, "/api/assets/{id}")
        for milliseconds in [0, 1, 3, 50, 51, 60_000] { durations.observe(.milliseconds(milliseconds)) }
        durations.observe(.milliseconds(-5))
        let families = try families()
        let cache = try #require(families["cortex_cache_requests_total"])
        #expect(
            cache.samples == [
                .init(name: "cortex_cache_requests_total", labels: ["tier": "near", "result": "hit"], value: 3)
            ]
        )
        #expect(families["cortex_relay_lag_seconds"]?.samples.first?.value == 1.25)
        let samples = try #require(families["cortex_http_request_duration_seconds"]?.samples)
        func bucket(_ bound: String) -> Double? { samples.first { $0.labels["le"] == bound }?.value }
        #expect(bucket("0.00025") == 2)
        #expect(bucket("0.001") == 3)
        #expect(bucket("0.05") == 5)
        #expect(bucket("0.1") == 6)
        #expect(bucket("10.0") == 6)
        #expect(bucket("+Inf") == 7)
        #expect(samples.first { $0.name.hasSuffix("_sum") }?.value == 60.105)
    }

    @Test func `labels are escaped, odd numbers have their words`() throws {
        let route = "a\"b\\c\nd€"
        registry.counter(.httpRequests, route, "GET", "200").increment()
        registry.gauge(.cacheHitRatio).set(.nan)
        registry.gauge(.relayHorizonAge).set(-.infinity)
        let families = try families()
        #expect(families["cortex_http_requests_total"]?.samples.first?.labels["route"] == route)
        #expect(families["cortex_cache_hit_ratio"]?.samples.first?.value.isNaN == true)
        #expect(families["cortex_relay_horizon_age_seconds"]?.samples.first?.value == -.infinity)
    }

    @Test func `the values of a label are bounded`() throws {
        for number in 0..<150 { registry.counter(.httpRequests, "/r\(number)", "GET", "200").increment() }
        registry.counter(.httpRequests, "/r7", "PROPFIND", "200").increment()
        registry.counter(.cacheRequests, "far", "hit").increment()
        let families = try families()
        let routes = try #require(families["cortex_http_requests_total"]?.samples)
        #expect(Set(routes.compactMap { $0.labels["route"] }).count == 101)
        #expect(routes.first { $0.labels["route"] == "other" }?.value == 50)
        #expect(routes.contains { $0.labels["method"] == "other" && $0.labels["route"] == "/r7" })
        #expect(families["cortex_cache_requests_total"]?.samples.first?.labels["tier"] == "other")
    }

    @Test func `the same labels give the same series, from many tasks at once`() async {
        let registry = registry
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    let gauge = registry.gauge(.httpRequestsInFlight)
                    for _ in 0..<1_000 {
                        registry.counter(.cacheRequests, "redis", "miss").increment()
                        gauge.add(1)
                    }
                }
            }
        }
        #expect(registry.counter(.cacheRequests, "redis", "miss").value == 8_000)
        #expect(registry.gauge(.httpRequestsInFlight).value == 8_000)
    }

    // MARK: Libraries and the process

    @Test func `libraries count through swift-metrics, in metrics of the catalogue alone`() throws {
        let factory = RegistryFactory(registry)
        Counter(label: "cortex_rollbacks_total", dimensions: [], factory: factory).increment(by: 2)
        Meter(label: "cortex_breaker_state", dimensions: [("store", "redis")], factory: factory).set(2)
        Timer(label: "cortex_http_request_duration_seconds", dimensions: [("route", "/")], factory: factory)
            .recordMilliseconds(2)
        Counter(label: "http.server.requests", dimensions: [("path", "/secret/1")], factory: factory).increment()
        Counter(label: "cortex_mode", dimensions: [("mode", "json")], factory: factory).increment()
        Counter(label: "cortex_rollbacks_total", dimensions: [("who", "me")], factory: factory).increment()
        let families = try families()
        #expect(families["cortex_rollbacks_total"]?.samples.first?.value == 2)
        #expect(families["cortex_breaker_state"]?.samples.first?.value == 2)
        #expect(families["cortex_http_request_duration_seconds"]?.samples.last?.value == 1)
        #expect(families["cortex_metrics_refused_total"]?.samples.first?.value == 3)
        #expect(families["http.server.requests"] == nil)
    }

    @Test func `the process tells about itself`() throws {
        ProcessMetrics.add(to: registry)
        let families = try families()
        func value(_ name: String) -> Double { families[name]?.samples.first?.value ?? -1 }
        #expect(value("process_cpu_seconds_total") > 0)
        #expect(value("process_max_fds") > 0)
        #if os(Linux)
        #expect(value("process_resident_memory_bytes") > 1e6)
        #expect(value("process_open_fds") >= 3)
        let age = Date().timeIntervalSince1970 - value("process_start_time_seconds")
        #expect(age > -2 && age < 24 * 3_600)
        #endif
    }

    @Test func `promtool finds nothing to say, where it is installed`() async throws {
        guard let promtool = Self.promtool else { return }
        ProcessMetrics.add(to: registry)
        registry.counter(.httpRequests, "/api/assets/{id}", "GET", "200").increment()
        registry.histogram(.httpRequestDuration, "/api/assets/{id}").observe(.milliseconds(3))
        let checked = try await ChildProcess.run(
            ChildCommand(promtool, ["check", "metrics"], input: Array(registry.exposition().utf8)),
            deadline: .seconds(30)
        )
        #expect(checked.succeeded, "\(checked.outputText)\(checked.errorText)")
    }

    private static var promtool: String? {
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/promtool" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}
