import ArgumentParser
import Diagnostics
import RuntimeTargets

/// `cortex down`: stops the embedded stack, and with `--purge` removes what it stored.
struct DownCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "down",
        abstract: "Stop the embedded stack.",
        discussion:
            "The data stays; cortex up brings it back. --purge removes data, secrets and logs, but no backups and no reports."
    )

    @OptionGroup var global: GlobalOptions

    @Flag(help: "Remove the data, secrets and logs too. Needs --yes.")
    var purge = false

    @Flag(help: "Do not ask.")
    var yes = false

    func run(in context: CommandContext) async throws -> ExitStatus {
        if purge { try context.confirm("Removing the database under \(context.home)", yes: yes) }
        try await context.embedded().down(purge: purge)
        let result = Result(state: purge ? "absent" : "stopped", home: context.home, purged: purge)
        try context.output.result(result, text: purge ? "stopped and removed" : "stopped")
        return .done
    }

    private struct Result: Encodable {
        let state: String
        let home: String
        let purged: Bool
    }
}
