/// Prometheus' text format, metric by metric.
struct ExpositionText {
    private(set) var text = ""

    /// Adds HELP, TYPE and a line for each series, or for each of its buckets.
    mutating func add(_ definition: MetricDefinition, _ rows: [(key: [String], value: MetricRegistry.Series)]) {
        text += "# HELP \(definition.name) \(Self.escaped(definition.help))\n"
        text += "# TYPE \(definition.name) \(definition.kind.word)\n"
        for (values, series) in rows {
            let labels = zip(definition.labels, values).map { (name: $0.name, value: $1) }
            switch series {
            case .counter(let counter): line(definition.name, labels, Self.total(counter.value, definition.unit))
            case .gauge(let gauge): line(definition.name, labels, Self.number(gauge.value))
            case .histogram(let histogram): lines(definition, labels, histogram)
            }
        }
    }

    private mutating func lines(
        _ definition: MetricDefinition,
        _ labels: [(name: String, value: String)],
        _ histogram: MetricHistogram
    ) {
        guard case .histogram(let bounds) = definition.kind else { return }
        let (buckets, sum) = histogram.snapshot
        var count: UInt64 = 0
        for (index, bucket) in buckets.enumerated() {
            count += bucket
            let bound = index < bounds.count ? Self.seconds(bounds[index]) : "+Inf"
            line("\(definition.name)_bucket", labels + [(name: "le", value: bound)], String(count))
        }
        line("\(definition.name)_sum", labels, Self.seconds(sum))
        line("\(definition.name)_count", labels, String(count))
    }

    private mutating func line(_ name: String, _ labels: [(name: String, value: String)], _ value: String) {
        text += name
        if !labels.isEmpty {
            text += "{"
            text += labels.map { "\($0.name)=\"\(Self.escaped($0.value, quoted: true))\"" }.joined(separator: ",")
            text += "}"
        }
        text += " \(value)\n"
    }

    private static func total(_ value: UInt64, _ unit: MetricDefinition.Unit) -> String {
        unit == .seconds ? seconds(value) : String(value)
    }

    /// Nanoseconds as seconds, exactly, with a decimal point.
    private static func seconds(_ nanoseconds: UInt64) -> String {
        let (whole, part) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        guard part != 0 else { return "\(whole).0" }
        var digits = String(part)
        digits = String(repeating: "0", count: 9 - digits.count) + digits
        while digits.last == "0" { digits.removeLast() }
        return "\(whole).\(digits)"
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if value == value.rounded(), abs(value) < 1e15 { return String(Int64(value)) }
        return "\(value)"
    }

    /// Backslash and line feed escaped, and in a label's value the quotation mark.
    private static func escaped(_ text: String, quoted: Bool = false) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quoted: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
