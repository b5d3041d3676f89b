/// What stands before the first migration: the schema `cortex`, the ledger and the recorded catalogue.
enum Bootstrap {
    /// The statements that make it; again is the same as once.
    static let statements = [
        "CREATE SCHEMA IF NOT EXISTS cortex",
        """
        CREATE TABLE IF NOT EXISTS cortex.schema_migrations (
            number int PRIMARY KEY,
            name text NOT NULL,
            checksum text NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now(),
            applied_by text NOT NULL DEFAULT current_user,
            duration_ms bigint NOT NULL
        )
        """,
        """
        CREATE TABLE IF NOT EXISTS cortex.schema_catalogue (
            object text PRIMARY KEY,
            definition text NOT NULL
        )
        """,
    ]

    /// The statements that take it away after the first migration is undone; a schema that holds more stays.
    static let removal = [
        "DROP TABLE cortex.schema_catalogue, cortex.schema_migrations",
        """
        DO $$
        BEGIN
            DROP SCHEMA cortex;
        EXCEPTION WHEN dependent_objects_still_exist THEN
            NULL;
        END
        $$
        """,
    ]
}
