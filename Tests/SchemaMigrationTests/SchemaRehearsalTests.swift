import Diagnostics
import EmbeddedServers
import Postgres
import TestSupport
import Testing

@testable import SchemaMigration

@Suite("Schema rehearsal")
struct SchemaRehearsalTests {
    @Test("finds nothing when every step can be undone and made again")
    func clean() async throws {
        try await withEmptySession { session in
            let findings = try await SchemaRehearsal.run(on: session, migrations: try SampleMigrations.catalogue())
            #expect(findings == [])
            #expect(try await session.ledger() == [1, 2, 3])
        }
    }

    @Test("names what an undo leaves behind")
    func incompleteUndo() async throws {
        try await withEmptySession { session in
            let step = SampleMigrations.changed(
                SampleMigrations.rules,
                up: SampleMigrations.rules.up.replacing(
                    "CREATE DOMAIN",
                    with: "DROP DOMAIN IF EXISTS public.share; CREATE DOMAIN"
                ),
                down: SampleMigrations.rules.down.replacing("DROP DOMAIN public.share;", with: "")
            )
            let findings = try await SchemaRehearsal.run(
                on: session,
                migrations: try MigrationCatalogue([SampleMigrations.notes, SampleMigrations.search, step])
            )
            #expect(findings.first?.step == "0003_rules")
            #expect(findings.first?.expectation == "undone is as before")
            #expect(findings.first?.drift?.object == "domain public.share")
        }
    }

    @Test("names a verification that a later step makes false")
    func brokenVerification() async throws {
        try await withEmptySession { session in
            let step = SampleMigrations.changed(
                SampleMigrations.search,
                verify: "SELECT NOT relrowsecurity FROM pg_class WHERE relname = 'notes';"
            )
            let findings = try await SchemaRehearsal.run(
                on: session,
                migrations: try SampleMigrations.catalogue(replacing: step)
            )
            #expect(findings.first?.step == "0003_rules")
            #expect(findings.first?.expectation == "verifications hold")
            #expect(findings.first?.failure?.contains("0002_search.verify.sql, line 1") == true)
        }
    }

    @Test("leaves a database alone that has a schema")
    func notEmpty() async throws {
        try await withEmptySession { session in
            let catalogue = try SampleMigrations.catalogue()
            try await SchemaMigrator(session: session, migrations: catalogue).up()
            await #expect { try await SchemaRehearsal.run(on: session, migrations: catalogue) } throws: {
                ($0 as? SchemaError)?.code == .schemaOutdated
            }
            #expect(try await session.ledger() == [1, 2, 3])
        }
    }

    @Test("of the shipped migrations finds nothing")
    func shipped() async throws {
        // On a server of its own, because undoing drops roles that other databases are about to use.
        try await TestDatabase.withServer { server in
            try await PostgresClient.withClient(PostgresConfiguration(url: server.url())) { client in
                let findings = try await client.withSession { session in try await SchemaRehearsal.run(on: session) }
                #expect(findings == [])
            }
        }
    }
}
