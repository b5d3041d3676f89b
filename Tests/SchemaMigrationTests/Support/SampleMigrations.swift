@testable import SchemaMigration

/// Three small migrations with an object of most kinds.
enum SampleMigrations {
    static let steps = [notes, search, rules]

    /// The first steps.
    static func catalogue(_ count: Int = steps.count) throws -> MigrationCatalogue {
        try MigrationCatalogue(Array(steps.prefix(count)))
    }

    /// The sample with one step in another form.
    static func catalogue(replacing step: SchemaStep) throws -> MigrationCatalogue {
        try MigrationCatalogue(steps.map { $0.number == step.number ? step : $0 })
    }

    static let notes = SchemaStep(
        number: 1,
        name: "notes",
        up: """
            -- Notes; a semicolon in a comment is none.
            CREATE TABLE public.notes (
                id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                title text NOT NULL DEFAULT 'a; b',
                body text,
                size int GENERATED ALWAYS AS (length(body)) STORED
            );
            INSERT INTO public.notes (title) VALUES ('first');
            """,
        verify: """
            SELECT to_regclass('public.notes') IS NOT NULL;
            INSERT INTO public.notes (title) VALUES ('written by the verification');
            """,
        down: "DROP TABLE public.notes;"
    )

    static let search = SchemaStep(
        number: 2,
        name: "search",
        up: """
            CREATE SCHEMA source;
            CREATE TYPE public.mood AS ENUM ('good', 'bad');
            CREATE FUNCTION public.shout(word text) RETURNS text LANGUAGE sql IMMUTABLE
            BEGIN ATOMIC
                SELECT CASE WHEN word = '' THEN ';' ELSE upper(word) END;
            END;
            CREATE FUNCTION public.touch() RETURNS trigger LANGUAGE plpgsql AS $body$
            BEGIN
                NEW.title := trim(NEW.title);
                RETURN NEW;
            END
            $body$;
            CREATE TRIGGER touched BEFORE UPDATE ON public.notes FOR EACH ROW EXECUTE FUNCTION public.touch();
            CREATE INDEX notes_title ON public.notes (title);
            CREATE VIEW source.titles AS SELECT title FROM public.notes;
            """,
        verify: """
            DO $$
            BEGIN
                ASSERT public.shout('a') = 'A';
                ASSERT (SELECT count(*) FROM source.titles) > 0;
            END
            $$;
            """,
        down: """
            DROP SCHEMA source CASCADE;
            DROP INDEX public.notes_title;
            DROP TRIGGER touched ON public.notes;
            DROP FUNCTION public.touch();
            DROP FUNCTION public.shout(text);
            DROP TYPE public.mood;
            """
    )

    static let rules = SchemaStep(
        number: 3,
        name: "rules",
        up: """
            ALTER TABLE public.notes ADD COLUMN mood public.mood;
            ALTER TABLE public.notes ADD CONSTRAINT notes_title CHECK (title <> '');
            ALTER TABLE public.notes ENABLE ROW LEVEL SECURITY;
            CREATE POLICY short ON public.notes FOR SELECT USING (length(title) < 100);
            GRANT SELECT ON public.notes TO pg_monitor;
            CREATE DOMAIN public.share AS numeric CHECK (VALUE BETWEEN 0 AND 1);
            """,
        verify: "SELECT count(*) = 1 FROM pg_policies WHERE tablename = 'notes';",
        down: """
            DROP DOMAIN public.share;
            REVOKE SELECT ON public.notes FROM pg_monitor;
            DROP POLICY short ON public.notes;
            ALTER TABLE public.notes DISABLE ROW LEVEL SECURITY;
            ALTER TABLE public.notes DROP CONSTRAINT notes_title, DROP COLUMN mood;
            """
    )

    /// A copy of a step with another text.
    static func changed(
        _ step: SchemaStep,
        name: String? = nil,
        up: String? = nil,
        verify: String? = nil,
        down: String? = nil
    ) -> SchemaStep {
        SchemaStep(
            number: step.number,
            name: name ?? step.name,
            up: up ?? step.up,
            verify: verify ?? step.verify,
            down: down ?? step.down
        )
    }
}
