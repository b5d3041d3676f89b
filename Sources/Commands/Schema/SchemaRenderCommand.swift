import ArgumentParser
import Diagnostics
import SchemaMigration

/// `cortex schema render`: all migrations as one SQL file to review.
struct SchemaRenderCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "render",
        abstract: "Print all migrations as one SQL file, to review or to run with psql."
    )

    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let sql = MigrationCatalogue.shipped.render()
        try context.output.result(Result(version: MigrationCatalogue.shipped.latest, sql: sql), text: sql)
        return .done
    }

    private struct Result: Encodable {
        let version: Int
        let sql: String
    }
}
