import ArgumentParser
import Diagnostics
import Processes
import Settings

/// Parses a command line, runs the command and prints how it ended.
///
/// Everything that it touches is passed in.
struct CommandRunner: Sendable {
    /// Work of a command.
    typealias Work = @Sendable () async throws -> ExitStatus
    /// Runs work with a way to cancel it from outside; the first argument is called when that happens.
    typealias Interruptible = @Sendable (@escaping @Sendable () -> Void, @escaping Work) async throws -> ExitStatus

    let streams: OutputStreams
    let environment: [String: String]
    let workingDirectory: String
    let terminal: TerminalFacts
    /// Runs work so that SIGINT and SIGTERM cancel it; the first closure is told of the signal.
    let interruptible: Interruptible
    var readAnswer: @Sendable () -> String? = { readLine() }

    /// Runs the arguments (without the program's name) and returns how the process exits.
    func run(_ arguments: [String]) async -> ExitStatus {
        let fallback = output(for: GlobalOptions.format(in: arguments))
        do {
            var command = try RootCommand.parseAsRoot(GlobalOptions.movedBehindCommand(arguments))
            if let command = command as? any RunnableCommand { return await run(command) }
            // A list of commands, or the parser's own help: they end by throwing their text.
            if var listing = command as? any AsyncParsableCommand { try await listing.run() } else { try command.run() }
            return .done
        } catch {
            return parsingEnded(with: error, output: fallback)
        }
    }

    private func run(_ command: any RunnableCommand) async -> ExitStatus {
        let plain = output(for: command.global.output)
        let context: CommandContext
        do {
            context = try makeContext(for: command)
        } catch {
            plain.failure(error)
            return ErrorDocument.exitStatus(of: error)
        }
        do {
            let status: ExitStatus
            if command.handlesSignals {
                status = try await command.run(in: context)
            } else {
                status = try await interruptible(
                    {
                        context.output.note("stopping; what is done is kept. A second signal ends the process at once.")
                    },
                    { try await command.run(in: context) }
                )
            }
            try context.output.finish()
            return status
        } catch {
            context.output.failure(error)
            return ErrorDocument.exitStatus(of: error)
        }
    }

    // MARK: Context

    private func makeContext(for command: any RunnableCommand) throws -> CommandContext {
        let file = try settingsFile(named: command.global.config)
        let settings = try EffectiveSettings(
            flags: command.global.settingFlags + command.settingFlags,
            environment: environment,
            file: file
        )
        return CommandContext(
            settings: settings,
            output: CommandOutput(
                format: command.global.output,
                level: settings[.logLevel],
                isColored: isColored(settings[.color]),
                streams: streams
            ),
            workingDirectory: workingDirectory,
            environment: environment,
            terminal: terminal,
            readAnswer: readAnswer
        )
    }

    /// The file that `--config` names, which must exist, or `cortex.yaml` where it does.
    private func settingsFile(named name: String?) throws -> SettingsFile? {
        let path = name ?? "cortex.yaml"
        let absolute = path.hasPrefix("/") ? path : workingDirectory + "/" + path
        guard name != nil || Directory.exists(absolute) else { return nil }
        let text: String
        do {
            text = try readSettingFile(absolute)
        } catch {
            throw CommandError(
                .cannotRead,
                "cannot read the settings file \(path)",
                hint: "It must exist, be readable by this user and be UTF-8 text.",
                cause: error,
                details: ["path": path]
            )
        }
        return try SettingsFile(text: text, path: path)
    }

    private func isColored(_ setting: ColorSetting) -> Bool {
        switch setting {
        case .always: true
        case .never: false
        case .auto: terminal.isTerminal && environment["TERM"] != "dumb"
        }
    }

    private func output(for format: OutputFormat) -> CommandOutput {
        CommandOutput(format: format, level: .info, isColored: false, streams: streams)
    }

    // MARK: Parsing

    private func parsingEnded(with error: any Error, output: CommandOutput) -> ExitStatus {
        guard RootCommand.exitCode(for: error) == .success else {
            output.failure(usageError(error))
            return .usage
        }
        let text = RootCommand.fullMessage(for: error)
        do {
            try output.result(HelpDocument(help: text), text: text)
            try output.finish()
            return .done
        } catch {
            output.failure(error)
            return ErrorDocument.exitStatus(of: error)
        }
    }

    /// The parser's message as the error, its usage line as the hint.
    private func usageError(_ error: any Error) -> CommandError {
        let lines = RootCommand.fullMessage(for: error).split(separator: "\n")
        let usage = lines.filter { $0.hasPrefix("Usage:") || $0.hasPrefix("  See ") }
            .map { $0.trimmingPrefix("  ") }.joined(separator: ". ")
        return CommandError(.usage, RootCommand.message(for: error), hint: usage.isEmpty ? "See cortex --help." : usage)
    }
}

/// Help and version texts as a document.
private struct HelpDocument: Encodable {
    let help: String
}
