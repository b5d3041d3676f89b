import Diagnostics
import Processes

/// Servers that Cortex did not start, known by their URLs: whether they answer, and their versions.
public struct ExistingServers: Sendable {
    /// A URL of libpq.
    public let postgresURL: String
    /// A `redis://` or `rediss://` URL; nil without Redis.
    public let redisURL: String?
    private let search: ServerSearch

    /// Servers at these URLs, asked through `psql` and `redis-cli` that are looked for on the search path.
    public init(postgresURL: String, redisURL: String? = nil, search: ServerSearch = ServerSearch()) {
        self.postgresURL = postgresURL
        self.redisURL = redisURL
        self.search = search
    }

    /// The version of PostgreSQL.
    ///
    /// Throws `program.missing` without client programs, `postgres.authentication` or `postgres.unavailable`.
    public func postgresVersion() async throws -> String {
        let shell = PostgresShell(installation: try await PostgresInstallation.choose(search))
        let text = try await shell.run("SHOW server_version;", at: postgresURL, deadline: .seconds(15))
        return String(text.prefix { $0 != " " })
    }

    /// The version of Redis; nil without a Redis URL.
    ///
    /// Throws `program.missing`, or `server.start_failed` with what the client said.
    public func redisVersion() async throws -> String? {
        guard let redisURL else { return nil }
        let installation = try await RedisInstallation.choose(search)
        guard let address = RedisAddress(redisURL) else {
            throw EmbeddedServersError(
                .settingInvalid,
                "the Redis URL \(Redaction.redact(redisURL)) is not understood",
                hint: "Use redis://user:password@host:port/database."
            )
        }
        let command = ChildCommand(
            installation.client,
            address.arguments + ["--no-auth-warning", "INFO", "server"],
            environment: address.password.map { ["REDISCLI_AUTH": $0.reveal()] } ?? [:]
        )
        let result = try await ChildProcess.run(command, deadline: .seconds(15))
        let line = result.outputText.split(whereSeparator: \.isNewline).first { $0.hasPrefix("redis_version:") }
        guard let line else {
            let said = result.outputText.isEmpty ? result.errorText : result.outputText
            throw EmbeddedServersError(
                .serverStartFailed,
                "Redis at \(Redaction.redact(redisURL)) does not answer: \(said.prefix(200))",
                hint: "Check the address and the password, and that the server runs."
            )
        }
        return String(line.dropFirst("redis_version:".count))
    }
}
