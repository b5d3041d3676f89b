import Processes
import Reporting
import Settings

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The migration runs that a home remembers: one folder each, with the report in it.
struct RunHistory {
    /// The folder of the runs.
    let directory: String

    /// The run that began last, by the time in its report; nil when there is none.
    ///
    /// A report that cannot be read is passed over.
    func newest() -> StatusReport.LastRun? {
        Directory.entries(of: directory)
            .compactMap { run in read("\(directory)/\(run)/\(ReportFileName.json)") }
            .max { ($0.startedAt, $0.run.runID) < ($1.startedAt, $1.run.runID) }?
            .run
    }

    private func read(_ path: String) -> (startedAt: String, run: StatusReport.LastRun)? {
        // A run without a readable report says nothing about itself; the others still do.
        guard let text = try? readSettingFile(path),
            let facts = try? JSONDecoder().decode(Facts.self, from: Data(text.utf8))  // as above
        else { return nil }
        return (facts.startedAt, StatusReport.LastRun(runID: facts.runID, status: facts.status))
    }

    private struct Facts: Decodable {
        let runID: String
        let status: String
        let startedAt: String

        private enum CodingKeys: String, CodingKey {
            case status
            case runID = "run_id"
            case startedAt = "started_at"
        }
    }
}
