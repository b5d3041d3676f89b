import Diagnostics
public import Processes

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// How a throwaway PostgreSQL server is set up.
public struct ScratchPostgresConfiguration: Sendable {
    /// Whether it also listens on a port of 127.0.0.1 (with a password); off by default.
    public var listensOnLoopback = false
    /// Whether it survives a crash of its machine; off by default, which is much faster.
    public var isDurable = false
    /// Settings of `postgresql.conf` that win over the usual ones, such as `["wal_level": "logical"]`.
    public var settings: [String: String] = [:]
    /// The major version to use; the newest one by default.
    public var major: Int?
    /// Where the programs are looked for.
    public var search = ServerSearch()

    /// The defaults: fast, and reachable through its socket only.
    public init() {}
}

/// A throwaway PostgreSQL server with everything it owns in one directory that is gone at the end of its scope.
public final class ScratchPostgres: Sendable {
    private let cluster: PostgresCluster
    private let directory: ScratchDirectory
    private let configuration: ScratchPostgresConfiguration

    /// The port of its socket and, when it listens there, of 127.0.0.1.
    public let port: UInt16

    /// Runs a server for the body and removes it whatever happens, also when this process is killed.
    public static func withServer<R>(
        _ configuration: ScratchPostgresConfiguration = ScratchPostgresConfiguration(),
        _ body: (ScratchPostgres) async throws -> R
    ) async throws -> R {
        let server = try await launch(configuration)
        do {
            let result = try await body(server)
            try await server.dispose()
            return result
        } catch {
            // The first error is the one to tell; the watchdog removes the server in any case.
            try? await server.dispose()
            throw error
        }
    }

    /// Runs a server that ends with `dispose()` or with this process, whichever is first.
    public static func launch(
        _ configuration: ScratchPostgresConfiguration = ScratchPostgresConfiguration()
    ) async throws -> ScratchPostgres {
        let installation = try await PostgresInstallation.choose(major: configuration.major, configuration.search)
        let account = try ServerAccount.resolve()
        let directory = try await ScratchDirectory.make(account: account)
        do {
            let cluster = PostgresCluster(
                installation: installation,
                account: account,
                data: "\(directory.path)/data",
                sockets: directory.path,
                log: "\(directory.path)/postgres.log"
            )
            let server = try ScratchPostgres(cluster, directory, configuration)
            try await server.initialise()
            try await server.start()
            return server
        } catch {
            // See `withServer`.
            try? await directory.dispose()
            throw error
        }
    }

    private init(
        _ cluster: PostgresCluster,
        _ directory: ScratchDirectory,
        _ configuration: ScratchPostgresConfiguration
    ) throws {
        self.cluster = cluster
        self.directory = directory
        self.configuration = configuration
        self.port = try FreePort.choose()
    }

    /// Stops the server and removes all that belongs to it; calling it twice is fine.
    public func dispose() async throws {
        try await directory.dispose()
    }

    // MARK: Where it is

    /// The superuser's URL of a database (`postgres` by default), through the socket; it needs no password.
    public func url(database: String = "postgres") -> String {
        cluster.url(user: "postgres", database: database, port: port)
    }

    /// The superuser's URL through 127.0.0.1, with a passfile; nil unless it listens there.
    public func loopbackURL(database: String = "postgres") -> String? {
        guard configuration.listensOnLoopback else { return nil }
        return ConnectionURL.postgres(
            user: "postgres",
            database: database,
            host: "127.0.0.1",
            port: port,
            passfile: passfile
        )
    }

    /// Its programs, for tests that run `pg_dump` and the like.
    public var installation: PostgresInstallation { cluster.installation }

    /// Its data directory.
    public var dataDirectory: String { cluster.data }

    /// The user it runs as.
    public var account: Account { cluster.account }

    /// The end of its log.
    public var logTail: String { SmallFile.tail(of: cluster.log) }

    /// Its process id; nil while it does not run.
    public var processID: Int32? { cluster.runningServer }

    // MARK: What it does

    /// Starts it again after `stop()` or `kill()`, on the same port.
    public func start() async throws {
        if cluster.runningServer == nil, ProcessTable.workingIn(cluster.data).isEmpty { try cluster.removeStaleLocks() }
        try await cluster.start(deadline: .seconds(60))
    }

    /// Stops it in order.
    public func stop() async throws {
        try await cluster.stop()
    }

    /// Kills it with SIGKILL and waits until it and its sessions are gone.
    public func kill() async throws {
        guard let pid = cluster.runningServer else { return }
        ProcessTable.signal(pid, SIGKILL)
        _ = try await ProcessTable.waitForExit(of: pid, within: .seconds(10))
        for child in ProcessTable.workingIn(cluster.data) {
            _ = try await ProcessTable.waitForExit(of: child, within: .seconds(10))
        }
    }

    /// Runs a script with psql as superuser and returns what it printed: fields separated by `|`, no headings.
    @discardableResult
    public func run(_ script: String, database: String = "postgres") async throws -> String {
        try await cluster.psql(url(database: database), script)
    }

    // MARK: Private parts

    private var passfile: String { "\(directory.path)/passfile" }

    private func initialise() async throws {
        let password = Secret.generated()
        let line = "*:*:*:postgres:\(password.reveal())\n"
        try SmallFile.write(text: line, to: passfile)
        try await cluster.initialise(superuserPassword: password, isDurable: false) { data in
            try SmallFile.write(text: settings, to: "\(data)/postgresql.conf", owner: cluster.account)
            // The socket lies in a directory that only the owner can enter.
            let rules = "local all all trust\nlocal replication all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
            try SmallFile.write(text: rules, to: "\(data)/pg_hba.conf", owner: cluster.account)
        }
    }

    private var settings: String {
        var values = [
            "listen_addresses": configuration.listensOnLoopback ? "127.0.0.1" : "",
            "port": String(port),
            "unix_socket_directories": cluster.sockets,
            "unix_socket_permissions": "0700",
            "max_connections": "120",
            "shared_buffers": "128MB",
            "dynamic_shared_memory_type": "mmap",
            "log_timezone": "UTC",
            "timezone": "UTC",
            "lc_messages": "C",
        ]
        if !configuration.isDurable {
            values.merge(["fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"]) { $1 }
        }
        values.merge(configuration.settings) { $1 }
        return PostgresSettingsFile.render(values)
    }
}

/// Runs the body against a throwaway PostgreSQL server, given as its superuser's URL, and removes the server.
public func withScratchPostgres<R>(_ body: (String) async throws -> R) async throws -> R {
    try await ScratchPostgres.withServer { server in try await body(server.url()) }
}
