import ArgumentParser

/// `cortex schema`: the schema migrations of a database.
struct SchemaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "The schema migrations of a database.",
        subcommands: [
            SchemaStatusCommand.self, SchemaUpCommand.self, SchemaVerifyCommand.self, SchemaDownCommand.self,
            SchemaDriftCommand.self, SchemaRenderCommand.self,
        ]
    )
}
