import EmbeddedServers
import Foundation
import Processes

/// `pgbench -M prepared` on the same server.
struct PgBench {
    let server: ScratchPostgres
    let url: String

    struct Failed: Error {
        let output: String
    }

    /// Runs so many clients for so long.
    func run(_ work: Work, callers: Int, seconds: Int) async throws -> Figures {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).sql")
        try work.script.write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        let result = try await ChildProcess.runChecked(
            ChildCommand(
                server.installation.program("pgbench"),
                [
                    "--no-vacuum", "--protocol=prepared", "--client=\(callers)", "--jobs=\(min(2, callers))",
                    "--time=\(seconds)", "--file=\(file.path)", url,
                ]
            ),
            deadline: .seconds(seconds + 60)
        )
        func number(behind text: String) -> Double? {
            guard let range = result.outputText.range(of: text) else { return nil }
            return Double(result.outputText[range.upperBound...].prefix { $0.isNumber || $0 == "." })
        }
        guard let rate = number(behind: "tps = "), let latency = number(behind: "latency average = ") else {
            throw Failed(output: result.outputText)
        }
        return Figures(perSecond: rate, p50: Int64(latency * 1_000), p99: 0)
    }
}
