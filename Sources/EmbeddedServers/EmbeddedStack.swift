import Diagnostics
import Processes

/// PostgreSQL and Redis of one home: they outlive the command that starts them, until `down`.
public struct EmbeddedStack: Sendable {
    /// The home.
    public let home: CortexHome
    let configuration: EmbeddedStackConfiguration

    /// A stack that is brought up and down as configured.
    public init(home: CortexHome, configuration: EmbeddedStackConfiguration = EmbeddedStackConfiguration()) {
        self.home = home
        self.configuration = configuration
    }

    // MARK: Up

    /// Brings both servers up and returns where they are; what is up already is left alone.
    ///
    /// Two calls at once take turns. After a crash of a server, of the machine or of an earlier `up`, the next one
    /// repairs what is left. Throws `program.missing`, `not_permitted`, `setting.invalid`, `port.taken`, `disk.full`,
    /// `server.start_failed`, `file.cannot_write` or `run.locked`, each with cause and remedy.
    public func up() async throws -> EmbeddedEndpoints {
        // Nothing is written before everything that is needed is there.
        let account = try ServerAccount.resolve()
        let redisInstallation = try await RedisInstallation.choose(configuration.search)
        let newest = try await PostgresInstallation.choose(configuration.search)
        try home.prepare()
        return try await LockFile.withLock(
            at: home.stackLock,
            holder: "cortex up",
            patience: configuration.lockPatience
        ) {
            try home.prepare()
            let placement = try await Placement.of(home, account: account)
            try placement.prepare(account: account)
            trimLogs()
            let postgres = postgres(placement, account, try await installation(for: placement, newest))
            try await postgres.up()
            let redis = redis(placement, account, redisInstallation)
            try await redis.up()
            return try endpoints(postgres, redisPort: redis.port, placement)
        }
    }

    /// The programs that fit an existing data directory, else the newest.
    private func installation(
        for placement: Placement,
        _ newest: PostgresInstallation
    ) async throws -> PostgresInstallation {
        guard let text = try SmallFile.readText("\(placement.data)/PG_VERSION"), let major = Int(text),
            major != newest.major
        else { return newest }
        return try await PostgresInstallation.all(configuration.search).first { $0.major == major } ?? newest
    }

    private func postgres(
        _ placement: Placement,
        _ account: Account,
        _ installation: PostgresInstallation
    ) -> EmbeddedPostgres {
        EmbeddedPostgres(
            home: home,
            placement: placement,
            cluster: PostgresCluster(
                installation: installation,
                account: account,
                data: placement.data,
                sockets: placement.sockets,
                log: "\(home.logs)/postgres.log"
            ),
            askedPort: configuration.postgresPort,
            startDeadline: configuration.startDeadline
        )
    }

    private func redis(_ placement: Placement, _ account: Account, _ installation: RedisInstallation) -> EmbeddedRedis {
        EmbeddedRedis(
            home: home,
            placement: placement,
            account: account,
            installation: installation,
            askedPort: configuration.redisPort,
            startDeadline: configuration.startDeadline
        )
    }

    private func endpoints(
        _ postgres: EmbeddedPostgres,
        redisPort: UInt16?,
        _ placement: Placement
    ) throws -> EmbeddedEndpoints {
        guard let owner = postgres.url(EmbeddedPostgres.owner),
            let loopback = postgres.loopbackURL(EmbeddedPostgres.owner),
            let superuser = postgres.url(EmbeddedPostgres.superuser),
            let superuserLoopback = postgres.loopbackURL(EmbeddedPostgres.superuser),
            let port = postgres.cluster.pidFile?.port
        else {
            throw EmbeddedServersError(
                .serverStartFailed,
                "PostgreSQL ended right after its start",
                details: ["log": SmallFile.tail(of: postgres.cluster.log)]
            )
        }
        return EmbeddedEndpoints(
            postgresURL: owner,
            postgresLoopbackURL: loopback,
            superuserURL: superuser,
            superuserLoopbackURL: superuserLoopback,
            sockets: placement.sockets,
            postgresPort: port,
            redisURL: "redis://\(RedisFiles.user)@127.0.0.1:\(redisPort ?? 0)",
            redisSocket: placement.redisSocket,
            redisPassword: try secrets.existing(EmbeddedRedis.login) ?? Secret(""),
            notes: placement.notes
        )
    }

    var secrets: SecretStore { SecretStore(directory: home.secrets) }

    /// Logs above 16 MiB move aside once, so that they are bounded without a rotation program.
    private func trimLogs() {
        for name in ["postgres", "redis"] where SmallFile.size(of: "\(home.logs)/\(name).log") > 16 << 20 {
            // A log that cannot be moved goes on growing, which is no reason not to start.
            try? Directory.rename("\(home.logs)/\(name).log", to: "\(home.logs)/\(name).log.1")
        }
    }

    // MARK: Down

    /// Stops both servers; `purge` also removes what the stack made, in the home and outside it.
    ///
    /// Backups and reports of runs stay: the home itself goes only when there are none. Throws `server.stop_failed` or
    /// `run.locked`; a home that does not exist is down already.
    public func down(purge: Bool = false) async throws {
        let account = try ServerAccount.resolve()
        guard Directory.exists(home.marker) else { return }
        try await LockFile.withLock(
            at: home.stackLock,
            holder: purge ? "cortex down --purge" : "cortex down",
            patience: configuration.lockPatience
        ) {
            let placement = try await placementForStopping(account)
            try await EmbeddedRedis.down(placement, log: "\(home.logs)/redis.log")
            // Stopping needs no programs, so a stack whose packages were removed can still be stopped.
            try await postgres(placement, account, .none).down(patience: configuration.stopPatience)
            if purge { try remove(placement) }
        }
    }

    /// Where the servers are even when they could not be started any more.
    func placementForStopping(_ account: Account) async throws -> Placement {
        let base = PlacementDecision.elsewhere(home)
        let facts = PlacementFacts(
            home: home,
            dropsPrivileges: account != Account.current,
            isReachable: !Directory.exists(base),
            hasDataInHome: Directory.exists("\(home.postgres)/data"),
            hasDataElsewhere: Directory.exists("\(base)/postgres/data")
        )
        return try PlacementDecision.decide(facts)
    }

    private func remove(_ placement: Placement) throws {
        for path in placement.outside + [home.postgres, home.redis, home.secrets, home.logs] {
            try Directory.remove(path)
        }
        if placement.outside.contains(PlacementDecision.elsewhere(home)) {
            Directory.removeIfEmpty(Directory.parent(of: PlacementDecision.elsewhere(home)))
        }
        for path in [home.runs, home.backups] { Directory.removeIfEmpty(path) }
        try Directory.remove(home.run)
        let rest = Directory.entries(of: home.path).filter { "\(home.path)/\($0)" != home.marker }
        guard rest.isEmpty else { return }
        try Directory.remove(home.marker)
        Directory.removeIfEmpty(home.path)
    }

    // MARK: Status

    /// How both servers are; changes nothing and makes nothing.
    public func status() async throws -> EmbeddedStatus {
        let absent = EmbeddedStatus(postgres: ServerStatus(.absent), redis: ServerStatus(.absent), endpoints: nil)
        guard Directory.exists(home.marker) else { return absent }
        let account = try ServerAccount.resolve()
        let placement = try await placementForStopping(account)
        // Without the programs a server that runs cannot be asked: it is unreachable.
        let programs = (try? await PostgresInstallation.choose(configuration.search)) ?? .none
        let redisPrograms = (try? await RedisInstallation.choose(configuration.search)) ?? .none
        let postgres = postgres(placement, account, programs)
        let redis = redis(placement, account, redisPrograms)
        return EmbeddedStatus(
            postgres: try await status(of: postgres),
            redis: try await status(of: redis),
            endpoints: endpoints(of: postgres, redis, placement)
        )
    }

    /// Where the servers are by their own files; nil unless PostgreSQL runs.
    ///
    /// Asks neither of them and starts no program, so it takes a millisecond and says nothing of how they are.
    public func endpoints() async throws -> EmbeddedEndpoints? {
        guard Directory.exists(home.marker) else { return nil }
        let account = try ServerAccount.resolve()
        let placement = try await placementForStopping(account)
        return endpoints(of: postgres(placement, account, .none), redis(placement, account, .none), placement)
    }

    private func endpoints(
        of postgres: EmbeddedPostgres,
        _ redis: EmbeddedRedis,
        _ placement: Placement
    ) -> EmbeddedEndpoints? {
        guard postgres.cluster.runningServer != nil else { return nil }
        // A server that ends at this moment has no endpoints.
        return try? endpoints(postgres, redisPort: redis.port, placement)
    }

    private func status(of postgres: EmbeddedPostgres) async throws -> ServerStatus {
        guard Directory.exists("\(postgres.cluster.data)/PG_VERSION") else { return ServerStatus(.absent) }
        guard let pid = postgres.cluster.runningServer else { return ServerStatus(.stopped) }
        guard let url = postgres.url(EmbeddedPostgres.owner) else { return ServerStatus(.unreachable, processID: pid) }
        do {
            let text = try await postgres.cluster.psql(url, "SHOW server_version;", deadline: .seconds(10))
            return ServerStatus(.running, version: String(text.prefix { $0 != " " }), processID: pid)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            // Why it does not answer is the doctor's business.
            return ServerStatus(.unreachable, processID: pid)
        }
    }

    private func status(of redis: EmbeddedRedis) async throws -> ServerStatus {
        guard Directory.exists(redis.placement.redisConfiguration) else { return ServerStatus(.absent) }
        guard let pid = redis.runningServer else { return ServerStatus(.stopped) }
        guard let password = try secrets.existing(EmbeddedRedis.login),
            let information = try? await redis.information(password)  // no answer is what "unreachable" says
        else { return ServerStatus(.unreachable, processID: pid) }
        return ServerStatus(.running, version: information["redis_version"], processID: pid)
    }
}
