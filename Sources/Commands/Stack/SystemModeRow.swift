import Domain
import Postgres

/// The row that says where the truth lives.
enum SystemModeRow {
    /// The mode in the database; `json` where the schema of Cortex does not exist yet.
    static func read(_ client: PostgresClient) async throws -> SystemMode {
        guard try await exists(client) else { return .json }
        let row = try await client.query("SELECT mode FROM cortex.system_mode").first
        return row?["mode"].string.flatMap(SystemMode.init) ?? .json
    }

    /// Whether the schema of Cortex is there.
    static func exists(_ client: PostgresClient) async throws -> Bool {
        let row = try await client.query("SELECT to_regclass('cortex.system_mode') IS NOT NULL AS there").first
        return row?["there"].boolean == true
    }

    /// The mode, over a connection of its own.
    static func read(_ configuration: PostgresConfiguration) async throws -> SystemMode {
        try await PostgresClient.withClient(configuration, maximumSessions: 1) { try await read($0) }
    }
}
