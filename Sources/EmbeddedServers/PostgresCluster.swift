import Diagnostics
import Processes

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// One data directory with the programs that serve it: making it, starting and stopping its server, asking it.
struct PostgresCluster: Sendable {
    let installation: PostgresInstallation
    /// Who the server runs as and owns the files.
    let account: Account
    /// The data directory.
    let data: String
    /// The directory of the server's socket.
    let sockets: String
    /// The file that the server's log is appended to.
    let log: String

    /// The cluster of a placement for looking at it and stopping it.
    static func withoutPrograms(_ placement: Placement, _ account: Account, log: String) -> PostgresCluster {
        PostgresCluster(
            installation: .none,
            account: account,
            data: placement.data,
            sockets: placement.sockets,
            log: log
        )
    }

    /// Runs `initdb` in a directory beside the data directory and moves it into place when it is complete.
    ///
    /// A crash at any point leaves either no data directory or a complete one, so `PG_VERSION` in place means complete.
    /// `configure` writes its files into the directory before the move.
    func initialise(superuserPassword: Secret, isDurable: Bool, configure: (String) throws -> Void) async throws {
        let parent = Directory.parent(of: data)
        let making = "\(data).making-\(UInt32.random(in: 0...UInt32.max))"
        let passwordFile = "\(making).password"
        // `initdb` reads the password from a file, so that it is in no command line.
        try SmallFile.write(text: superuserPassword.reveal() + "\n", to: passwordFile, owner: account)
        // Removing what could not be finished is clean-up: the error that led here is the one to tell.
        defer { try? Directory.remove(passwordFile) }
        var arguments = [
            "--pgdata=\(making)", "--username=postgres", "--pwfile=\(passwordFile)", "--encoding=UTF8",
            "--data-checksums", "--auth-local=scram-sha-256", "--auth-host=scram-sha-256",
        ]
        arguments += ["--locale=\(Self.locale)"]
        if !isDurable { arguments.append("--no-sync") }
        let command = ChildCommand(installation.program("initdb"), arguments, account: account)
        do {
            let result = try await ChildProcess.run(command, deadline: .seconds(300))
            guard result.succeeded else { throw Self.initialisationFailure(ChildProcess.failure(of: command, result)) }
            try configure(making)
            try Directory.rename(making, to: data)
            try Directory.sync(parent)
        } catch {
            try? Directory.remove(making)  // cleanup: the first error is the one to tell
            throw error
        }
    }

    /// The locale of new clusters: bytewise order and UTF-8 characters, everywhere the same.
    static var locale: String {
        // Systems without C.UTF-8 get C, which differs in the classification of letters beyond ASCII only.
        guard let known = newlocale(everyCategory, "C.UTF-8", nil) else { return "C" }
        freelocale(known)
        return "C.UTF-8"
    }

    private static func initialisationFailure(_ cause: ProcessesError) -> EmbeddedServersError {
        let output = cause.details["output"] ?? ""
        let isFull = output.contains("No space left on device") || output.contains("Disk quota exceeded")
        return EmbeddedServersError(
            isFull ? .diskFull : .serverStartFailed,
            "the PostgreSQL data directory could not be made",
            hint: isFull ? "Free at least 200 MB and try again." : "The details hold what initdb said.",
            cause: cause,
            details: ["log": output]
        )
    }

    // MARK: Process

    /// What the server's pid file says, if there is one.
    var pidFile: PostmasterFile? {
        // A file that vanishes while it is read says the same as no file.
        ((try? SmallFile.readText("\(data)/postmaster.pid")) ?? nil).flatMap(PostmasterFile.init)
    }

    /// The id of the running server of this very data directory; a pid that another program has now does not count.
    var runningServer: Int32? {
        guard let file = pidFile, isServer(file.pid) else { return nil }
        return file.pid
    }

    /// Whether the process is the server of this data directory.
    func isServer(_ pid: Int32) -> Bool {
        ProcessTable.isRunning(pid) && ProcessTable.arguments(of: pid).contains(data)
    }

    /// The process id in the pid file when it is taken, but not by the server.
    ///
    /// It is another program's, or that of a server that was killed and not yet collected. PostgreSQL would refuse to start beside it.
    var strangePID: Int32? {
        guard let pid = pidFile?.pid, !isServer(pid), ProcessTable.exists(pid) else { return nil }
        return pid
    }

    /// Removes lock files whose process id another program has now.
    ///
    /// Only for a moment at which no process of this data directory is left. Sockets and their locks lie in a directory that is this server's alone.
    func removeStaleLocks() throws {
        if strangePID != nil { try Directory.remove("\(data)/postmaster.pid") }
        for name in Directory.entries(of: sockets) where name.hasPrefix(".s.PGSQL.") {
            try Directory.remove("\(sockets)/\(name)")
        }
    }

    /// Starts the server in the background and waits until it accepts connections.
    ///
    /// Throws `server.start_failed`, `port.taken` or `disk.full` with the end of the log in `details["log"]`.
    func start(deadline: Duration) async throws {
        let logStart = SmallFile.size(of: log)
        let command = ChildCommand(installation.program("postgres"), ["-D", data], account: account)
        let pid = try await Daemon.launch(command, log: log)
        let end = ContinuousClock.now + deadline
        var pause = Duration.milliseconds(5)
        do {
            while !(pidFile?.isReady ?? false && pidFile?.pid == pid) {
                let tail = SmallFile.tail(of: log, from: logStart)
                guard ProcessTable.isRunning(pid) else { throw StartFailure.postgres(log: log, tail: tail) }
                guard ContinuousClock.now < end else {
                    throw StartFailure.postgres(log: log, tail: tail, deadline: deadline)
                }
                try await Task.sleep(for: pause)
                pause = min(pause * 2, .milliseconds(50))
            }
        } catch {
            // A server that was not ready in time must not be left half started.
            ProcessTable.signal(pid, SIGQUIT)
            throw error
        }
    }

    /// Stops the server: `fast` first (sessions are cut, data is written), after its deadline `immediate`, then SIGKILL.
    ///
    /// Returns when the process is gone. Throws `server.stop_failed` if even SIGKILL has no effect.
    func stop(patience: Duration = .seconds(30)) async throws {
        guard let pid = runningServer else { return }
        var machine = StopStateMachine(pid: pid, gentleSignal: SIGINT, firmSignal: SIGQUIT, patience: patience)
        try await ServerStopper.run(&machine, name: "PostgreSQL", log: log)
    }

    // MARK: Asking

    /// A URL for the socket.
    func url(user: String, database: String, port: UInt16, passfile: String? = nil) -> String {
        ConnectionURL.postgres(user: user, database: database, host: sockets, port: port, passfile: passfile)
    }

    /// Runs a script with psql and returns what it printed: fields separated by `|`, no headings.
    func psql(_ url: String, _ script: String, deadline: Duration = .seconds(30)) async throws -> String {
        try await PostgresShell(installation: installation).run(script, at: url, deadline: deadline)
    }
}

#if canImport(Darwin)
private let everyCategory = LC_ALL_MASK
#else
private let everyCategory: Int32 = 0x1fbf
#endif
