import Foundation
import Synchronization

/// The program under test as a process of its own, for what only a process can show: signals, kills, memory.
public final class BuiltProgram: Sendable {
    /// How it ended and what it had printed.
    public struct Ended: Sendable {
        /// The exit status; nil when a signal ended it.
        public let status: Int32?
        /// Standard output.
        public let output: String
        /// Standard error.
        public let talk: String
        /// The most memory it had, bytes.
        public let peakMemory: Int
    }

    /// Where the build put `cortex`: beside the tests.
    public static let path = path(of: "cortex")

    private static func path(of program: String) -> String {
        guard !program.hasPrefix("/") else { return program }
        let beside = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().path + "/\(program)"
        return FileManager.default.isExecutableFile(atPath: beside) ? beside : ".build/debug/\(program)"
    }

    /// The process.
    public let pid: Int32
    private let files: (output: String, talk: String)

    private init(pid: pid_t, files: (output: String, talk: String)) {
        self.pid = pid
        self.files = files
    }

    struct CannotStart: Error {
        let errno: Int32
    }

    /// Starts it, or another program of this build or of this path, with an environment of nothing but `PATH` and these variables;
    /// what it prints goes to files in the directory.
    public static func start(
        _ arguments: [String],
        program: String = "cortex",
        environment: [String: String] = [:],
        directory: String
    ) throws -> BuiltProgram {
        let number = UInt64.random(in: 0...UInt64.max)
        let files = (output: "\(directory)/\(number).out", talk: "\(directory)/\(number).err")
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, files.output, O_WRONLY | O_CREAT, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, files.talk, O_WRONLY | O_CREAT, 0o600)
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let variables = environment.merging(["PATH": path]) { given, _ in given }.map { "\($0)=\($1)" }
        let program = Self.path(of: program)
        let words = ([program] + arguments).map { strdup($0) } + [nil]
        let settings = variables.map { strdup($0) } + [nil]
        defer { for text in words + settings { free(text) } }
        var pid: pid_t = 0
        let result = posix_spawn(&pid, program, &actions, nil, words, settings)
        guard result == 0 else { throw CannotStart(errno: result) }
        return BuiltProgram(pid: pid, files: files)
    }

    /// Runs it to its end.
    public static func run(
        _ arguments: [String],
        environment: [String: String] = [:],
        directory: String
    ) async throws -> Ended {
        try await start(arguments, environment: environment, directory: directory).wait()
    }

    /// Sends it a signal.
    public func signal(_ number: Int32) {
        kill(pid, number)
    }

    /// What it has said on standard error so far.
    public var talk: String {
        String(decoding: FileManager.default.contents(atPath: files.talk) ?? Data(), as: UTF8.self)
    }

    /// Whether it has ended and nobody has waited for it yet.
    public var hasEnded: Bool {
        var found = siginfo_t()
        return waitid(P_PID, id_t(pid), &found, WEXITED | WNOHANG | WNOWAIT) == 0 && found.si_signo == SIGCHLD
    }

    /// Waits for its end; once only.
    public func wait() async -> Ended {
        let (pid, files) = (pid, files)
        return await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                var status: Int32 = 0
                var usage = rusage()
                while wait4(pid, &status, 0, &usage) < 0, errno == EINTR {}
                func text(_ path: String) -> String {
                    String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
                }
                #if canImport(Darwin)
                let unit = 1
                #else
                let unit = 1024
                #endif
                continuation.resume(
                    returning: Ended(
                        status: status & 0x7F == 0 ? (status >> 8) & 0xFF : nil,
                        output: text(files.output),
                        talk: text(files.talk),
                        peakMemory: usage.ru_maxrss * unit
                    )
                )
            }
        }
    }
}
