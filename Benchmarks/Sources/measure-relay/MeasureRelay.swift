import Foundation

/// Measures how long after a COMMIT the relay has told the caches of it, at a steady rate of writes.
///
/// `measure-relay [SECONDS] [WRITES-PER-SECOND] [RESULTS-FOLDER]`, by default 20 s of 1,000; prints a row of a table and keeps
/// every lag in the folder.
@main
enum MeasureRelay {
    /// What docs/performance.md promises of the 99th percentile; milliseconds.
    private static let (floor, goal) = (100.0, 20.0)

    static func main() async {
        do {
            try await measure()
        } catch {
            FileHandle.standardError.write(Data("measure-relay: \(error)\n".utf8))
            exit(1)
        }
    }

    private static func measure() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        let seconds = arguments.first.flatMap { Int($0) } ?? 20
        let rate = arguments.dropFirst().first.flatMap { Int($0) } ?? 1_000
        let folder = arguments.dropFirst(2).first ?? "results"
        let load = RelayLoad(seconds: seconds, rate: rate)
        let lags = try await load.run()
        let (p50, p99) = (lags.percentile(50), lags.percentile(99))
        let verdict = p99 <= goal ? "goal" : p99 <= floor ? "floor" : "missed"
        print("| writes/s | writes | p50 ms | p99 ms | longest ms | floor | goal | |")
        print("|---|---|---|---|---|---|---|---|")
        let cells = [Double(rate), Double(lags.count), p50, p99, lags.last ?? 0, floor, goal].map {
            String(($0 * 10).rounded() / 10)
        }
        print("| " + cells.joined(separator: " | ") + " | \(verdict) |")
        print("raw figures: " + (try keep(lags, rate: rate, in: folder)))
    }

    /// Writes the lags to a file named after the time, and gives its path.
    private static func keep(_ lags: [Double], rate: Int, in folder: String) throws -> String {
        struct Results: Encodable {
            let date: String
            let cores: Int
            let writesPerSecond: Int
            let lagMilliseconds: [Double]
        }
        let date = Date.now.ISO8601Format()
        let results = Results(
            date: date,
            cores: ProcessInfo.processInfo.activeProcessorCount,
            writesPerSecond: rate,
            lagMilliseconds: lags.map { ($0 * 1_000).rounded() / 1_000 }
        )
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let path = "\(folder)/relay-\(date.filter { $0.isNumber || $0 == "T" }).json"
        try JSONEncoder().encode(results).write(to: URL(filePath: path))
        return path
    }
}

extension [Double] {
    /// The value below which so many of a hundred lie; of sorted values.
    fileprivate func percentile(_ share: Int) -> Double {
        isEmpty ? 0 : self[Swift.min(count - 1, count * share / 100)]
    }
}
