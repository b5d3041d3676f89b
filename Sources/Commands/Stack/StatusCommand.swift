import ArgumentParser
import Diagnostics

/// `cortex status`: what runs, where, in which mode, and how the last run ended.
struct StatusCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "What runs, in which mode, and how the last run ended.",
        discussion:
            "The URLs work from a shell, such as psql \"$url\": they name a password file instead of holding a password."
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var database: TargetOption

    @Flag(help: "Show the passwords in the URLs.")
    var showSecrets = false

    func run(in context: CommandContext) async throws -> ExitStatus {
        let selection = try context.target(database.target)
        let report = try await StatusReport.make(in: context, selection: selection, showsSecrets: showSecrets)
        try context.output.result(report, text: report.text)
        return .done
    }
}
