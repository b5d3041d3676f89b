import Foundation

/// `cortex serve` as a process of its own, from when it listens.
public final class ServiceProcess: Sendable {
    /// It ended, or did not listen in time.
    public struct DoesNotServe: Error, CustomStringConvertible {
        /// What it had said.
        public let talk: String

        /// The same.
        public var description: String { "cortex serve does not listen: \(talk)" }
    }

    /// The port of 127.0.0.1 on which it listens.
    public let port: Int
    /// The mode that it said to serve in.
    public let mode: String
    /// How long it took from its start until it listened.
    public let startTime: Duration
    private let program: BuiltProgram

    private init(_ program: BuiltProgram, port: Int, mode: String, startTime: Duration) {
        self.program = program
        self.port = port
        self.mode = mode
        self.startTime = startTime
    }

    /// Starts it with a home of its own in the environment, and waits until it listens, at most 60 s.
    ///
    /// - Parameters:
    ///   - arguments: what follows `cortex serve --port <port>`.
    ///   - port: where it is to listen; 0 for a port that the kernel chooses.
    ///   - environment: its variables, `CORTEX_HOME` among them.
    ///   - directory: where its output goes.
    /// - Returns: the process, listening.
    /// - Throws: `DoesNotServe`, and what starting a process throws.
    public static func start(
        _ arguments: [String] = [],
        port: Int = 0,
        environment: [String: String],
        directory: String
    ) async throws -> ServiceProcess {
        let begin = ContinuousClock.now
        let program = try BuiltProgram.start(
            ["serve", "--port", String(port)] + arguments,
            environment: environment,
            directory: directory
        )
        while ContinuousClock.now - begin < .seconds(60), !program.hasEnded {
            if let said = program.talk.firstMatch(of: /serving http:\/\/[^ ]*:([0-9]+) in mode ([a-z]+)/),
                let port = Int(said.1)
            {
                return ServiceProcess(
                    program,
                    port: port,
                    mode: String(said.2),
                    startTime: ContinuousClock.now - begin
                )
            }
            try await Task.sleep(for: .milliseconds(5))
        }
        program.signal(SIGKILL)
        throw DoesNotServe(talk: (await program.wait()).talk)
    }

    /// Runs the body with such a process and ends it with SIGTERM afterwards, by force if it does not end by itself.
    public static func with<R>(
        _ arguments: [String] = [],
        environment: [String: String],
        directory: String,
        _ body: (ServiceProcess) async throws -> R
    ) async throws -> R {
        let process = try await start(arguments, environment: environment, directory: directory)
        let result: Result<R, any Error>
        do {
            result = .success(try await body(process))
        } catch {
            result = .failure(error)
        }
        process.signal(SIGTERM)
        let ended = await process.wait(patience: .seconds(40))
        guard ended.status == 0 else {
            if case .failure(let error) = result { throw error }
            throw DoesNotServe(talk: "ended with \(ended.status.map(String.init) ?? "a signal"): \(ended.talk)")
        }
        return try result.get()
    }

    /// A client of it.
    public func client(key: String? = nil) -> RawConnection {
        RawConnection(port: port, fields: key.map { ["Authorization: Bearer \($0)"] } ?? [])
    }

    /// Sends it a signal.
    public func signal(_ number: Int32) {
        program.signal(number)
    }

    /// Waits for its end, so long at most, then kills it; once only.
    public func wait(patience: Duration = .seconds(60)) async -> BuiltProgram.Ended {
        let end = ContinuousClock.now + patience
        while ContinuousClock.now < end, !program.hasEnded {
            // A cancelled wait is one without patience.
            guard (try? await Task.sleep(for: .milliseconds(5))) != nil else { break }
        }
        if !program.hasEnded { program.signal(SIGKILL) }
        return await program.wait()
    }

    /// The memory that it has now, in bytes; 0 where the system has no `/proc`.
    public var residentMemory: Int {
        let status = FileManager.default.contents(atPath: "/proc/\(program.pid)/status").map {
            String(decoding: $0, as: UTF8.self)
        }
        return (status?.firstMatch(of: /VmRSS:\s+([0-9]+) kB/)).flatMap { Int($0.1) }.map { $0 * 1024 } ?? 0
    }

    /// What it has said so far.
    public var talk: String { program.talk }
}
