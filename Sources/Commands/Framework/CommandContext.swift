import Diagnostics
import Domain
import Postgres
import Settings

/// All that a command works with: the settings, where it may write, how it talks.
///
/// The composition root of each run.
struct CommandContext: Sendable {
    /// The settings, each valid and with its origin.
    let settings: EffectiveSettings
    /// Where data and talk go.
    let output: CommandOutput
    /// The directory that relative paths start from.
    let workingDirectory: String
    /// The environment, for child processes and programs' search paths.
    let environment: [String: String]
    /// What is known about the terminal.
    let terminal: TerminalFacts
    /// Reads a line that a person types.
    let readAnswer: @Sendable () -> String?

    /// `$CORTEX_HOME` as an absolute path.
    var home: String { path(settings[.home]) }

    /// Where the reports of runs are.
    var runsDirectory: String { home + "/runs" }

    /// Whether a person can be asked.
    var isInteractive: Bool { terminal.canAsk && output.format == .text }

    /// A path as the user wrote it, made absolute; `~/` is the user's home folder.
    func path(_ text: String) -> String {
        if text.hasPrefix("/") { return text }
        if text.hasPrefix("~/"), let folder = environment["HOME"] { return folder + text.dropFirst() }
        return text == "." ? workingDirectory : workingDirectory + "/" + text
    }

    /// The source as the user wrote it, a path or a URL; a usage error where none is set.
    func sourceText() throws(CommandError) -> String {
        guard let source = settings[.source] else {
            throw CommandError(
                .usage,
                "no source is given",
                hint:
                    "Write --source DIR or --source redis://HOST, set CORTEX_SOURCE, or put `source: DIR` into cortex.yaml."
            )
        }
        return source
    }

    /// Returns when the user agrees: with `--yes`, or by answering the question on a terminal.
    func confirm(_ question: String, yes: Bool) throws(CommandError) {
        if yes { return }
        guard isInteractive else {
            throw CommandError(
                .confirmationRequired,
                "\(question) needs a confirmation, and nobody can be asked here",
                hint: "Add --yes to do it."
            )
        }
        output.prompt("\(question)? [y/N] ")
        let answer = readAnswer()?.lowercased() ?? ""
        guard ["y", "yes"].contains(answer) else {
            throw CommandError(
                .confirmationRequired,
                "not confirmed; nothing was done",
                hint: "Answer y, or add --yes."
            )
        }
    }

    /// How to connect to this URL, with the limits of the settings.
    func postgresConfiguration(_ url: String) throws(PostgresError) -> PostgresConfiguration {
        try PostgresConfiguration(url: url, connectTimeout: settings[.connectTimeout])
    }
}
