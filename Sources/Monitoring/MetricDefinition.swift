/// A metric that Cortex may have: name, kind, labels with bounded values, help.
///
/// Only the catalogue (`MetricDefinition+All.swift`) makes definitions, so a metric that is not in it cannot be made;
/// dashboards, rules and `docs/metrics.md` are made from the same list.
public struct MetricDefinition: Sendable, Hashable {
    /// How values are counted.
    public enum Kind: Sendable, Hashable {
        /// Only rises; the name ends in `_total`.
        case counter
        /// Rises and falls.
        case gauge
        /// Durations in buckets with these upper bounds, in nanoseconds; shown in seconds.
        case histogram(bounds: [UInt64])

        /// The word in a `# TYPE` line.
        public var word: String {
            switch self {
            case .counter: "counter"
            case .gauge: "gauge"
            case .histogram: "histogram"
            }
        }
    }

    /// The base unit, which the name ends in (before `_total`).
    public enum Unit: String, Sendable, Hashable {
        /// A count of things, a state, or a ratio between 0 and 1: no unit in the name.
        case none = ""
        /// Seconds.
        case seconds
        /// Bytes.
        case bytes
    }

    /// The name, such as `cortex_http_requests_total`.
    public let name: String
    /// How values are counted.
    public let kind: Kind
    /// The base unit.
    public let unit: Unit
    /// The labels, in the order in which their values are given.
    public let labels: [MetricLabel]
    /// What it says, in one sentence.
    public let help: String

    init(
        _ name: String,
        _ kind: Kind,
        unit: Unit = .none,
        labels: [MetricLabel] = [],
        _ help: String
    ) {
        self.name = name
        self.kind = kind
        self.unit = unit
        self.labels = labels
        self.help = help
    }
}

/// A label of a metric and how many values it can have.
public struct MetricLabel: Sendable, Hashable {
    /// The value that stands for all that a bound shuts out.
    public static let other = "other"

    /// Which values there can be.
    public enum Values: Sendable, Hashable {
        /// Exactly these; another one counts as `other`.
        case listed([String])
        /// What the program says, at most this many; further ones count as `other`.
        case atMost(Int)
    }

    /// The name, such as `tier`.
    public let name: String
    /// Which values there can be.
    public let values: Values

    init(_ name: String, _ values: String...) {
        self.init(name, values: .listed(values))
    }

    init(_ name: String, values: Values) {
        self.name = name
        self.values = values
    }
}
