import Diagnostics
import Foundation
import Postgres
import Testing

@testable import SchemaMigration

@Suite("Schema migrator")
struct SchemaMigratorTests {
    @Test("applies what is missing, says what it did, and does nothing the second time")
    func upTwice() async throws {
        try await withEmptySession { session in
            let migrator = SchemaMigrator(session: session, migrations: try SampleMigrations.catalogue())
            #expect(try await migrator.status().state == .absent)
            let first = try await migrator.up()
            #expect(first.from == 0)
            #expect(first.to == 3)
            #expect(first.steps.map(\.name) == ["notes", "search", "rules"])
            let snapshot = try await session.snapshot()
            let second = try await migrator.up()
            #expect(second.steps.isEmpty)
            #expect(second.to == 3)
            #expect(snapshot.differences(in: try await session.snapshot()) == [])
            let status = try await migrator.status()
            #expect(status.state == .current)
            #expect(status.applied.map(\.checksum) == SampleMigrations.steps.map(\.checksum))
            #expect(status.applied.allSatisfy { $0.appliedBy == "postgres" && $0.appliedAt.hasSuffix("Z") })
        }
    }

    @Test("makes the same of a prefix applied twice and the rest as of all at once", arguments: 0...3)
    func prefixTwice(_ prefix: Int) async throws {
        let whole = try await withEmptySession { session in
            try await SchemaMigrator(session: session, migrations: try SampleMigrations.catalogue()).up()
            return try await session.snapshot()
        }
        try await withEmptySession { session in
            let migrator = SchemaMigrator(session: session, migrations: try SampleMigrations.catalogue())
            try await migrator.up(to: prefix)
            try await migrator.up(to: prefix)
            #expect(try await session.ledger() == Array(0..<prefix).map { $0 + 1 })
            try await migrator.up()
            #expect(whole.differences(in: try await session.snapshot()) == [])
        }
    }

    @Test("rolls back what a verification writes")
    func verificationLeavesNothing() async throws {
        try await withEmptySession { session in
            let migrator = SchemaMigrator(session: session, migrations: try SampleMigrations.catalogue())
            try await migrator.up()
            let verifications = try await migrator.verify()
            #expect(verifications.map(\.number) == [1, 2, 3])
            #expect(verifications.filter { !$0.passed }.isEmpty)
            #expect(try await session.lines("SELECT title FROM public.notes") == ["first"])
        }
    }

    @Test("names what no longer holds and where, and goes on with the others")
    func verificationFails() async throws {
        try await withEmptySession { session in
            let migrator = SchemaMigrator(session: session, migrations: try SampleMigrations.catalogue())
            try await migrator.up()
            try await session.run(script: "DROP POLICY short ON public.notes; DROP FUNCTION public.shout(text)")
            let failures = try await migrator.verify().map(\.failure)
            #expect(failures[0] == nil)
            #expect(failures[1]?.details["sqlstate"] == "42883")
            #expect(failures[1]?.details["file"] == "0002_search.verify.sql")
            #expect(failures[2]?.message.contains("0003_rules.verify.sql, line 1) does not hold") == true)
        }
    }

    @Test("undoes steps, and with the last one the ledger")
    func down() async throws {
        try await withEmptySession { session in
            let before = try await session.snapshot()
            let migrator = SchemaMigrator(session: session, migrations: try SampleMigrations.catalogue())
            try await migrator.up(to: 1)
            let first = try await session.snapshot()
            try await migrator.up()
            let report = try await migrator.down(to: 1)
            #expect(report.steps.map(\.number) == [3, 2])
            #expect(report.to == 1)
            #expect(first.differences(in: try await session.snapshot()) == [])
            #expect(try await migrator.drift().isEmpty)
            try await migrator.down(to: 0)
            #expect(before.differences(in: try await session.snapshot()) == [])
            #expect(try await migrator.status().state == .absent)
            #expect(try await migrator.down(to: 0).steps.isEmpty)
        }
    }

    @Test("refuses a number that there is not", arguments: [-1, 4])
    func unknownNumber(_ number: Int) async throws {
        try await withEmptySession { session in
            let migrator = SchemaMigrator(session: session, migrations: try SampleMigrations.catalogue())
            await #expect { try await migrator.up(to: number) } throws: { ($0 as? SchemaError)?.code == .usage }
            await #expect { try await migrator.down(to: number) } throws: { ($0 as? SchemaError)?.code == .usage }
        }
    }

    @Test("says that verification and drift need a schema")
    func absent() async throws {
        try await withEmptySession { session in
            let migrator = SchemaMigrator(session: session, migrations: try SampleMigrations.catalogue())
            await #expect { try await migrator.verify() } throws: { ($0 as? SchemaError)?.code == .schemaOutdated }
            await #expect { try await migrator.drift() } throws: { ($0 as? SchemaError)?.code == .schemaOutdated }
        }
    }

    @Test("finds public before a schema that has the role's name")
    func searchPath() async throws {
        try await withEmptySession { session in
            let step = SampleMigrations.changed(
                SampleMigrations.notes,
                up: "CREATE TABLE notes (a int); CREATE TABLE cortex.other (a int);",
                verify: "SELECT to_regclass('public.notes') IS NOT NULL, to_regclass('cortex.other') IS NOT NULL;",
                down: "DROP TABLE notes, cortex.other;"
            )
            try await session.run(script: "SET search_path = cortex, public")
            try await SchemaMigrator(session: session, migrations: try MigrationCatalogue([step])).up()
            #expect(try await session.ledger() == [1])
        }
    }

    @Test("reports in the names that programs read")
    func encoding() async throws {
        try await withEmptySession { session in
            func keys(_ value: some Encodable) throws -> Set<String> {
                let object = try JSONSerialization.jsonObject(with: JSONEncoder().encode(value)) as? [String: Any]
                return Set((object ?? [:]).keys)
            }
            let migrator = SchemaMigrator(session: session, migrations: try SampleMigrations.catalogue())
            let report = try await migrator.up(to: 2)
            #expect(try keys(report) == ["from", "to", "steps"])
            #expect(try keys(report.steps[0]) == ["number", "name", "duration_ms"])
            let status = try await migrator.status()
            #expect(try keys(status) == ["state", "current", "latest", "applied", "pending", "problem"])
            #expect(
                try keys(status.applied[0]) == [
                    "number", "name", "checksum", "applied_at", "applied_by", "duration_ms",
                ]
            )
            #expect(try keys(try await migrator.verify()[0]) == ["number", "name", "passed", "failure"])
        }
    }

    // MARK: Refusals

    @Test("leaves a database alone that a newer program migrated")
    func newer() async throws {
        try await withEmptySession { session in
            try await SchemaMigrator(session: session, migrations: try SampleMigrations.catalogue()).up()
            let older = SchemaMigrator(session: session, migrations: try SampleMigrations.catalogue(2))
            #expect(try await older.status().state == .newer)
            for work in [
                { try await older.up().to }, { try await older.down(to: 0).to }, { try await older.verify().count },
            ] {
                await #expect { _ = try await work() } throws: {
                    let error = $0 as? SchemaError
                    return error?.code == .schemaNewer && error?.hint?.contains("newer version") == true
                }
            }
            #expect(try await older.drift().isEmpty)
            #expect(try await session.ledger() == [1, 2, 3])
        }
    }

    @Test("leaves a database alone when an applied migration was edited or the ledger has a gap")
    func edited() async throws {
        try await withEmptySession { session in
            try await SchemaMigrator(session: session, migrations: try SampleMigrations.catalogue(2)).up()
            let edited = SampleMigrations.changed(SampleMigrations.notes, up: SampleMigrations.notes.up + "\n-- more")
            let other = SchemaMigrator(session: session, migrations: try SampleMigrations.catalogue(replacing: edited))
            await #expect { try await other.up() } throws: {
                let error = $0 as? SchemaError
                return error?.code == .schemaChecksum && error?.message.contains("0001_notes") == true
            }
            try await session.query("DELETE FROM cortex.schema_migrations WHERE number = 1")
            let migrator = SchemaMigrator(session: session, migrations: try SampleMigrations.catalogue())
            await #expect { try await migrator.up() } throws: { ($0 as? SchemaError)?.code == .schemaLedger }
            #expect(try await session.ledger() == [2])
        }
    }

    // MARK: Failures

    struct Failure: CustomTestStringConvertible {
        let testDescription: String
        let step: SchemaStep
        let file: String
        let line: String
        let sqlState: String?
        let message: String
    }

    static let failures = [
        Failure(
            testDescription: "an unknown column, on the third line of a statement",
            step: SampleMigrations.changed(
                SampleMigrations.search,
                up: "CREATE TABLE a (b int);\n-- ééé; then\nSELECT 'é',\n    b\nFROM public.notes,\n    nowhere;"
            ),
            file: "0002_search.up.sql",
            line: "6",
            sqlState: "42P01",
            message: "migration 0002_search (0002_search.up.sql, line 6) failed; nothing of it was kept"
        ),
        Failure(
            testDescription: "an exception, where the statement begins",
            step: SampleMigrations.changed(
                SampleMigrations.search,
                up: "\nDO $$\nBEGIN\n    RAISE 'no' USING HINT = 'ask';\nEND\n$$;"
            ),
            file: "0002_search.up.sql",
            line: "2",
            sqlState: "P0001",
            message: "migration 0002_search (0002_search.up.sql, line 2) failed; nothing of it was kept"
        ),
        Failure(
            testDescription: "a verification that fails",
            step: SampleMigrations.changed(SampleMigrations.search, verify: "SELECT true;\nSELECT 1 / 0;"),
            file: "0002_search.verify.sql",
            line: "2",
            sqlState: "22012",
            message:
                "the verification of migration 0002_search (0002_search.verify.sql, line 2) failed; nothing of it was kept"
        ),
        Failure(
            testDescription: "a verification that gives false",
            step: SampleMigrations.changed(SampleMigrations.search, verify: "SELECT 1, true;\nSELECT true, 1 = 2;"),
            file: "0002_search.verify.sql",
            line: "2",
            sqlState: nil,
            message:
                "the verification of migration 0002_search (0002_search.verify.sql, line 2) does not hold; nothing of it was kept"
        ),
    ]

    @Test("keeps the steps before a failing one, nothing of it, and says where it failed", arguments: failures)
    func failure(_ failure: Failure) async throws {
        try await withEmptySession { session in
            try await SchemaMigrator(session: session, migrations: try SampleMigrations.catalogue(1)).up()
            let before = try await session.snapshot()
            let migrator = SchemaMigrator(
                session: session,
                migrations: try SampleMigrations.catalogue(replacing: failure.step)
            )
            await #expect { try await migrator.up() } throws: {
                let error = $0 as? SchemaError
                return error?.code == .schemaMigrationFailed && error?.message == failure.message
                    && error?.details["file"] == failure.file && error?.details["line"] == failure.line
                    && error?.details["sqlstate"] == failure.sqlState && error?.hint != nil
                    && (error?.cause == nil) == (failure.sqlState == nil)
            }
            #expect(try await session.ledger() == [1])
            #expect(before.differences(in: try await session.snapshot()) == [])
            try await SchemaMigrator(session: session, migrations: try SampleMigrations.catalogue()).up()
            #expect(try await session.ledger() == [1, 2, 3])
        }
    }

    @Test("keeps a step that cannot be undone")
    func undoingFails() async throws {
        try await withEmptySession { session in
            let migrator = SchemaMigrator(session: session, migrations: try SampleMigrations.catalogue(1))
            try await migrator.up()
            try await session.run(script: "CREATE VIEW public.mine AS SELECT * FROM public.notes")
            let before = try await session.snapshot()
            await #expect { try await migrator.down(to: 0) } throws: {
                let error = $0 as? SchemaError
                return error?.message
                    == "undoing migration 0001_notes (0001_notes.down.sql, line 1) failed; nothing of it was kept"
                    && error?.details["sqlstate"] == "2BP01"
            }
            #expect(before.differences(in: try await session.snapshot()) == [])
            #expect(try await session.ledger() == [1])
        }
    }

    @Test("says that a role may not make the ledger")
    func notPermitted() async throws {
        try await withEmptySession { session in
            try await session.run(script: "SET SESSION AUTHORIZATION pg_monitor")
            let migrator = SchemaMigrator(session: session, migrations: try SampleMigrations.catalogue())
            await #expect { try await migrator.up() } throws: {
                let error = $0 as? SchemaError
                return error?.details["sqlstate"] == "42501" && error?.hint?.contains("owns the database") == true
            }
        }
    }

    @Test("A later step that grants brings the whole list of grants; until then the newest has to hold")
    func laterGrants() async throws {
        func step(_ name: String) -> SchemaStep {
            SchemaStep(
                number: MigrationCatalogue.shipped.latest + 1,
                name: name,
                up: "GRANT SELECT ON cortex.change_feed TO cortex_readonly;",
                verify: "SELECT has_table_privilege('cortex_readonly', 'cortex.change_feed', 'SELECT');",
                down: "REVOKE SELECT ON cortex.change_feed FROM cortex_readonly;"
            )
        }
        let lists = MigrationCatalogue.shipped.steps.filter(\.comparesGrants)
        let newest = try #require(lists.last).name
        for (name, failing) in [("reader", [newest]), ("more_grants", [])] {
            try await withEmptySession { session in
                try await SchemaMigrator.ensureCurrent(session)
                let steps = MigrationCatalogue.shipped.steps + [step(name)]
                let migrator = SchemaMigrator(session: session, migrations: try MigrationCatalogue(steps))
                try await migrator.up()
                #expect(try await migrator.verify().filter { !$0.passed }.map(\.name) == failing)
                try await migrator.down(to: MigrationCatalogue.shipped.latest)
                let shipped = try await SchemaMigrator(session: session).verify()
                #expect(shipped.allSatisfy(\.passed) && shipped.contains { $0.name == newest })
            }
        }
    }
}
