import ArgumentParser
import Diagnostics
import EmbeddedServers
import RuntimeTargets

/// `cortex doctor`: what keeps Cortex from working here, with cause and fix.
struct DoctorCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "What is missing or broken, each with its cause and fix.",
        discussion: """
            Exit status: 0 when nothing fails, 69 when a program or server that is needed is missing, 1 when something \
            else fails. It changes nothing.
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var database: TargetOption

    func run(in context: CommandContext) async throws -> ExitStatus {
        let selection = try context.target(database.target)
        var checks = selection.isLocal ? await (try context.embedded()).diagnose() : []
        checks += await DatabaseDiagnosis(context: context, selection: selection).checks()
        let report = Report(passed: !checks.contains { $0.outcome == .fail }, checks: checks)
        try context.output.result(report, text: report.text)
        return status(checks)
    }

    private func status(_ checks: [DoctorCheck]) -> ExitStatus {
        let failed = checks.filter { $0.outcome == .fail }
        if failed.isEmpty { return .done }
        return failed.contains { Self.unavailable.contains($0.name) } ? .unavailable : .failed
    }

    /// Checks whose failure means that a program or server is not there.
    private static let unavailable: Set<String> = ["postgresql", "redis", "connection"]

    struct Report: Encodable {
        let passed: Bool
        let checks: [DoctorCheck]

        var text: String {
            checks.map { check in
                let mark =
                    switch check.outcome {
                    case .ok: "ok  "
                    case .warn: "warn"
                    case .fail: "FAIL"
                    }
                let line = "\(mark)  \(check.name): \(TerminalText.safe(Redaction.redact(check.message)))"
                return check.fix.map { line + "\n      fix: \(TerminalText.safe(Redaction.redact($0)))" } ?? line
            }.joined(separator: "\n")
        }
    }
}
