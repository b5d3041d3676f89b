import Foundation

/// The figures of one run; times in microseconds.
///
/// pgbench gives its mean as `p50`, and no `p99`.
struct Figures: Codable, Sendable {
    var perSecond = 0.0
    var p50: Int64 = 0
    var p99: Int64 = 0
}

/// A run of both, next to each other.
struct Sample: Codable, Sendable {
    let work: Work
    let callers: Int
    let round: Int
    var lanes = Figures()
    var pgbench = Figures()

    var ratio: Double { lanes.perSecond / pgbench.perSecond }

    var line: String {
        let rates = "lanes \(Int(lanes.perSecond))/s, pgbench \(Int(pgbench.perSecond))/s"
        return "\(work) c=\(callers) round \(round + 1): \(rates), ratio \(Report.rounded(ratio))"
    }
}

enum Report {
    /// Floor and goal of the ratio; none at one caller.
    static func bounds(_ work: Work, _ callers: Int) -> (floor: Double, goal: Double)? {
        switch (work, callers) {
        case (.reads, 16): (0.9, 1.4)
        case (.reads, 64): (1.4, 2.5)
        case (.writes, 16): (0.9, 1.0)
        case (.writes, 64): (1.3, 1.9)
        default: nil
        }
    }

    /// The medians, as a Markdown table.
    static func table(_ samples: [Sample]) -> String {
        var lines = [
            "| work | callers | lanes/s | pgbench/s | p50 / p99 us | ratio (range) | floor | goal | |",
            "|---|---|---|---|---|---|---|---|---|",
        ]
        for work in Work.allCases {
            for callers in MeasureLanes.callers {
                let own = samples.filter { $0.work == work && $0.callers == callers }
                guard !own.isEmpty else { continue }
                let ratios = own.map(\.ratio)
                let ratio = median(ratios)
                let range = "\(rounded(ratio)) (\(rounded(ratios.min() ?? 0))–\(rounded(ratios.max() ?? 0)))"
                let bounds = bounds(work, callers)
                let verdict = bounds.map { ratio >= $0.goal ? "goal" : ratio >= $0.floor ? "floor" : "missed" } ?? ""
                let cells = [
                    work.rawValue, String(callers), String(Int(median(own.map(\.lanes.perSecond)))),
                    String(Int(median(own.map(\.pgbench.perSecond)))),
                    "\(Int(median(own.map { Double($0.lanes.p50) }))) / \(Int(median(own.map { Double($0.lanes.p99) })))",
                    range, bounds.map { rounded($0.floor) } ?? "–", bounds.map { rounded($0.goal) } ?? "–", verdict,
                ]
                lines.append("| " + cells.joined(separator: " | ") + " |")
            }
        }
        return lines.joined(separator: "\n")
    }

    /// Writes the raw figures to a file named after the time, and gives its path.
    static func keep(_ samples: [Sample], in folder: String) throws -> String {
        struct Results: Encodable {
            let date: String
            let cores: Int
            let samples: [Sample]
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        let date = Date.now.ISO8601Format()
        let results = Results(date: date, cores: ProcessInfo.processInfo.activeProcessorCount, samples: samples)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let name = date.filter { $0.isNumber || $0 == "T" }
        let path = "\(folder)/lanes-\(name).json"
        try encoder.encode(results).write(to: URL(fileURLWithPath: path))
        return path
    }

    static func median(_ values: [Double]) -> Double {
        values.sorted()[values.count / 2]
    }

    static func rounded(_ number: Double) -> String {
        String((number * 100).rounded() / 100)
    }
}
