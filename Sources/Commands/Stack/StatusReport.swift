import Diagnostics
import Domain
import EmbeddedServers
import Postgres
import Processes
import Reporting
import RuntimeTargets
import Settings

/// What `cortex status` reports, with the fields of the interface.
struct StatusReport: Encodable, Equatable {
    let mode: SystemMode
    let home: String
    let postgres: Server
    let redis: Server
    let service: Service
    let lastRun: LastRun?

    /// A server of the target.
    struct Server: Encodable, Equatable {
        let state: ServerState
        let url: String?
        let superuserURL: String?
        let version: String?
    }

    /// The catalog service.
    struct Service: Encodable, Equatable {
        let state: ServerState
        let url: String?
    }

    /// The newest migration run of the home.
    struct LastRun: Codable, Equatable {
        let runID: String
        let status: String

        private enum CodingKeys: String, CodingKey {
            case status
            case runID = "run_id"
        }
    }

    /// Looks at the target and at the runs of the home; starts and changes nothing.
    static func make(in context: CommandContext, selection: TargetSelection, showsSecrets: Bool) async throws -> Self {
        let status = try await status(of: selection, showsSecrets: showsSecrets)
        let mode = await mode(in: context, selection: selection, status: status)
        let service = await ServiceProbe.status(in: context.home)
        let url = showsSecrets && !selection.isLocal ? selection.url?.reveal() : status.postgres.url
        return Self(
            mode: mode,
            home: context.home,
            postgres: Server(
                state: status.postgres.state,
                url: url,
                superuserURL: status.postgres.superuserURL,
                version: status.postgres.version
            ),
            redis: Server(
                state: status.redis?.state ?? .absent,
                url: status.redis?.url,
                superuserURL: nil,
                version: status.redis?.version
            ),
            service: Service(state: service.state, url: service.url),
            lastRun: RunHistory(directory: context.runsDirectory).newest()
        )
    }

    private static func status(of selection: TargetSelection, showsSecrets: Bool) async throws -> TargetStatus {
        guard let local = selection.target as? LocalTarget else { return try await selection.target.status() }
        return try await local.status(showingSecrets: showsSecrets)
    }

    /// The mode in the database.
    ///
    /// `json` before there is one. An unreachable database is reported by its state.
    private static func mode(
        in context: CommandContext,
        selection: TargetSelection,
        status: TargetStatus
    ) async -> SystemMode {
        guard status.postgres.state == .running else { return .json }
        do {
            guard let url = try await selection.connectionURL() else { return .json }
            return try await SystemModeRow.read(context.postgresConfiguration(url))
        } catch {
            context.output.warning("the mode cannot be read: \(error)")
            return .json
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(mode, forKey: .mode)
        try container.encode(home, forKey: .home)
        var server = container.nestedContainer(keyedBy: ServerKeys.self, forKey: .postgres)
        try server.encode(postgres.state, forKey: .state)
        try server.encode(postgres.url, forKey: .url)
        try server.encode(postgres.superuserURL, forKey: .superuserURL)
        try server.encode(postgres.version, forKey: .version)
        server = container.nestedContainer(keyedBy: ServerKeys.self, forKey: .redis)
        try server.encode(redis.state, forKey: .state)
        try server.encode(redis.url, forKey: .url)
        try server.encode(redis.version, forKey: .version)
        server = container.nestedContainer(keyedBy: ServerKeys.self, forKey: .service)
        try server.encode(service.state, forKey: .state)
        try server.encode(service.url, forKey: .url)
        try container.encode(lastRun, forKey: .lastRun)
    }

    private enum CodingKeys: String, CodingKey {
        case mode, home, postgres, redis, service
        case lastRun = "last_run"
    }

    private enum ServerKeys: String, CodingKey {
        case state, url, version
        case superuserURL = "superuser_url"
    }

    /// The same for people.
    var text: String {
        let rows = [
            ["mode", mode.rawValue, ""],
            ["home", home, ""],
            [
                "postgres", [postgres.state.rawValue, postgres.version].compactMap(\.self).joined(separator: " "),
                postgres.url ?? "",
            ],
            [
                "redis", [redis.state.rawValue, redis.version].compactMap(\.self).joined(separator: " "),
                redis.url ?? "",
            ],
            ["service", service.state.rawValue, service.url ?? ""],
            ["last run", lastRun.map { "\($0.status) \($0.runID)" } ?? "none", ""],
        ]
        let superuser = postgres.superuserURL.map { [["superuser", "", $0]] } ?? []
        return TextTable(["", "state", "url"], Array(rows[..<3]) + superuser + Array(rows[3...])).description
    }
}
