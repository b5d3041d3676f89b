import Synchronization

/// The metrics of this process: makes series of the catalogue's metrics and writes them all out.
///
/// Make a series once and keep it: making one takes a lock, counting in it does not. Asking for the same labels again gives
/// the same series.
public final class MetricRegistry: Sendable {
    /// What counts in a series.
    enum Series: Sendable {
        case counter(MetricCounter)
        case gauge(MetricGauge)
        case histogram(MetricHistogram)
    }

    private struct State {
        var series: [MetricDefinition: [[String]: Series]] = [:]
        /// The values that a label of a metric has so far, where their number is bounded.
        var known: [MetricDefinition: [Set<String>]] = [:]
        var collectors: [@Sendable () -> Void] = []
    }

    private let state = Mutex(State())

    /// Makes an empty registry; metrics without labels are there at once, with 0.
    public init() {
        for definition in MetricDefinition.all where definition.labels.isEmpty { _ = series(definition, []) }
    }

    // MARK: Making series

    /// The series of a counter with these values of its labels, in their order.
    ///
    /// The metric must be a counter and the number of values that of its labels: anything else is a mistake in the program.
    public func counter(_ definition: MetricDefinition, _ values: String...) -> MetricCounter {
        guard case .counter(let counter) = series(definition, values) else {
            preconditionFailure("\(definition.name) is no counter")
        }
        return counter
    }

    /// The series of a gauge with these values of its labels; otherwise as `counter`.
    public func gauge(_ definition: MetricDefinition, _ values: String...) -> MetricGauge {
        guard case .gauge(let gauge) = series(definition, values) else {
            preconditionFailure("\(definition.name) is no gauge")
        }
        return gauge
    }

    /// The series of a histogram with these values of its labels; otherwise as `counter`.
    public func histogram(_ definition: MetricDefinition, _ values: String...) -> MetricHistogram {
        guard case .histogram(let histogram) = series(definition, values) else {
            preconditionFailure("\(definition.name) is no histogram")
        }
        return histogram
    }

    /// Calls the body before each exposition, for values that are only worth reading then; it must not block.
    public func onExposition(_ body: @escaping @Sendable () -> Void) {
        state.withLock { $0.collectors.append(body) }
    }

    func series(_ definition: MetricDefinition, _ values: [String]) -> Series {
        precondition(
            values.count == definition.labels.count,
            "\(definition.name) has \(definition.labels.count) labels"
        )
        return state.withLock { state in
            let bounded = Self.bounded(values, of: definition, &state)
            if let known = state.series[definition]?[bounded] { return known }
            let made = Self.make(definition.kind)
            state.series[definition, default: [:]][bounded] = made
            return made
        }
    }

    /// The values with `other` in place of those that the bound of their label shuts out.
    private static func bounded(_ values: [String], of definition: MetricDefinition, _ state: inout State) -> [String] {
        var known = state.known[definition] ?? Array(repeating: [], count: values.count)
        let result = zip(definition.labels.indices, zip(definition.labels, values)).map { index, pair in
            let (label, value) = pair
            switch label.values {
            case .listed(let listed): return listed.contains(value) ? value : MetricLabel.other
            case .atMost(let limit):
                if known[index].contains(value) { return value }
                guard known[index].count < limit else { return MetricLabel.other }
                known[index].insert(value)
                return value
            }
        }
        state.known[definition] = known
        return result
    }

    private static func make(_ kind: MetricDefinition.Kind) -> Series {
        switch kind {
        case .counter: .counter(MetricCounter())
        case .gauge: .gauge(MetricGauge())
        case .histogram(let bounds): .histogram(MetricHistogram(bounds: bounds))
        }
    }

    // MARK: Writing them out

    /// Every series in Prometheus' text format 0.0.4, metrics in the catalogue's order, series by their labels.
    ///
    /// A metric of which no series was made is left out.
    public func exposition() -> String {
        let collectors = state.withLock { $0.collectors }
        for collect in collectors { collect() }
        let series = state.withLock { $0.series }
        var text = ExpositionText()
        for definition in MetricDefinition.all {
            guard let rows = series[definition] else { continue }
            text.add(definition, rows.sorted { $0.key.lexicographicallyPrecedes($1.key) })
        }
        return text.text
    }

    /// The media type of `exposition()`.
    public static let mediaType = "text/plain; version=0.0.4; charset=utf-8"
}
