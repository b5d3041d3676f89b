import ArgumentParser

/// `cortex mapping`: the rules that say what a file's records become.
struct MappingCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mapping",
        abstract: "The rules that say what a file's records become.",
        subcommands: [MappingCheckCommand.self, MappingInferCommand.self]
    )
}
