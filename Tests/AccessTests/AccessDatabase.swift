import Postgres
import SchemaMigration
import TestSupport

/// Runs the body with a client of a fresh database with the shipped schema that acts as `cortex_api`.
func withAccessDatabase<R>(_ body: (PostgresClient) async throws -> R) async throws -> R {
    try await TestDatabase.withDatabase { url in
        try await PostgresClient.withClient(PostgresConfiguration(url: url), maximumSessions: 1) { client in
            try await client.withSession { session in _ = try await SchemaMigrator.ensureCurrent(session) }
        }
        let asAPI = url + (url.contains("?") ? "&" : "?") + "options=-c%20role%3Dcortex_api"
        return try await PostgresClient.withClient(PostgresConfiguration(url: asAPI), maximumSessions: 2, body)
    }
}
