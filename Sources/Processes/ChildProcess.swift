import Diagnostics
import Subprocess
import Synchronization

#if canImport(System)
import System
#else
import SystemPackage
#endif

/// Runs child processes that end: with a deadline, captured and bounded output, and no shell.
public enum ChildProcess: Sendable {
    /// Runs the command to its end and returns what it wrote, whatever its status.
    ///
    /// When the deadline passes or the calling task is cancelled, the child gets SIGTERM and two seconds later SIGKILL.
    /// Throws `process.failed` for a child that did not start or ran past its deadline, `CancellationError` when
    /// cancelled. Each of the two outputs is kept up to `outputLimit` bytes (1 MiB by default).
    public static func run(
        _ command: ChildCommand,
        deadline: Duration = .seconds(60),
        outputLimit: Int = 1 << 20
    ) async throws -> ChildResult {
        let race: ChildResult? = try await withThrowingTaskGroup(of: ChildResult?.self) { group in
            group.addTask { try await runToEnd(command, outputLimit: outputLimit) }
            group.addTask {
                // A cancelled sleep only says that the child was first.
                try? await Task.sleep(for: deadline)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
        if let race { return race }
        try Task.checkCancellation()
        throw ProcessesError(
            .processFailed,
            "\(command.name) did not end within \(deadline) and was stopped",
            details: ["program": command.executable]
        )
    }

    /// Runs the command and throws `process.failed` with its standard error when it does not exit with 0.
    @discardableResult
    public static func runChecked(
        _ command: ChildCommand,
        deadline: Duration = .seconds(60),
        outputLimit: Int = 1 << 20
    ) async throws -> ChildResult {
        let result = try await run(command, deadline: deadline, outputLimit: outputLimit)
        guard result.succeeded else { throw failure(of: command, result) }
        return result
    }

    /// The error that says how a command failed; its details hold the end of what it wrote.
    public static func failure(of command: ChildCommand, _ result: ChildResult) -> ProcessesError {
        let written = result.errorText.isEmpty ? result.outputText : result.errorText
        let ending =
            switch result.ending {
            case .exited(let status): "failed with status \(status)"
            case .signalled(let signal): "was ended by signal \(signal)"
            }
        let firstLine = written.split(separator: "\n").first.map { ": \($0)" } ?? ""
        return ProcessesError(
            .processFailed,
            "\(command.name) \(ending)\(Redaction.redact(firstLine))",
            details: ["program": command.executable, "output": Redaction.redact(String(written.suffix(4_000)))]
        )
    }

    private static func runToEnd(_ command: ChildCommand, outputLimit: Int) async throws -> ChildResult {
        let output = BoundedBytes(limit: outputLimit)
        let errorOutput = BoundedBytes(limit: outputLimit)
        let input = try ChildInput.descriptor(holding: command.input)
        do {
            let execution = try await Subprocess.run(
                command.configuration(createsSession: false),
                input: .fileDescriptor(FileDescriptor(rawValue: input), closeAfterSpawningProcess: true),
                output: .sequence,
                error: .sequence
            ) { execution in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { for try await part in execution.standardOutput { output.append(part) } }
                    group.addTask { for try await part in execution.standardError { errorOutput.append(part) } }
                    try await group.waitForAll()
                }
            }
            try Task.checkCancellation()
            return ChildResult(
                ending: execution.terminationStatus.ending,
                output: output.bytes,
                errorOutput: errorOutput.bytes,
                isTruncated: output.isTruncated || errorOutput.isTruncated
            )
        } catch let error as SubprocessError {
            try Task.checkCancellation()
            throw command.startFailure(error)
        }
    }
}

extension ChildCommand {
    /// The command in the words of swift-subprocess.
    func configuration(createsSession: Bool) -> Configuration {
        var options = PlatformOptions()
        options.createSession = createsSession
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(2))]
        var program = executable
        var words = arguments
        if let account, account != Account.current {
            if let wrapped = PrivilegeDrop.wrap(executable, arguments, account) {
                (program, words) = wrapped
            } else {
                options.userID = account.userID
                options.groupID = account.groupID
                options.supplementaryGroups = account.groups
            }
        }
        var variables: [Environment.Key: String] = [:]
        for (name, value) in Self.minimalEnvironment.merging(environment, uniquingKeysWith: { $1 }) {
            if let key = Environment.Key(rawValue: name) { variables[key] = value }
        }
        return Configuration(
            executable: .path(FilePath(program)),
            arguments: Arguments(words),
            environment: .custom(variables),
            // Another user may not be able to enter our directory, and several programs insist on that.
            workingDirectory: FilePath("/"),
            platformOptions: options
        )
    }

    /// The error for a command that could not be started.
    func startFailure(_ error: SubprocessError) -> ProcessesError {
        let missing = error.code == .executableNotFound
        return ProcessesError(
            missing ? .programMissing : .processFailed,
            "\(executable) could not be run",
            cause: error,
            details: ["program": executable]
        )
    }
}

extension TerminationStatus {
    /// The ending in our own words.
    var ending: ChildResult.Ending {
        switch self {
        case .exited(let status): .exited(status)
        case .signaled(let signal): .signalled(signal)
        }
    }
}

/// The first bytes of a stream; what comes after the limit is counted as truncated.
private final class BoundedBytes: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var isTruncated = false
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) {
        self.limit = limit
    }

    var bytes: [UInt8] { state.withLock { $0.bytes } }
    var isTruncated: Bool { state.withLock { $0.isTruncated } }

    func append(_ part: SubprocessOutputSequence.Buffer) {
        part.withUnsafeBytes { raw in
            state.withLock { state in
                let room = limit - state.bytes.count
                state.bytes.append(contentsOf: raw.prefix(room))
                if raw.count > room { state.isTruncated = true }
            }
        }
    }
}
