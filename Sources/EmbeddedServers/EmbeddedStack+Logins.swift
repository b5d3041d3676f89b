public import Diagnostics

extension EmbeddedStack {
    /// The generated logins of roles that migrations make later (`cortex_api`, `cortex_readonly`, `cortex_relay`).
    ///
    /// A later step gives the roles these passwords. Empty when the stack was never up.
    public func laterLogins() throws -> [LoginSecret] {
        try EmbeddedPostgres.laterRoles.compactMap { role in
            try secrets.existing(role).map { LoginSecret(role: role, secret: $0) }
        }
    }

    /// The password of a database role; nil when the stack was never up.
    public func password(of role: String) throws -> Secret? {
        try secrets.existing(role)
    }

    /// The password of the Redis user `cortex_view`, which reads the published view; nil when the stack was never up.
    public func redisViewPassword() throws -> Secret? {
        try secrets.existing(EmbeddedRedis.viewLogin)
    }

    /// The URL of a role of the running stack through the socket, with the role's passfile.
    public func url(role: String, at endpoints: EmbeddedEndpoints) -> String {
        ConnectionURL.postgres(
            user: role,
            database: EmbeddedPostgres.database,
            host: endpoints.sockets,
            port: endpoints.postgresPort,
            passfile: secrets.passfile(role)
        )
    }

    /// The URL of a role through 127.0.0.1 with its password in it: to be shown only on request.
    public func revealedURL(role: String, at endpoints: EmbeddedEndpoints) throws -> String {
        guard let password = try secrets.existing(role) else { return url(role: role, at: endpoints) }
        return
            "postgresql://\(role):\(password.reveal())@127.0.0.1:\(endpoints.postgresPort)/\(EmbeddedPostgres.database)"
    }

    /// The URL of Redis with its password in it: to be shown only on request.
    public func revealedRedisURL(at endpoints: EmbeddedEndpoints) -> String {
        endpoints.redisURL.replacing(
            "redis://\(RedisFiles.user)@",
            with: "redis://\(RedisFiles.user):\(endpoints.redisPassword.reveal())@"
        )
    }
}
