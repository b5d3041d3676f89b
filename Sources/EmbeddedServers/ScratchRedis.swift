import Diagnostics
import Processes
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// How a throwaway Redis server is set up.
public struct ScratchRedisConfiguration: Sendable {
    /// Lines of `redis.conf` that come after the usual ones, such as `requirepass secret`.
    ///
    /// `{port}` stands for the server's second port, `{directory}` for its directory.
    public var lines: [String] = []
    /// Files that are put into its directory, by name.
    public var files: [String: String] = [:]
    /// Whether it keeps its data when it is killed and started again; off by default.
    public var isDurable = false
    /// Where the programs are looked for.
    public var search = ServerSearch()

    /// The defaults: no password, reachable on a port of 127.0.0.1 and on a socket.
    public init() {}
}

/// A throwaway Redis server with everything it owns in one directory that is gone at the end of its scope.
public final class ScratchRedis: Sendable {
    private let installation: RedisInstallation
    private let account: Account
    private let directory: ScratchDirectory
    private let configuration: ScratchRedisConfiguration
    private let process = Mutex<Int32?>(nil)

    /// The port of 127.0.0.1 that it listens on.
    public let port: UInt16
    /// A second free port, for lines that need one (`tls-port {port}`).
    public let secondPort: UInt16

    /// Runs a server for the body and removes it whatever happens, also when this process is killed.
    public static func withServer<R>(
        _ configuration: ScratchRedisConfiguration = ScratchRedisConfiguration(),
        _ body: (ScratchRedis) async throws -> R
    ) async throws -> R {
        let server = try await launch(configuration)
        do {
            let result = try await body(server)
            try await server.directory.dispose()
            return result
        } catch {
            // The first error is the one to tell; the watchdog removes the server in any case.
            try? await server.directory.dispose()
            throw error
        }
    }

    private static func launch(_ configuration: ScratchRedisConfiguration) async throws -> ScratchRedis {
        let installation = try await RedisInstallation.choose(configuration.search)
        let account = try ServerAccount.resolve()
        let directory = try await ScratchDirectory.make(account: account)
        do {
            var attempt = 1
            while true {
                let server = try ScratchRedis(installation, account, directory, configuration)
                do {
                    try await server.start()
                    return server
                } catch  where StartFailure.isPortTaken(error) && attempt < 5 {
                    // Somebody took the port between the choice and the start: choose again.
                    attempt += 1
                }
            }
        } catch {
            // See `withServer`.
            try? await directory.dispose()
            throw error
        }
    }

    private init(
        _ installation: RedisInstallation,
        _ account: Account,
        _ directory: ScratchDirectory,
        _ configuration: ScratchRedisConfiguration
    ) throws {
        self.installation = installation
        self.account = account
        self.directory = directory
        self.configuration = configuration
        port = try FreePort.choose()
        secondPort = try FreePort.choose()
    }

    // MARK: Where it is

    /// Its directory.
    public var path: String { directory.path }

    /// Its Unix socket.
    public var socket: String { "\(path)/redis.sock" }

    /// The end of its log.
    public var logTail: String { SmallFile.tail(of: log) }

    /// Its process id; nil while it does not run.
    public var processID: Int32? { process.withLock { $0 } }

    // MARK: What it does

    /// Starts it, on the same port as before.
    public func start() async throws {
        for (name, text) in configuration.files {
            try SmallFile.write(text: text, to: "\(path)/\(name)", owner: account)
        }
        try SmallFile.write(text: settings, to: "\(path)/redis.conf", owner: account)
        let logStart = SmallFile.size(of: log)
        let command = ChildCommand(installation.server, ["\(path)/redis.conf"], account: account)
        let pid = try await Daemon.launch(command, log: log)
        process.withLock { $0 = pid }
        let end = ContinuousClock.now + .seconds(30)
        while !SmallFile.tail(of: log, from: logStart).contains("eady to accept connections") {
            guard ProcessTable.isRunning(pid), ContinuousClock.now < end else {
                throw StartFailure.redis(log: log, tail: SmallFile.tail(of: log, from: logStart))
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Kills it with SIGKILL and waits until it is gone.
    public func kill() async throws {
        let pid = process.withLock { process in
            defer { process = nil }
            return process
        }
        guard let pid else { return }
        ProcessTable.signal(pid, SIGKILL)
        _ = try await ProcessTable.waitForExit(of: pid, within: .seconds(10))
    }

    /// Stops it where it is, as if its machine hung.
    public func suspend() {
        if let pid = processID { ProcessTable.suspend(pid) }
    }

    /// Lets it go on.
    public func resume() {
        if let pid = processID { ProcessTable.signal(pid, SIGCONT) }
    }

    // MARK: Private parts

    private var log: String { "\(path)/redis.log" }

    private var settings: String {
        let usual = [
            "bind 127.0.0.1", "port \(port)", "unixsocket \(socket)", "unixsocketperm 700", "daemonize no",
            "set-proc-title no", "dir \(path)", "logfile \"\"", "save \"\"",
            "appendonly \(configuration.isDurable ? "yes" : "no")",
            "appendfsync \(configuration.isDurable ? "always" : "no")", "enable-debug-command yes",
        ]
        let own = configuration.lines.map { line in
            line.split(separator: "{port}", omittingEmptySubsequences: false).joined(separator: String(secondPort))
                .split(separator: "{directory}", omittingEmptySubsequences: false).joined(separator: path)
        }
        return (usual + own).joined(separator: "\n") + "\n"
    }
}
