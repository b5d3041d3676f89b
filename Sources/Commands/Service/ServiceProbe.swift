import AsyncHTTPClient
import EmbeddedServers
import Monitoring
import NIOCore

/// Asks a running service whether it is there.
enum ServiceProbe {
    private static let patience = TimeAmount.seconds(2)

    /// The service of a home, as `cortex status` shows it: the first that answers, else the first that runs.
    ///
    /// `stopped` where one was killed and none runs; `unreachable` where a process runs and its `/livez` does not answer.
    static func status(in home: String) async -> (state: ServerState, url: String?) {
        guard let records = ServiceRecord.running(in: home) else { return (.stopped, nil) }
        for record in records where await isAlive(record.probe) { return (.running, record.url) }
        return records.first.map { (.unreachable, $0.url) } ?? (.absent, nil)
    }

    private static func isAlive(_ url: String) async -> Bool {
        do {
            let request = HTTPClientRequest(url: url + "/livez")
            let response = try await HTTPClient.shared.execute(request, timeout: patience)
            // What else may answer there by now is no service of ours.
            return try await String(buffer: response.body.collect(upTo: 64)) == HealthReport.liveText
        } catch {
            // That it does not answer is the answer.
            return false
        }
    }
}
