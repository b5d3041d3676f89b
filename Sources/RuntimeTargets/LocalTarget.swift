public import EmbeddedServers

/// The embedded default: PostgreSQL and Redis as children of nobody, below the home.
public struct LocalTarget: RuntimeTarget {
    /// The home that holds everything.
    public let home: CortexHome
    private let stack: EmbeddedStack

    /// The target of a home.
    ///
    /// A configured port is insisted on; others are chosen and kept.
    public init(home: CortexHome, configuration: EmbeddedStackConfiguration = EmbeddedStackConfiguration()) {
        self.home = home
        self.stack = EmbeddedStack(home: home, configuration: configuration)
    }

    /// Brings both servers up; see `EmbeddedStack.up()` for the errors.
    public func up() async throws -> TargetEndpoints {
        Self.endpoints(try await stack.up())
    }

    /// Stops both servers; `purge` also removes their data, secrets and logs, but no backups and no runs.
    public func down(purge: Bool) async throws {
        try await stack.down(purge: purge)
    }

    /// How both servers are; their URLs are those through 127.0.0.1, which every client understands.
    public func status() async throws -> TargetStatus {
        try await status(showingSecrets: false)
    }

    /// The same, with the passwords in the URLs when they are to be shown.
    public func status(showingSecrets: Bool) async throws -> TargetStatus {
        let status = try await stack.status()
        let found = status.endpoints
        let owner = try found.map {
            showingSecrets ? try stack.revealedURL(role: "cortex", at: $0) : $0.postgresLoopbackURL
        }
        let superuser = try found.map {
            showingSecrets ? try stack.revealedURL(role: "postgres", at: $0) : $0.superuserLoopbackURL
        }
        let redis = found.map { showingSecrets ? stack.revealedRedisURL(at: $0) : $0.redisURL }
        return TargetStatus(
            postgres: TargetServerStatus(
                status.postgres.state,
                version: status.postgres.version,
                url: owner,
                superuserURL: superuser
            ),
            redis: TargetServerStatus(
                status.redis.state,
                version: status.redis.version,
                url: status.redis.state == .running ? redis : nil
            )
        )
    }

    /// Where the servers are, without starting anything; nil unless PostgreSQL runs.
    public func endpoints() async throws -> TargetEndpoints? {
        try await stack.endpoints().map(Self.endpoints)
    }

    /// The logins whose roles the schema migrations make: a later step gives them these passwords.
    public func laterLogins() throws -> [LoginSecret] {
        try stack.laterLogins()
    }

    /// The URL of another role of the database, such as `cortex_readonly`; nil unless PostgreSQL runs.
    public func url(role: String) async throws -> String? {
        try await stack.endpoints().map { stack.url(role: role, at: $0) }
    }

    /// Looks for everything that can keep the stack from working, without changing anything.
    public func diagnose() async -> [DoctorCheck] {
        await stack.diagnose()
    }

    private static func endpoints(_ found: EmbeddedEndpoints) -> TargetEndpoints {
        TargetEndpoints(
            postgresURL: found.postgresURL,
            superuserURL: found.superuserURL,
            redisURL: found.redisURL,
            redisSocket: found.redisSocket,
            redisPassword: found.redisPassword,
            notes: found.notes
        )
    }
}
