import Diagnostics
import EmbeddedServers
import Postgres
import RuntimeTargets
import SchemaMigration

extension CommandContext {
    /// Lends a session of the target's database to the body; the embedded stack has to run already.
    func withRunningDatabase<R>(
        _ selection: TargetSelection,
        _ body: (PostgresSession) async throws -> R
    ) async throws -> R {
        guard let url = try await selection.connectionURL() else {
            throw CommandError(
                .postgresUnavailable,
                "the embedded PostgreSQL of \(home) is not running",
                hint: "Start it with cortex up, or name another database with --target or DATABASE_URL."
            )
        }
        return try await PostgresClient.withClient(postgresConfiguration(url), maximumSessions: 1) { client in
            try await client.withSession(body)
        }
    }

    /// Brings the schema up to date and, on the embedded stack, gives the logins that it made their generated passwords.
    @discardableResult
    func bringSchemaUp(
        _ selection: TargetSelection,
        session: PostgresSession,
        to limit: Int? = nil
    ) async throws -> SchemaChangeReport {
        let report = try await SchemaMigrator(session: session).up(to: limit)
        guard let local = selection.target as? LocalTarget else { return report }
        for login in try local.laterLogins() {
            let role = PostgresValue.text(login.role)
            guard try await session.query("SELECT FROM pg_roles WHERE rolname = $1", [role]).first != nil else {
                continue
            }
            // ALTER ROLE takes no parameters; the server quotes the values for it.
            let statement = try await session.query(
                "SELECT format('ALTER ROLE %I LOGIN PASSWORD %L', $1::text, $2::text) AS statement",
                [role, .text(login.secret.reveal())]
            )
            guard let text = statement.first?["statement"].string else { continue }
            try await session.run(script: text)
        }
        return report
    }
}
