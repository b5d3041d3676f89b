import Domain
import EmbeddedServers
import Postgres
import TestSupport
import Testing

@testable import SchemaMigration

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

@Suite("The shipped migrations")
struct ShippedMigrationsTests {
    @Test("are those of the SQL files")
    func embedded() throws {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let directory = "/\(root)/Sources/SchemaMigration/Resources/migrations"
        let files = try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
        #expect(
            files
                == MigrationCatalogue.shipped.steps.flatMap { step in
                    ["down", "up", "verify"].map { "\(step.label).\($0).sql" }
                }
        )
        for step in MigrationCatalogue.shipped.steps {
            for (part, text) in [("up", step.up), ("verify", step.verify), ("down", step.down)] {
                let file = "\(directory)/\(step.label).\(part).sql"
                #expect(try String(contentsOfFile: file, encoding: .utf8) == text, "run scripts/embed-migrations")
            }
        }
    }

    @Test("need no superuser, only a role that owns the database and may make roles")
    func ordinaryRole() async throws {
        try await TestDatabase.withServer { server in
            try await server.run("CREATE ROLE cortex LOGIN CREATEROLE CREATEDB; CREATE DATABASE cortex OWNER cortex;")
            let url = server.url(database: "cortex").replacing("//postgres", with: "//cortex")
            try await PostgresClient.withClient(PostgresConfiguration(url: url)) { client in
                try await client.withSession { session in
                    #expect(try await session.value("SELECT current_user") == "cortex")
                    try await SchemaMigrator.ensureCurrent(session)
                    let migrator = SchemaMigrator(session: session)
                    #expect(try await migrator.verify().filter { !$0.passed }.isEmpty)
                    #expect(try await migrator.drift() == [])
                    try await migrator.down(to: 0)
                    try await migrator.up()
                    #expect(try await migrator.drift() == [])
                }
            }
        }
    }

    @Test("make what the plan expects: at least 10 tables, 30 indexes and 5 functions that are ours")
    func counts() async throws {
        try await withShippedSchema { session in
            let numbers = try await session.query(
                """
                WITH extension_routine AS (
                    SELECT objid FROM pg_depend WHERE classid = 'pg_proc'::regclass AND deptype = 'e'
                ), routine AS (
                    SELECT oid, oid IN (SELECT objid FROM extension_routine) AS is_foreign
                    FROM pg_proc WHERE pronamespace = 'public'::regnamespace
                )
                SELECT (
                        SELECT count(*) FROM information_schema.tables
                        WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
                    ),
                    (SELECT count(*) FROM pg_indexes WHERE schemaname = 'public'),
                    (SELECT count(*) FROM routine WHERE NOT is_foreign),
                    (SELECT count(*) FROM routine WHERE is_foreign)
                """
            ).rows[0]
            #expect(numbers[0].integer ?? 0 >= 10)
            #expect(numbers[1].integer ?? 0 >= 30)
            #expect(numbers[2].integer ?? 0 >= 5)
            #expect(numbers[3].integer == 0)
        }
    }

    @Test(
        "have every column that records fill, with its type, and those that loading owns",
        arguments: CatalogTable.all.map(\.name)
    )
    func columns(_ name: String) async throws {
        let table = try #require(CatalogTable.named(name))
        try await withShippedSchema { session in
            let rows = try await session.query(
                """
                SELECT column_name, CASE WHEN data_type = 'ARRAY' THEN ltrim(udt_name, '_') || '[]'
                    WHEN data_type = 'timestamp with time zone' THEN 'timestamptz' ELSE data_type END
                FROM information_schema.columns WHERE table_schema = 'public' AND table_name = $1
                """,
                [.text(table.name)]
            ).rows
            let types = Dictionary(uniqueKeysWithValues: rows.map { ($0[0].string ?? "", $0[1].string ?? "") })
            for column in table.columns {
                #expect(types[column.name] == column.type.rawValue, "\(table.name).\(column.name)")
            }
            #expect(types["version"] == "bigint")
            #expect(types["imported_version"] == "bigint")
            #expect(types["source_record_id"] == "uuid")
            let owned: Set = [
                "version", "imported_version", "source_record_id", "search_vector", "id", "recorded_at", "chain_seq",
                "row_hash",
                "chain_hash",
            ]
            #expect(Set(types.keys).subtracting(table.columns.map(\.name)).subtracting(owned) == [])
            // The key of audit_logs is a number; the record is unique.
            let key = try await session.lines(
                """
                SELECT a.attname FROM pg_constraint c CROSS JOIN unnest(c.conkey) WITH ORDINALITY AS k (number, place)
                JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number
                WHERE c.conrelid = $1::text::regclass AND c.contype = $2::"char"
                ORDER BY k.place
                """,
                [.text("public.\(table.name)"), table.name == "audit_logs" ? "u" : "p"]
            )
            #expect(key == table.key)
        }
    }

    @Test("refer to other tables by exactly the foreign keys that the catalog derives")
    func references() async throws {
        try await withShippedSchema { session in
            let made = try await session.lines(
                """
                SELECT format('%s.%s > %s', c.conrelid::regclass, a.attname, c.confrelid::regclass)
                FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
                WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace AND c.condeferred
                """
            )
            let derived = CatalogTable.all.flatMap { table in
                table.columns.compactMap { column in
                    column.reference.map { "\(table.name).\(column.name) > \($0.table)" }
                }
            }
            #expect(Set(derived).subtracting(made) == [])
        }
    }

    /// The plan's validation queries, as they stand in it, without the one that asks Redis.
    static let validation = [
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public';",
        "SELECT count(*) FROM pg_indexes WHERE schemaname = 'public';",
        "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace;",
        "SELECT agent_type, count(*) FROM agents GROUP BY agent_type;",
        "SELECT task_status, count(*) FROM tasks GROUP BY task_status;",
        "SELECT asset_type, count(*) FROM assets GROUP BY asset_type;",
        "SELECT count(*) FROM audit_logs;",
        "SELECT agent_type, agent_status, count(*)\nFROM agents\nGROUP BY agent_type, agent_status;",
        """
        SELECT task_status, count(*),
               avg(EXTRACT(EPOCH FROM (completed_at - started_at))/60) as avg_minutes
        FROM tasks
        WHERE completed_at IS NOT NULL
        GROUP BY task_status;
        """,
        """
        SELECT event_type, count(*)
        FROM audit_logs
        WHERE occurred_at > NOW() - INTERVAL '1 hour'
        GROUP BY event_type;
        """,
    ]

    @Test("let cortex_readonly run the plan's validation queries")
    func validation() async throws {
        try await withShippedSchema { session in
            try await session.run(script: "SET SESSION AUTHORIZATION cortex_readonly")
            for sql in Self.validation { try await session.run(script: sql) }
        }
    }

    @Test(
        "keep schema source, password hashes and writing from cortex_readonly",
        arguments: [
            "SELECT FROM source.records", "SELECT FROM source.files", "SELECT password_hash FROM public.users",
            "DELETE FROM public.tasks", "INSERT INTO public.agents (agent_id) VALUES ('a')",
            "UPDATE cortex.system_mode SET mode = 'frozen'", "CREATE TABLE public.mine (a int)",
            "SET ROLE cortex_loader",
        ]
    )
    func readonlyLimits(_ sql: String) async throws {
        try await withShippedSchema { session in
            try await session.run(script: "SET SESSION AUTHORIZATION cortex_readonly")
            #expect(try await session.refusal(of: sql) == "42501")
        }
    }
}
