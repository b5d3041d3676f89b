import ArgumentParser
import Diagnostics
import SchemaMigration

/// `cortex schema down`: undoes migrations, with the data in what they made.
struct SchemaDownCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "down",
        abstract: "Undo the migrations above a version, the last first. The data in them is lost.",
        discussion: "Needs --yes."
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var database: TargetOption

    @Option(help: ArgumentHelp("The version to go back to; 0 undoes all.", valueName: "n"))
    var to: Int

    @Flag(help: "Do not ask.")
    var yes = false

    func validate() throws {
        if to < 0 { throw ValidationError("--to must be 0 or more.") }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        let selection = try context.target(database.target)
        try context.confirm("Undoing the migrations above \(to) on \(selection.name), with their data", yes: yes)
        let report = try await context.withRunningDatabase(selection) { session in
            try await SchemaMigrator(session: session).down(to: to)
        }
        try context.output.result(report, text: SchemaChangeText.text(report, verb: "undid"))
        return .done
    }
}
