import EmbeddedServers
import Postgres
import TestSupport

@testable import SchemaMigration

/// Runs the body with a session of a database that has the shipped schema: a copy of one that all tests share.
///
/// The copy lacks the grants on the database itself, which PostgreSQL does not copy.
func withShippedSchema<R>(_ body: (PostgresSession) async throws -> R) async throws -> R {
    try await TestDatabase.withDatabase { url in
        let name = try await withSession(of: url) { try await $0.value("SELECT current_database()") ?? "" }
        let server = try await TestDatabase.sharedServer()
        try await prepareShippedTemplate(server)
        try await server.run("DROP DATABASE \(name);")
        try await server.run("CREATE DATABASE \(name) TEMPLATE shipped;")
        return try await withSession(of: url, body)
    }
}

/// Makes the database `shipped`, unless it is there.
///
/// A lock of the server lets one test make it and the others wait.
private func prepareShippedTemplate(_ server: ScratchPostgres) async throws {
    try await withSession(of: server.url()) { session in
        try await session.query("SELECT pg_advisory_lock(1)")
        guard try await session.query("SELECT FROM pg_database WHERE datname = 'shipped'").rows.isEmpty else { return }
        try await session.query("CREATE DATABASE unfinished TEMPLATE template0 ENCODING 'UTF8'")
        try await withSession(of: server.url(database: "unfinished")) { session in
            _ = try await SchemaMigrator.ensureCurrent(session)
        }
        try await session.query("ALTER DATABASE unfinished RENAME TO shipped")
    }
}

private func withSession<R>(of url: String, _ body: (PostgresSession) async throws -> R) async throws -> R {
    try await PostgresClient.withClient(PostgresConfiguration(url: url)) { client in try await client.withSession(body)
    }
}
