import ArgumentParser
import Diagnostics
import RuntimeTargets

/// `cortex up`: starts the embedded stack; what runs already is left alone.
struct UpCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Start the embedded stack: PostgreSQL and Redis under the home.",
        discussion: """
            The stack outlives the command, until cortex down. Running it twice is fine. Ports are free ones and stay the \
            same from start to start.
            """
    )

    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        context.output.detail("home: \(context.home)")
        let target = try context.embedded()
        let endpoints = try await target.up()
        for note in endpoints.notes { context.output.note(note) }
        try await context.ensureAdminKey(context.target("local"))
        let report = try await StatusReport.make(
            in: context,
            selection: try context.target("local"),
            showsSecrets: false
        )
        try context.output.result(report, text: report.text)
        return .done
    }
}
