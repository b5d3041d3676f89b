import ArgumentParser
import Diagnostics

/// `cortex completion`: the script that completes command lines in a shell.
struct CompletionCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion",
        abstract: "Print the completion script for a shell.",
        discussion: "For example, in ~/.bashrc: source <(cortex completion bash)"
    )

    /// The shells that there is a script for.
    enum Shell: String, ExpressibleByArgument, CaseIterable, Sendable {
        case bash, zsh, fish
    }

    @OptionGroup var global: GlobalOptions

    @Argument(help: "bash, zsh or fish.")
    var shell: Shell

    func run(in context: CommandContext) async throws -> ExitStatus {
        let script = RootCommand.completionScript(for: parserShell)
        try context.output.result(Result(shell: shell.rawValue, script: script), text: script)
        return .done
    }

    private var parserShell: CompletionShell {
        switch shell {
        case .bash: .bash
        case .zsh: .zsh
        case .fish: .fish
        }
    }

    private struct Result: Encodable {
        let shell: String
        let script: String
    }
}
