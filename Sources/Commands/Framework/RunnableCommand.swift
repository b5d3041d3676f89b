import ArgumentParser
import Diagnostics
import Settings

/// A command of `cortex`: options, and what it does with a context.
///
/// It returns how the process exits (`done`, `differences`, …) or throws an error whose code says so.
protocol RunnableCommand: AsyncParsableCommand, Sendable {
    /// The options that every command has.
    var global: GlobalOptions { get }
    /// Flags of this command that are settings; none by default.
    var settingFlags: [SettingFlag] { get }
    /// Whether it ends by itself on SIGINT and SIGTERM; by default they cancel it.
    var handlesSignals: Bool { get }
    /// Does the work.
    func run(in context: CommandContext) async throws -> ExitStatus
}

extension RunnableCommand {
    var settingFlags: [SettingFlag] { [] }
    var handlesSignals: Bool { false }

    /// The runner calls `run(in:)`; nothing else runs a command.
    func run() async throws {
        preconditionFailure("\(Self.self) was run without a context")
    }
}
