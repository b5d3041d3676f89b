public import CoreMetrics

/// The registry behind swift-metrics, for libraries that count through it.
///
/// A label that is no metric of the catalogue of the right kind, or whose dimensions are not its labels, gives a metric that
/// keeps nothing; how many were refused is counted in `cortex_metrics_refused_total`. Recorders are not kept: what they
/// record has no fixed buckets.
public struct RegistryFactory: MetricsFactory {
    private let registry: MetricRegistry
    private let refused: MetricCounter

    /// A factory that counts in the registry.
    public init(_ registry: MetricRegistry) {
        self.registry = registry
        refused = registry.counter(.metricsRefused)
    }

    /// A counter of the catalogue.
    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        if case .counter(let counter)? = series(label, dimensions) { return CounterSeries(counter: counter) }
        return refusedHandler
    }

    /// A gauge of the catalogue.
    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        if case .gauge(let gauge)? = series(label, dimensions) { return GaugeSeries(gauge: gauge) }
        return refusedHandler
    }

    /// A gauge of the catalogue when nothing is aggregated; otherwise nothing is kept.
    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        if !aggregate, case .gauge(let gauge)? = series(label, dimensions) { return GaugeSeries(gauge: gauge) }
        return refusedHandler
    }

    /// A histogram of the catalogue.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        if case .histogram(let histogram)? = series(label, dimensions) { return HistogramSeries(histogram: histogram) }
        return refusedHandler
    }

    /// Series stay until the process ends.
    public func destroyCounter(_ handler: any CounterHandler) {}
    /// Series stay until the process ends.
    public func destroyMeter(_ handler: any MeterHandler) {}
    /// Series stay until the process ends.
    public func destroyRecorder(_ handler: any RecorderHandler) {}
    /// Series stay until the process ends.
    public func destroyTimer(_ handler: any TimerHandler) {}

    private var refusedHandler: NOOPMetricsHandler {
        refused.increment()
        return .instance
    }

    private func series(_ name: String, _ dimensions: [(String, String)]) -> MetricRegistry.Series? {
        guard let definition = MetricDefinition.named(name), definition.labels.count == dimensions.count else {
            return nil
        }
        var values: [String] = []
        for label in definition.labels {
            guard let value = dimensions.first(where: { $0.0 == label.name })?.1 else { return nil }
            values.append(value)
        }
        return registry.series(definition, values)
    }
}

private final class CounterSeries: CounterHandler {
    private let counter: MetricCounter

    init(counter: MetricCounter) { self.counter = counter }

    func increment(by amount: Int64) { counter.increment(by: Int(max(amount, 0))) }

    /// A counter only rises.
    func reset() {}
}

private final class GaugeSeries: MeterHandler, RecorderHandler {
    private let gauge: MetricGauge

    init(gauge: MetricGauge) { self.gauge = gauge }

    func set(_ value: Int64) { gauge.set(Double(value)) }
    func set(_ value: Double) { gauge.set(value) }
    func increment(by amount: Double) { gauge.add(amount) }
    func decrement(by amount: Double) { gauge.add(-amount) }
    func record(_ value: Int64) { gauge.set(Double(value)) }
    func record(_ value: Double) { gauge.set(value) }
}

private final class HistogramSeries: TimerHandler {
    private let histogram: MetricHistogram

    init(histogram: MetricHistogram) { self.histogram = histogram }

    func recordNanoseconds(_ duration: Int64) { histogram.observe(nanoseconds: UInt64(max(duration, 0))) }
}
