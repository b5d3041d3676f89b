import Diagnostics
import Processes

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The program `cortex` as a function: what its entry point calls, and what tests call with streams of their own.
public enum CortexTool: Sendable {
    /// The version that `--version` prints and that reports carry.
    public static let version = "0.1.0"

    /// Runs the command line of this process and returns the status to exit with.
    ///
    /// This is the one place that reads the process's arguments, environment, terminal and working directory.
    public static func main() async -> Int32 {
        HeapPolicy.returnBlocks()
        let runner = CommandRunner(
            streams: .process,
            environment: processEnvironment(),
            workingDirectory: processWorkingDirectory(),
            terminal: .process,
            interruptible: { onInterrupt, work in
                try await InterruptSignals.cancelling(onInterrupt: { _ in onInterrupt() }, work)
            }
        )
        return await runner.run(Array(CommandLine.arguments.dropFirst())).rawValue
    }

    private static func processEnvironment() -> [String: String] {
        var variables: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let pair = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if pair.count == 2 { variables[String(pair[0])] = String(pair[1]) }
            entry += 1
        }
        return variables
    }

    private static func processWorkingDirectory() -> String {
        guard let buffer = getcwd(nil, 0) else { return "." }
        defer { free(buffer) }
        return String(cString: buffer)
    }
}
