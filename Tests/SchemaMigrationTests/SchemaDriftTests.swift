import Postgres
import Testing

@testable import SchemaMigration

@Suite("Schema drift")
struct SchemaDriftTests {
    struct Change: CustomTestStringConvertible {
        /// The script.
        let sql: String
        let object: String
        let expected: String?
        let actual: String?
        var testDescription: String { sql }
    }

    static let changes = [
        Change(
            sql: "ALTER TABLE public.notes ALTER mood TYPE text",
            object: "column public.notes.mood",
            expected: "public.mood",
            actual: "text"
        ),
        Change(
            sql: "ALTER TABLE public.notes ALTER title DROP NOT NULL, ALTER title SET DEFAULT 'c'",
            object: "column public.notes.title",
            expected: "text not null default 'a; b'::text",
            actual: "text default 'c'::text"
        ),
        Change(
            sql: "ALTER TABLE public.notes ADD extra int",
            object: "column public.notes.extra",
            expected: nil,
            actual: "integer"
        ),
        Change(
            sql: "ALTER TABLE public.notes DROP size",
            object: "column public.notes.size",
            expected: "integer generated always as length(body)",
            actual: nil
        ),
        Change(
            sql: "ALTER TABLE public.notes DROP CONSTRAINT notes_title",
            object: "constraint notes_title on public.notes",
            expected: "CHECK ((title <> ''::text))",
            actual: nil
        ),
        Change(
            sql: "DROP INDEX public.notes_title",
            object: "index public.notes_title",
            expected: "CREATE INDEX notes_title ON public.notes USING btree (title)",
            actual: nil
        ),
        Change(
            sql: "ALTER TABLE public.notes DISABLE TRIGGER touched",
            object: "trigger touched on public.notes",
            expected:
                "CREATE TRIGGER touched BEFORE UPDATE ON public.notes FOR EACH ROW EXECUTE FUNCTION public.touch()",
            actual:
                "CREATE TRIGGER touched BEFORE UPDATE ON public.notes FOR EACH ROW EXECUTE FUNCTION public.touch(); disabled"
        ),
        Change(
            sql: "GRANT INSERT ON public.notes TO pg_monitor",
            object: "grant on table public.notes to pg_monitor",
            expected: "SELECT",
            actual: "INSERT, SELECT"
        ),
        Change(
            sql: "GRANT SELECT (title) ON public.notes TO PUBLIC",
            object: "grant on column public.notes.title to PUBLIC",
            expected: nil,
            actual: "SELECT"
        ),
        Change(
            sql: "REVOKE EXECUTE ON FUNCTION public.touch() FROM PUBLIC",
            object: "grant on function public.touch() to PUBLIC",
            expected: "EXECUTE",
            actual: nil
        ),
        Change(
            sql: "GRANT CREATE ON SCHEMA source TO pg_monitor WITH GRANT OPTION",
            object: "grant on schema source to pg_monitor",
            expected: nil,
            actual: "CREATE with grant option"
        ),
        Change(
            sql: "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO pg_monitor",
            object: "default privileges of postgres in schema public on tables to pg_monitor",
            expected: nil,
            actual: "SELECT"
        ),
        Change(
            sql: "ALTER TABLE public.notes DISABLE ROW LEVEL SECURITY",
            object: "table public.notes",
            expected: "owner postgres; row security",
            actual: "owner postgres"
        ),
        Change(
            sql: "ALTER POLICY short ON public.notes USING (true)",
            object: "policy short on public.notes",
            expected: "permissive for select to PUBLIC using (length(title) < 100)",
            actual: "permissive for select to PUBLIC using true"
        ),
        Change(
            sql: "ALTER TYPE public.mood ADD VALUE 'fair'",
            object: "type public.mood",
            expected: "owner postgres; enum 'good', 'bad'",
            actual: "owner postgres; enum 'good', 'bad', 'fair'"
        ),
        Change(
            sql: "ALTER DOMAIN public.share DROP CONSTRAINT share_check",
            object: "domain public.share",
            expected:
                "owner postgres; numeric; share_check CHECK (((VALUE >= (0)::numeric) AND (VALUE <= (1)::numeric)))",
            actual: "owner postgres; numeric"
        ),
        Change(
            sql: "CREATE OR REPLACE VIEW source.titles AS SELECT upper(title) AS title FROM public.notes",
            object: "view source.titles",
            expected: "owner postgres; as SELECT notes.title\n   FROM public.notes;",
            actual: "owner postgres; as SELECT upper(notes.title) AS title\n   FROM public.notes;"
        ),
        Change(
            sql: "CREATE RULE quiet AS ON DELETE TO public.notes DO INSTEAD NOTHING",
            object: "rule quiet on public.notes",
            expected: nil,
            actual: "CREATE RULE quiet AS\n    ON DELETE TO public.notes DO INSTEAD NOTHING;"
        ),
        Change(
            sql: "ALTER SEQUENCE public.notes_id_seq INCREMENT 2",
            object: "sequence public.notes_id_seq",
            expected: "owner postgres; as bigint start 1 increment 1 from 1 to 9223372036854775807 cache 1",
            actual: "owner postgres; as bigint start 1 increment 2 from 1 to 9223372036854775807 cache 1"
        ),
        Change(
            sql: "CREATE STATISTICS public.pair ON title, body FROM public.notes",
            object: "statistics public.pair",
            expected: nil,
            actual: "CREATE STATISTICS public.pair ON title, body FROM public.notes"
        ),
        Change(
            sql: "ALTER SCHEMA source OWNER TO pg_database_owner",
            object: "schema source",
            expected: "owner postgres",
            actual: "owner pg_database_owner"
        ),
    ]

    @Test("names the object that was changed by hand", arguments: changes)
    func change(_ change: Change) async throws {
        try await withEmptySession { session in
            let migrator = SchemaMigrator(session: session, migrations: try SampleMigrations.catalogue())
            try await migrator.up()
            #expect(try await migrator.drift() == [])
            try await session.run(script: change.sql)
            let drift = try await migrator.drift()
            #expect(
                drift.contains(SchemaDrift(object: change.object, expected: change.expected, actual: change.actual)),
                "\(drift)"
            )
        }
    }

    @Test("shows both forms of a function that was changed by hand, and nothing else")
    func function() async throws {
        try await withEmptySession { session in
            let migrator = SchemaMigrator(session: session, migrations: try SampleMigrations.catalogue())
            try await migrator.up()
            try await session.run(script: "ALTER FUNCTION public.shout(text) SECURITY DEFINER")
            let drift = try await migrator.drift()
            #expect(drift.map(\.object) == ["function public.shout(word text)"])
            #expect(drift.first?.expected?.contains("SECURITY DEFINER") == false)
            #expect(drift.first?.actual?.contains("SECURITY DEFINER") == true)
        }
    }

    @Test("does not hide what was changed by hand behind a later migration")
    func survivesMigration() async throws {
        try await withEmptySession { session in
            let migrator = SchemaMigrator(session: session, migrations: try SampleMigrations.catalogue())
            try await migrator.up(to: 2)
            try await session.run(script: "ALTER TABLE public.notes ADD extra int")
            try await migrator.up()
            #expect(try await migrator.drift().map(\.object) == ["column public.notes.extra"])
            try await migrator.down(to: 2)
            #expect(try await migrator.drift().map(\.object) == ["column public.notes.extra"])
        }
    }

    @Test("leaves out what was there before, staging, temporary objects, other schemas and extensions")
    func ignored() async throws {
        try await withEmptySession { session in
            try await session.run(script: "CREATE TABLE public.before (a int)")
            let migrator = SchemaMigrator(session: session, migrations: try SampleMigrations.catalogue())
            try await migrator.up()
            try await session.run(
                script: """
                    CREATE SCHEMA staging;
                    CREATE TABLE staging.rows (a int);
                    CREATE TEMPORARY TABLE notes (a int);
                    CREATE SCHEMA extensions;
                    CREATE EXTENSION pg_trgm SCHEMA public;
                    """
            )
            #expect(try await migrator.drift() == [])
        }
    }

    @Test("does not depend on the settings of the session")
    func settings() async throws {
        try await withEmptySession { session in
            let migrator = SchemaMigrator(session: session, migrations: try SampleMigrations.catalogue())
            try await migrator.up()
            try await session.run(
                script: """
                    SET search_path = public, source;
                    SET timezone = 'Asia/Tokyo';
                    SET datestyle = 'SQL, DMY';
                    SET intervalstyle = 'sql_standard';
                    SET quote_all_identifiers = on;
                    """
            )
            #expect(try await migrator.drift() == [])
        }
    }
}
