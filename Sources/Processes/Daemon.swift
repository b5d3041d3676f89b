import Diagnostics
import Subprocess

#if canImport(System)
import System
#else
import SystemPackage
#endif

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Starts programs that outlive this process.
public enum Daemon: Sendable {
    /// Starts the command in a session of its own and returns its process id at once.
    ///
    /// Standard output and error are appended to the file at `log`, which is opened by this process and so may lie
    /// where the command's account cannot reach; standard input is `/dev/null`, or the given descriptor, which is
    /// duplicated. The command's `input` is not used. Nobody waits for the program: once this process has ended, its
    /// parent is the system's first process.
    public static func launch(
        _ command: ChildCommand,
        log: String,
        standardInput: Int32? = nil
    ) async throws -> Int32 {
        let place = SystemCall(operation: "open the log", path: log)
        let descriptor = try place.check(open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o640))
        defer { close(descriptor) }
        let null = try SystemCall(operation: "open", path: "/dev/null").check(open("/dev/null", O_RDONLY | O_CLOEXEC))
        defer { close(null) }
        // The shell puts the program into the background and ends; so it becomes a child of the first process.
        // Descriptor 3 is needed because a shell gives background programs an empty standard input of its own.
        var launcher = command
        launcher.executable = "/bin/sh"
        launcher.arguments = ["-c", "exec 3<&0; exec \"$@\" <&3 3<&- >&2 & echo $!", "sh", command.executable]
        launcher.arguments += command.arguments
        let result = try await start(launcher, input: standardInput ?? null, error: descriptor)
        guard result.terminationStatus.isSuccess, let text = result.standardOutput.split(separator: "\n").first,
            let pid = Int32(text)
        else {
            throw ProcessesError(
                .processFailed,
                "\(command.name) could not be started in the background",
                details: ["program": command.executable]
            )
        }
        return pid
    }

    private static func start(
        _ launcher: ChildCommand,
        input: Int32,
        error: Int32
    ) async throws -> ExecutionResult<Void, StringOutput<UTF8>, FileDescriptorOutput> {
        do {
            return try await Subprocess.run(
                launcher.configuration(createsSession: true),
                input: .fileDescriptor(FileDescriptor(rawValue: input), closeAfterSpawningProcess: false),
                output: .string(limit: 64),
                error: .fileDescriptor(FileDescriptor(rawValue: error), closeAfterSpawningProcess: false)
            )
        } catch let error as SubprocessError {
            throw launcher.startFailure(error)
        }
    }
}
