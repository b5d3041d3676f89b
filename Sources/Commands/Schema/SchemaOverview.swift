import Postgres
import SchemaMigration

/// How many schema migrations a database has and how many this program ships.
struct SchemaOverview {
    let applied: Int
    let shipped: Int

    /// Asks the database; changes nothing.
    static func read(_ client: PostgresClient) async throws -> Self {
        let status = try await client.withSession { try await SchemaMigrator(session: $0).status() }
        return Self(applied: status.current, shipped: status.latest)
    }
}
