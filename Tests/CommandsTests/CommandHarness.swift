import Diagnostics
import Foundation
import Synchronization

@testable import Commands

/// Runs command lines in this process with streams, environment and folder of their own.
struct CommandHarness {
    var environment: [String: String] = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"]
    var workingDirectory = "/nonexistent"
    var terminal = TerminalFacts.none
    var answer: String?
    /// Called with the work; the default just runs it.
    var interruptible: CommandRunner.Interruptible = { _, work in try await work() }

    /// What a command printed and how it ended.
    struct Ended {
        let status: ExitStatus
        let output: String
        let talk: String

        /// The one JSON document on standard output; nil when it is not exactly one.
        var document: [String: Any]? {
            (try? JSONSerialization.jsonObject(with: Data(output.utf8))) as? [String: Any]
        }

        /// The error in it.
        var error: [String: Any]? { document?["error"] as? [String: Any] }
    }

    func run(_ arguments: String...) async -> Ended {
        await run(arguments)
    }

    func run(_ arguments: [String]) async -> Ended {
        let written = Written()
        let runner = CommandRunner(
            streams: OutputStreams(
                data: { text in written.texts.withLock { $0.output += text } },
                talk: { text in written.texts.withLock { $0.talk += text } }
            ),
            environment: environment,
            workingDirectory: workingDirectory,
            terminal: terminal,
            interruptible: interruptible,
            readAnswer: { [answer] in answer }
        )
        let status = await runner.run(arguments)
        let texts = written.texts.withLock { $0 }
        return Ended(status: status, output: texts.output, talk: texts.talk)
    }

    private final class Written: Sendable {
        let texts = Mutex((output: "", talk: ""))
    }
}
