import Diagnostics
public import EmbeddedServers

/// Servers that are already there, given by URLs.
///
/// Cortex neither starts nor stops them.
public struct ExistingTarget: RuntimeTarget {
    private let servers: ExistingServers

    /// The target of a libpq URL and, if there is one, a Redis URL.
    public init(postgresURL: String, redisURL: String? = nil, search: ServerSearch = ServerSearch()) {
        self.servers = ExistingServers(postgresURL: postgresURL, redisURL: redisURL, search: search)
    }

    /// Checks that the servers answer and returns the URLs as they were given.
    ///
    /// Throws `postgres.unavailable`, `postgres.authentication`, `server.start_failed` (Redis) or `program.missing`.
    public func up() async throws -> TargetEndpoints {
        _ = try await servers.postgresVersion()
        _ = try await servers.redisVersion()
        return TargetEndpoints(postgresURL: servers.postgresURL, redisURL: servers.redisURL)
    }

    /// Does nothing: what Cortex did not start it does not stop, and a purge of somebody else's server is refused.
    public func down(purge: Bool) async throws {
        guard purge else { return }
        throw EmbeddedServersError(
            .notPermitted,
            "a server given by its URL is not purged",
            hint: "Drop the database with the tools of that server."
        )
    }

    /// Whether the servers answer; the URLs are shown without passwords.
    public func status() async throws -> TargetStatus {
        TargetStatus(
            postgres: try await status(of: servers.postgresURL) { try await servers.postgresVersion() },
            redis: try await redisStatus()
        )
    }

    private func redisStatus() async throws -> TargetServerStatus? {
        guard let url = servers.redisURL else { return nil }
        return try await status(of: url) { try await servers.redisVersion() }
    }

    private func status(
        of url: String,
        _ version: () async throws -> String?
    ) async throws -> TargetServerStatus {
        let shown = Redaction.redact(url)
        do {
            return TargetServerStatus(.running, version: try await version(), url: shown)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            // Why it does not answer is what `up` tells.
            return TargetServerStatus(.unreachable, url: shown)
        }
    }
}
