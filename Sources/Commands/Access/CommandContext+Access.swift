import Access
import Diagnostics
import EmbeddedServers
import Postgres
import SchemaMigration

/// Where keys and users are.
struct AccessStores: Sendable {
    /// The keys of the home's file and of the database.
    let keys: CombinedKeyStore
    /// The users; nil where no database with the schema is there.
    let users: PostgresUserStore?
}

extension CommandContext {
    /// The principal that changes made on this command line are recorded under.
    var principal: String { "cli:" + (environment["USER"] ?? environment["LOGNAME"] ?? "unknown") }

    /// Lends the stores of keys and users; where the target's database does not run or has no schema yet, the file of the home.
    func withAccess<R>(_ selection: TargetSelection, _ body: (AccessStores) async throws -> R) async throws -> R {
        let home = try CortexHome(home)
        try home.prepare()
        let file = FileKeyStore(directory: home.secrets)
        guard let url = try await selection.connectionURL() else {
            return try await body(AccessStores(keys: CombinedKeyStore(file: file, database: nil), users: nil))
        }
        return try await PostgresClient.withClient(postgresConfiguration(url), maximumSessions: 2) { client in
            let status = try await client.withSession { try await SchemaMigrator(session: $0).status() }
            if let problem = status.problem { throw problem }
            switch status.state {
            case .absent:
                return try await body(AccessStores(keys: CombinedKeyStore(file: file, database: nil), users: nil))
            case .current:
                let keys = CombinedKeyStore(file: file, database: PostgresKeyStore(client))
                return try await body(AccessStores(keys: keys, users: PostgresUserStore(client)))
            case .outdated, .newer:
                throw CommandError(
                    .schemaOutdated,
                    "the database is at schema version \(status.current), this program needs \(status.latest)",
                    hint: "Run cortex schema up."
                )
            }
        }
    }

    /// Makes the first administrator's key in the home's `secrets/admin.key`, unless it is there, and says so.
    func ensureAdminKey(_ selection: TargetSelection) async throws {
        let home = try CortexHome(home)
        let made = try await withAccess(selection) { try await AdminKey.ensure(in: home.secrets, $0.keys) }
        if made { output.note("the key of the first administrator is in \(AdminKey.path(in: home.secrets))") }
    }

    /// Lends the store of users, which only a database has.
    func withUsers<R>(_ selection: TargetSelection, _ body: (PostgresUserStore) async throws -> R) async throws -> R {
        try await withAccess(selection) { stores in
            guard let users = stores.users else {
                throw CommandError(
                    .postgresUnavailable,
                    "users are kept in the database, and there is none with the schema",
                    hint:
                        "Start it with cortex up and run cortex schema up; until then there are keys: cortex keys create."
                )
            }
            return try await body(users)
        }
    }
}
