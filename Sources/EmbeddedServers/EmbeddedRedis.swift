import Diagnostics
import Processes

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The Redis server of a home: brings it up, takes it down, says how it is.
struct EmbeddedRedis: Sendable {
    let home: CortexHome
    let placement: Placement
    let account: Account
    let installation: RedisInstallation
    /// The port that the caller insists on.
    let askedPort: UInt16?
    /// How long a start may take.
    let startDeadline: Duration

    private var secrets: SecretStore { SecretStore(directory: home.secrets) }
    private var portFile: String { "\(home.run)/redis.port" }
    private var log: String { "\(home.logs)/redis.log" }

    /// The login of Cortex in the secrets directory.
    static let login = "redis-\(RedisFiles.user)"
    /// The login of readers in the secrets directory.
    static let viewLogin = "redis-\(RedisFiles.viewUser)"

    /// The id of the running server of this home.
    var runningServer: Int32? { Self.runningServer(placement) }

    /// The id of the running server with this placement; a pid that another program has now does not count.
    static func runningServer(_ placement: Placement) -> Int32? {
        // A pid file that cannot be read says the same as none; the process list is asked then.
        let text = (try? SmallFile.readText(RedisFiles.pidFile(placement))) ?? nil
        let named = text.flatMap { Int32($0) }.map { [$0] } ?? []
        return (named + ProcessTable.mentioning(placement.redisConfiguration)).first { pid in
            ProcessTable.isRunning(pid) && ProcessTable.arguments(of: pid).contains(placement.redisConfiguration)
        }
    }

    /// The port of the last start.
    var port: UInt16? {
        // Without a readable file no port is known.
        ((try? SmallFile.readText(portFile)) ?? nil).flatMap { UInt16($0) }
    }

    /// Brings the server up; one that is up already is left alone.
    func up() async throws {
        let password = try secrets.password(Self.login).secret
        let view = try secrets.password(Self.viewLogin).secret
        if let pid = runningServer {
            if try await information(password) != nil { return }
            // It runs but does not let us in: it was started with other passwords, or hangs. It holds no data.
            try await stop(pid)
        }
        try SmallFile.write(
            text: RedisFiles.users(cortex: password, view: view),
            to: RedisFiles.usersFile(placement),
            owner: account
        )
        for attempt in 1...5 {
            do {
                try await start(on: choosePort(attempt: attempt), password: password)
                return
            } catch  where StartFailure.isPortTaken(error) && askedPort == nil && attempt < 5 {
                // Somebody took the port between the choice and the start: choose again.
                continue
            }
        }
    }

    private func choosePort(attempt: Int) throws -> UInt16 {
        let recorded = attempt == 1 ? port : nil
        switch PortDecision.decide(asked: askedPort, recorded: recorded, isFree: FreePort.isFree) {
        case .use(let port): return port
        case .choose: return try FreePort.choose()
        case .taken(let port): throw PortDecision.error(port, server: "Redis")
        }
    }

    private func start(on port: UInt16, password: Secret) async throws {
        let text = RedisFiles.configuration(placement: placement, port: port, memory: MachineMemory.limit())
        try SmallFile.write(text: text, to: placement.redisConfiguration, owner: account)
        try SmallFile.write(text: "\(port)\n", to: portFile, mode: 0o644)
        let logStart = SmallFile.size(of: log)
        let command = ChildCommand(installation.server, [placement.redisConfiguration], account: account)
        let pid = try await Daemon.launch(command, log: log)
        let end = ContinuousClock.now + startDeadline
        do {
            while try await information(password) == nil {
                let tail = SmallFile.tail(of: log, from: logStart)
                guard ProcessTable.isRunning(pid) else { throw StartFailure.redis(log: log, tail: tail) }
                guard ContinuousClock.now < end else {
                    throw StartFailure.redis(log: log, tail: tail, deadline: startDeadline)
                }
                try await Task.sleep(for: .milliseconds(10))
            }
        } catch {
            ProcessTable.signal(pid, SIGKILL)
            throw error
        }
    }

    /// The lines of `INFO server` by name; nil while the server does not answer us.
    func information(_ password: Secret) async throws -> [String: String]? {
        guard Directory.exists(placement.redisSocket) else { return nil }
        let command = ChildCommand(
            installation.client,
            ["-s", placement.redisSocket, "--user", RedisFiles.user, "--no-auth-warning", "INFO", "server"],
            environment: ["REDISCLI_AUTH": password.reveal()]
        )
        let result = try await ChildProcess.run(command, deadline: .seconds(10))
        guard result.succeeded, result.outputText.contains("redis_version:") else { return nil }
        var lines: [String: String] = [:]
        for line in result.outputText.split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { lines[String(parts[0])] = String(parts[1]) }
        }
        return lines
    }

    /// Stops the server if it runs.
    static func down(_ placement: Placement, log: String) async throws {
        guard let pid = runningServer(placement) else { return }
        var machine = StopStateMachine(pid: pid, gentleSignal: SIGTERM, firmSignal: SIGKILL, patience: .seconds(10))
        try await ServerStopper.run(&machine, name: "Redis", log: log)
    }

    private func stop(_ pid: Int32) async throws {
        try await Self.down(placement, log: log)
    }
}
