/// A strict reader of Prometheus' text format 0.0.4: what a scraper would refuse or take for another thing is an error.
struct ExpositionParser {
    struct Problem: Error, CustomStringConvertible {
        let description: String
    }

    struct Sample: Equatable {
        let name: String
        let labels: [String: String]
        let value: Double
    }

    struct Family {
        var help: String?
        var type: String?
        var samples: [Sample] = []
    }

    private(set) var families: [String: Family] = [:]

    init(_ text: String) throws {
        guard text.hasSuffix("\n") else { throw Problem(description: "the last line has no end") }
        var current: String?
        var closed: Set<String> = []
        for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            if line.hasPrefix("# HELP ") || line.hasPrefix("# TYPE ") {
                let words = line.split(separator: " ", maxSplits: 3).map(String.init)
                guard words.count == 4 else { throw Problem(description: line) }
                if current != words[2] {
                    if let current { closed.insert(current) }
                    guard !closed.contains(words[2]) else {
                        throw Problem(description: "\(words[2]) comes in two places")
                    }
                    current = words[2]
                }
                var family = families[words[2], default: Family()]
                guard family.samples.isEmpty else { throw Problem(description: "\(line) after its samples") }
                if words[1] == "HELP" { family.help = words[3] } else { family.type = words[3] }
                families[words[2]] = family
            } else {
                let sample = try Self.sample(line)
                guard let family = current, Self.belongs(sample.name, family, type: families[family]?.type) else {
                    throw Problem(description: "\(sample.name) stands under another metric")
                }
                if families[family]?.samples.contains(where: { $0.name == sample.name && $0.labels == sample.labels })
                    == true
                {
                    throw Problem(description: "\(line) comes twice")
                }
                families[family]?.samples.append(sample)
            }
        }
        for (name, family) in families { try Self.check(name, family) }
    }

    private static func belongs(_ sample: String, _ family: String, type: String?) -> Bool {
        guard type == "histogram" else { return sample == family }
        return ["_bucket", "_sum", "_count"].contains { sample == family + $0 }
    }

    private static func check(_ name: String, _ family: Family) throws {
        guard family.help != nil, let type = family.type else {
            throw Problem(description: "\(name) has no HELP or TYPE")
        }
        guard (type == "counter") == name.hasSuffix("_total") else {
            throw Problem(description: "\(name) is a \(type)")
        }
        guard type == "histogram" else { return }
        let groups = Dictionary(grouping: family.samples) { $0.labels.filter { $0.key != "le" } }
        for samples in groups.values {
            let buckets = samples.filter { $0.name.hasSuffix("_bucket") }
            let bounds = buckets.compactMap { $0.labels["le"] }.compactMap { $0 == "+Inf" ? .infinity : Double($0) }
            guard bounds.count == buckets.count, bounds == bounds.sorted(), bounds.last == .infinity,
                buckets.map(\.value) == buckets.map(\.value).sorted(),
                samples.first(where: { $0.name.hasSuffix("_count") })?.value == buckets.last?.value,
                samples.contains(where: { $0.name.hasSuffix("_sum") })
            else { throw Problem(description: "the buckets of \(name) do not add up") }
        }
    }

    private static func sample(_ line: String) throws -> Sample {
        var rest = Substring(line)
        let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == ":") }
        guard let first = name.first, !first.isNumber else { throw Problem(description: line) }
        rest = rest.dropFirst(name.count)
        var labels: [String: String] = [:]
        if rest.first == "{" {
            rest.removeFirst()
            while rest.first != "}" {
                let label = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
                rest = rest.dropFirst(label.count)
                guard !label.isEmpty, rest.hasPrefix("=\"") else { throw Problem(description: line) }
                rest = rest.dropFirst(2)
                let value = try value(&rest, line)
                guard labels.updateValue(value, forKey: String(label)) == nil else { throw Problem(description: line) }
                if rest.first == "," {
                    rest.removeFirst()
                } else if rest.first != "}" {
                    throw Problem(description: line)
                }
            }
            rest.removeFirst()
        }
        guard rest.first == " ", let value = number(rest.dropFirst()) else { throw Problem(description: line) }
        return Sample(name: String(name), labels: labels, value: value)
    }

    private static func value(_ rest: inout Substring, _ line: String) throws -> String {
        var value = ""
        while let character = rest.popFirst() {
            switch character {
            case "\"": return value
            case "\\":
                switch rest.popFirst() {
                case "n": value.append("\n")
                case "\\": value.append("\\")
                case "\"": value.append("\"")
                default: throw Problem(description: line)
                }
            default: value.append(character)
            }
        }
        throw Problem(description: line)
    }

    private static func number(_ text: Substring) -> Double? {
        switch text {
        case "+Inf": .infinity
        case "-Inf": -.infinity
        case "NaN": .nan
        default: text.contains(" ") ? nil : Double(text)
        }
    }
}
