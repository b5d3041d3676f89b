import EmbeddedServers
import Postgres
import TestSupport
import Testing

@testable import SchemaMigration

@Suite("The rendered schema")
struct RenderingTests {
    @Test("applied through psql equals what the migrator makes, ledger and recorded catalogue included")
    func equalsMigrator() async throws {
        try await Self.compare(try SampleMigrations.catalogue())
        try await Self.compare(.shipped)
    }

    @Test("refuses a database that has a schema and leaves it as it was")
    func refusesSecond() async throws {
        let catalogue = try SampleMigrations.catalogue()
        try await TestDatabase.withDatabase { url in
            try await PostgresClient.withClient(PostgresConfiguration(url: url)) { client in
                try await client.withSession { session in
                    let migrator = SchemaMigrator(session: session, migrations: catalogue)
                    try await migrator.up()
                    await #expect(throws: EmbeddedServersError.self) { try await Self.psql(catalogue, session) }
                    #expect(try await migrator.drift() == [])
                }
            }
        }
    }

    @Test("does not depend on when or where it is made")
    func deterministic() throws {
        let text = MigrationCatalogue.shipped.render()
        #expect(text == MigrationCatalogue.shipped.render())
        #expect(text.hasPrefix("-- The schema of Cortex"))
        #expect(text.hasSuffix("COMMIT;\n"))
    }

    private static func psql(_ catalogue: MigrationCatalogue, _ session: PostgresSession) async throws {
        let database = try #require(try await session.value("SELECT current_database()"))
        try await TestDatabase.sharedServer().run(catalogue.render(), database: database)
    }

    private static func compare(_ catalogue: MigrationCatalogue) async throws {
        let (expected, recorded) = try await withEmptySession { session in
            try await SchemaMigrator(session: session, migrations: catalogue).up()
            return (try await session.snapshot(), try await CatalogueSnapshot.recorded(session))
        }
        try await withEmptySession { session in
            try await psql(catalogue, session)
            #expect(expected.differences(in: try await session.snapshot()) == [])
            #expect(recorded.differences(in: try await CatalogueSnapshot.recorded(session)) == [])
            let migrator = SchemaMigrator(session: session, migrations: catalogue)
            #expect(try await migrator.status().state == .current)
            #expect(try await migrator.up().steps.isEmpty)
            #expect(try await migrator.drift() == [])
        }
    }
}
