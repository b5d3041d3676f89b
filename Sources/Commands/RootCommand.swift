import ArgumentParser

/// `cortex`: the list of commands.
struct RootCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cortex",
        abstract: "Moves a coordination tree of JSON files to PostgreSQL, losing nothing and proving it.",
        discussion: """
            Data goes to standard output, talk to standard error. Exit status: 0 done; 1 failed; 2 finished and found \
            differences; 64 usage; 65 bad input data; 69 a service is unavailable; 73 cannot write; 75 interrupted, can \
            be resumed; 77 not permitted.
            """,
        version: CortexTool.version,
        groupedSubcommands: [
            CommandGroup(name: "Migration", subcommands: migration),
            CommandGroup(name: "The embedded stack", subcommands: stack),
            CommandGroup(name: "The speed layer", subcommands: speed),
            CommandGroup(name: "The service", subcommands: service),
            CommandGroup(name: "Schema and mapping", subcommands: structure),
            CommandGroup(name: "Everything else", subcommands: others),
        ]
    )

    static let migration: [any ParsableCommand.Type] = [
        MigrateCommand.self, VerifyCommand.self, ExplainCommand.self, ExportCommand.self,
    ]

    static let stack: [any ParsableCommand.Type] = [
        UpCommand.self, DownCommand.self, StatusCommand.self, DoctorCommand.self,
    ]

    static let speed: [any ParsableCommand.Type] = [CacheCommand.self]

    static let service: [any ParsableCommand.Type] = [
        ServeCommand.self, KeysCommand.self, UsersCommand.self, DiscoverCommand.self, BenchCommand.self,
    ]

    static let structure: [any ParsableCommand.Type] = [SchemaCommand.self, MappingCommand.self]

    static let others: [any ParsableCommand.Type] = [
        ConfigCommand.self, CompletionCommand.self, ExampleTreeCommand.self,
    ]
}
