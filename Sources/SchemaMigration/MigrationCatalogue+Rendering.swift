import Postgres

extension MigrationCatalogue {
    /// All steps as one SQL file for people to review and for `psql --set=ON_ERROR_STOP=1 --file` to run.
    ///
    /// It is one transaction that makes what `SchemaMigrator.up` makes, ledger and recorded catalogue included, and refuses a
    /// database that has a ledger already.
    public func render() -> String {
        var parts = [Self.head]
        parts += Bootstrap.statements.map { "\($0);" }
        for step in steps {
            parts.append("-- \(step.label)\n\n" + Self.sessionSettings)
            parts.append(Self.closed(step.up))
            parts.append("-- \(step.label): verification\n\nSAVEPOINT verification;")
            parts.append(Self.closed(step.verify))
            parts.append("ROLLBACK TO SAVEPOINT verification;\nRELEASE SAVEPOINT verification;\nRESET ROLE;")
            parts.append(Self.ledgerRow(step))
        }
        parts.append("-- The catalogue, as it is compared with later\n\n\(CatalogueSnapshot.settings);")
        parts.append("INSERT INTO cortex.schema_catalogue (object, definition)\n\(CatalogueSnapshot.query);")
        parts.append("COMMIT;\n")
        return parts.joined(separator: "\n\n")
    }

    private static let head = """
        -- The schema of Cortex, rendered by `cortex schema render`. Do not edit it.

        BEGIN;

        SELECT pg_advisory_xact_lock(\(SchemaLock.key));

        DO $$
        BEGIN
            IF to_regclass('cortex.schema_migrations') IS NOT NULL THEN
                RAISE EXCEPTION 'the database has a Cortex schema already' USING HINT = 'run cortex schema up instead';
            END IF;
        END
        $$;
        """

    private static let sessionSettings = """
        SET LOCAL search_path = public, pg_temp;
        SET LOCAL client_min_messages = warning;
        """

    private static func ledgerRow(_ step: SchemaStep) -> String {
        let values = [step.name, step.checksum].map(PostgresIdentifier.literal).joined(separator: ", ")
        return """
            INSERT INTO cortex.schema_migrations (number, name, checksum, duration_ms)
            VALUES (\(step.number), \(values), 0);
            """
    }

    /// The text with its last statement ended.
    private static func closed(_ text: String) -> String {
        "\(text.reversed().drop(while: \.isNewline).reversed().map(String.init).joined())\n;"
    }
}
