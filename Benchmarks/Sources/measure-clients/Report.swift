import Foundation

/// The figures of one run; times in microseconds.
///
/// Of pgbench `p50` is its mean, and there is no `p99`.
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
    var ours = Figures()
    var peer = Figures()

    var ratio: Double { ours.perSecond / peer.perSecond }

    var line: String {
        let rates = "ours \(Int(ours.perSecond))/s, \(work.peer) \(Int(peer.perSecond))/s"
        return "\(work) c=\(callers) round \(round + 1): \(rates), ratio \(Report.rounded(ratio))"
    }
}

enum Report {
    /// The medians, as a Markdown table.
    static func table(_ samples: [Sample]) -> String {
        var lines = [
            "| work | callers | ours/s | peer/s | p50 / p99 us | ratio (range) | floor | goal | |",
            "|---|---|---|---|---|---|---|---|---|",
        ]
        for work in Work.allCases {
            for callers in work.callers {
                let own = samples.filter { $0.work == work && $0.callers == callers }
                guard !own.isEmpty else { continue }
                let ratios = own.map(\.ratio)
                let ratio = median(ratios)
                let range = "\(rounded(ratio)) (\(rounded(ratios.min() ?? 0))–\(rounded(ratios.max() ?? 0)))"
                let bounds = work.bounds(callers)
                let verdict = bounds.map { ratio >= $0.goal ? "goal" : ratio >= $0.floor ? "floor" : "missed" } ?? ""
                let cells = [
                    work.rawValue, String(callers), String(Int(median(own.map(\.ours.perSecond)))),
                    String(Int(median(own.map(\.peer.perSecond)))),
                    "\(Int(median(own.map { Double($0.ours.p50) }))) / \(Int(median(own.map { Double($0.ours.p99) })))",
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
        let path = "\(folder)/clients-\(name).json"
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
