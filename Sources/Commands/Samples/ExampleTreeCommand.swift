import ArgumentParser
import Diagnostics
import ExampleTree

/// `cortex example-tree`: writes a made-up coordination tree, with the defects that real ones have.
struct ExampleTreeCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "example-tree",
        abstract: "Write a made-up coordination tree, to try things on.",
        discussion: """
            The tree has the layout, field names and defects of real ones; all names and texts are made up. The same seed \
            and size give the same tree on every machine.
            """
    )

    @OptionGroup var global: GlobalOptions

    @Option(help: ArgumentHelp("How many tasks the queues hold.", valueName: "n"))
    var tasks = 200

    @Option(help: ArgumentHelp("What the content is derived from.", valueName: "n"))
    var seed: UInt64 = 1

    @Option(help: ArgumentHelp("The folder to write; it must be absent or empty.", valueName: "dir"))
    var to: String

    func validate() throws {
        if tasks < 1 { throw ValidationError("--tasks must be at least 1.") }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        let directory = context.path(to)
        let expectation = try ExampleTree(seed: seed, tasks: tasks).write(to: directory)
        let text = """
            wrote \(expectation.files.total) files with \(expectation.taskRecords) task records to \(TerminalText.safe(directory))
            next: cortex migrate --source \(TerminalText.safe(to))
            """
        try context.output.result(Result(directory: directory, expectation: expectation), text: text)
        return .done
    }

    private struct Result: Encodable {
        let directory: String
        let expectation: ExampleExpectation
    }
}
