import Diagnostics
import Processes

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The PostgreSQL server of a home: brings it up, takes it down, says how it is.
struct EmbeddedPostgres: Sendable {
    let home: CortexHome
    let placement: Placement
    let cluster: PostgresCluster
    /// The port that the caller insists on.
    let askedPort: UInt16?
    /// How long a start may take, recovery after a crash included.
    let startDeadline: Duration

    /// The superuser, and the owner of the database and of all that Cortex makes in it.
    static let superuser = "postgres"
    static let owner = "cortex"
    static let database = "cortex"
    /// Logins that migrations make later; their passwords exist from the beginning.
    static let laterRoles = ["cortex_api", "cortex_readonly", "cortex_relay"]

    private var secrets: SecretStore { SecretStore(directory: home.secrets) }
    private var portFile: String { "\(home.run)/postgres.port" }

    // MARK: Up

    /// Brings the server up with its roles and database; one that is up already is left alone.
    func up() async throws {
        try removeHalfMade()
        let superuser = try secrets.password(Self.superuser)
        for role in [Self.superuser, Self.owner] + Self.laterRoles {
            try secrets.writePassfile(role, secrets.password(role).secret)
        }
        var machine = PostgresStartStateMachine()
        while true {
            let action = machine.observed(observe())
            if case .ready = action { break }
            try await perform(action, passwordIsNew: superuser.isNew)
        }
        try await ensureDatabase()
    }

    private func perform(_ action: PostgresStartStateMachine.Action, passwordIsNew: Bool) async throws {
        switch action {
        case .initialise:
            try await initialise()
        case .endOrphans(let pids):
            try await end(pids)
        case .removePIDFile:
            try cluster.removeStaleLocks()
        case .awaitReady(let pid):
            try await awaitReady(pid)
        case .start:
            try cluster.removeStaleLocks()
            if passwordIsNew { try await resetSuperuserPassword() }
            try await startOnSomePort()
        case .fail(let failure):
            throw error(failure)
        case .ready:
            break
        }
    }

    /// What is seen now.
    func observe() -> PostgresFacts {
        let file = cluster.pidFile
        let server = cluster.runningServer
        var facts = PostgresFacts(data: dataState, installedMajor: cluster.installation.major)
        facts.server = server
        facts.isReady = server != nil && file?.isReady == true
        guard server == nil else { return facts }
        facts.reusedPID = cluster.strangePID
        // Sessions that outlived their main process, and a server whose files were removed beneath it.
        let strays = ProcessTable.mentioning(cluster.data).filter { cluster.isServer($0) }
        let sessions = ProcessTable.workingIn(cluster.data) + ProcessTable.workingIn(cluster.data + " (deleted)")
        facts.orphans = Array(Set(strays + sessions)).sorted()
        return facts
    }

    private var dataState: PostgresFacts.Data {
        // A version file that cannot be read is no data directory that can be served.
        if let text = (try? SmallFile.readText("\(cluster.data)/PG_VERSION")) ?? nil, let major = Int(text) {
            return .complete(major: major)
        }
        guard Directory.exists(cluster.data), !Directory.entries(of: cluster.data).isEmpty else { return .absent }
        return .foreign
    }

    /// Removes what a crash during `initdb` left, the still running `initdb` included.
    private func removeHalfMade() throws {
        let mark = "\(cluster.data).making-"
        for name in Directory.entries(of: placement.postgres) where name.hasPrefix("data.making-") {
            for pid in ProcessTable.mentioning(mark) { ProcessTable.signal(pid, SIGKILL) }
            try Directory.remove("\(placement.postgres)/\(name)")
        }
    }

    private func initialise() async throws {
        let wanted: Int64 = 200 << 20
        if let free = Directory.freeBytes(at: placement.postgres), free < wanted {
            throw EmbeddedServersError(
                .diskFull,
                "\(free >> 20) MB are free at \(placement.postgres); a new database needs \(wanted >> 20) MB",
                hint: "Free space there, or set CORTEX_HOME to another file system.",
                details: ["path": placement.postgres, "free_bytes": String(free)]
            )
        }
        let password = try secrets.password(Self.superuser).secret
        // An empty directory in the way is ours: the rename replaces it.
        try await cluster.initialise(superuserPassword: password, isDurable: true) { _ in }
    }

    private func end(_ pids: [Int32]) async throws {
        for pid in pids { ProcessTable.signal(pid, SIGQUIT) }
        for pid in pids where try await !ProcessTable.waitForExit(of: pid, within: .seconds(10)) {
            ProcessTable.signal(pid, SIGKILL)
            _ = try await ProcessTable.waitForExit(of: pid, within: .seconds(10))
        }
    }

    private func awaitReady(_ pid: Int32) async throws {
        let end = ContinuousClock.now + startDeadline
        while cluster.runningServer == pid, cluster.pidFile?.isReady != true {
            guard ContinuousClock.now < end else {
                throw StartFailure.postgres(
                    log: cluster.log,
                    tail: SmallFile.tail(of: cluster.log),
                    deadline: startDeadline
                )
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    private func startOnSomePort() async throws {
        for attempt in 1...5 {
            let port = try choosePort(attempt: attempt)
            try writeConfiguration(port: port)
            do {
                try await cluster.start(deadline: startDeadline)
                return
            } catch  where StartFailure.isPortTaken(error) && askedPort == nil && attempt < 5 {
                // Somebody took the port between the choice and the start: choose again.
                continue
            }
        }
    }

    private func choosePort(attempt: Int) throws -> UInt16 {
        let recorded = attempt == 1 ? try SmallFile.readText(portFile).flatMap { UInt16($0) } : nil
        switch PortDecision.decide(asked: askedPort, recorded: recorded, isFree: FreePort.isFree) {
        case .use(let port): return port
        case .choose: return try FreePort.choose()
        case .taken(let port): throw PortDecision.error(port, server: "PostgreSQL")
        }
    }

    private func writeConfiguration(port: UInt16) throws {
        let tuning = PostgresTuning.settings(
            memory: MachineMemory.limit(),
            sharedMemoryBytes: Directory.freeBytes(at: "/dev/shm"),
            processors: Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        )
        let text = EmbeddedPostgresFiles.settings(sockets: placement.sockets, port: port, tuning: tuning)
        try SmallFile.write(text: text, to: "\(cluster.data)/postgresql.conf", owner: cluster.account)
        try SmallFile.write(
            text: EmbeddedPostgresFiles.rules,
            to: "\(cluster.data)/pg_hba.conf",
            owner: cluster.account
        )
        try SmallFile.write(text: "\(port)\n", to: portFile, mode: 0o644)
    }

    // MARK: Roles and database

    /// The URL of a role through the socket; nil while the server does not run.
    func url(_ role: String, database: String = Self.database) -> String? {
        guard let port = cluster.pidFile?.port else { return nil }
        return cluster.url(user: role, database: database, port: port, passfile: secrets.passfile(role))
    }

    /// The URL of a role through 127.0.0.1, which any client understands; nil while the server does not run.
    func loopbackURL(_ role: String, database: String = Self.database) -> String? {
        guard let port = cluster.pidFile?.port else { return nil }
        return ConnectionURL.postgres(
            user: role,
            database: database,
            host: "127.0.0.1",
            port: port,
            passfile: secrets.passfile(role)
        )
    }

    /// Makes the owner role and the database unless the owner can already use the database.
    private func ensureDatabase() async throws {
        guard let ownerURL = url(Self.owner), let superuserURL = url(Self.superuser, database: "postgres") else {
            return
        }
        do {
            _ = try await cluster.psql(ownerURL, "SELECT 1;")
        } catch let error as EmbeddedServersError where error.code != .postgresStatement {
            let script = Self.bootstrap(owner: try secrets.password(Self.owner).secret)
            _ = try await cluster.psql(superuserURL, script)
        }
    }

    /// Makes role and database, and may be run again.
    ///
    /// The log is compressed by lz4 where the server has it: whole pages are written to it while an index is made, and the
    /// default takes a quarter of that time.
    /// The password is kept out of the server's log.
    private static func bootstrap(owner password: Secret) -> String {
        """
        SET log_statement = 'none'; SET log_min_error_statement = 'panic'; SET log_min_duration_statement = -1;
        SELECT 'CREATE ROLE \(owner)' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '\(owner)')\\gexec
        ALTER ROLE \(owner) LOGIN CREATEROLE CREATEDB PASSWORD '\(password.reveal())';
        SELECT 'CREATE DATABASE \(database) OWNER \(owner) TEMPLATE template0 ENCODING ''UTF8'' LOCALE ''\(PostgresCluster.locale)'''
            WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '\(database)')\\gexec
        ALTER DATABASE \(database) OWNER TO \(owner);
        SELECT 'ALTER SYSTEM SET wal_compression = lz4' FROM pg_settings
            WHERE name = 'wal_compression' AND 'lz4' = ANY (enumvals)\\gexec
        SELECT pg_reload_conf();
        """
    }

    /// Gives the superuser the new password when the file with the old one was lost: the server is not running, and
    /// its stand-alone form asks for none.
    private func resetSuperuserPassword() async throws {
        let password = try secrets.password(Self.superuser).secret
        let command = ChildCommand(
            cluster.installation.program("postgres"),
            ["--single", "-D", cluster.data, "postgres"],
            input: Array("ALTER ROLE \(Self.superuser) PASSWORD '\(password.reveal())';\n".utf8),
            account: cluster.account
        )
        let result = try await ChildProcess.run(command, deadline: startDeadline)
        guard result.succeeded, !result.errorText.contains("ERROR:") else {
            throw EmbeddedServersError(
                .serverStartFailed,
                "the lost password of the superuser could not be replaced",
                details: ["log": String(result.errorText.suffix(2_000))]
            )
        }
    }

    // MARK: Down

    /// Stops the server and whatever is left of an earlier one.
    func down(patience: Duration) async throws {
        try await cluster.stop(patience: patience)
        try await end(observe().orphans)
    }

    private func error(_ failure: PostgresStartStateMachine.Failure) -> EmbeddedServersError {
        let details = ["path": cluster.data, "log": SmallFile.tail(of: cluster.log)]
        switch failure {
        case .foreignData:
            return EmbeddedServersError(
                .serverStartFailed,
                "\(cluster.data) is no PostgreSQL data directory",
                hint: "Move it away; cortex up then makes a new one.",
                details: details
            )
        case .wrongVersion(let data, let installed):
            return EmbeddedServersError(
                .serverStartFailed,
                "\(cluster.data) belongs to PostgreSQL \(data), installed is \(installed)",
                hint: "Install PostgreSQL \(data) (package postgresql-\(data)), or start afresh: cortex down --purge.",
                details: details
            )
        case .stuck(let action):
            return EmbeddedServersError(
                .serverStartFailed,
                "PostgreSQL does not come up: the step \(action) changed nothing",
                hint: "Its log is \(cluster.log).",
                details: details
            )
        }
    }
}

extension PortDecision {
    /// The error for a port that was asked for and is taken.
    static func error(_ port: UInt16, server: String) -> EmbeddedServersError {
        EmbeddedServersError(
            .portTaken,
            "\(server) cannot listen on port \(port): another program does",
            hint: "Stop that program, choose another port, or leave the choice to cortex.",
            details: ["port": String(port)]
        )
    }
}
