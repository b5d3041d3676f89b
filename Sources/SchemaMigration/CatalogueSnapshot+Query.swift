extension CatalogueSnapshot {
    /// Settings, for the transaction only, under which equal objects give equal texts: every name outside of
    /// `pg_catalog` is written with its schema, every constant in one way.
    static let settings = """
        SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true),
            pg_catalog.set_config('quote_all_identifiers', 'off', true),
            pg_catalog.set_config('timezone', 'UTC', true),
            pg_catalog.set_config('datestyle', 'ISO, YMD', true),
            pg_catalog.set_config('intervalstyle', 'iso_8601', true),
            pg_catalog.set_config('extra_float_digits', '1', true),
            pg_catalog.set_config('bytea_output', 'hex', true)
        """

    /// One row for each object, its name and its definition.
    ///
    /// Needs `settings`. Objects of extensions, internal triggers and temporary objects are left out; so are comments, statistics targets,
    /// operators, casts, collations and text search configurations, which no migration of ours makes.
    static let query = """
        \(sources)
        SELECT object, definition
        FROM (
        \(([schemas, sharedObjects] + relations + routines + grants).joined(separator: "\nUNION ALL\n"))
        ) AS catalogue (object, definition)
        """

    /// The objects of our schemas that belong to no extension.
    private static let sources = """
        WITH ours AS (
            SELECT oid, nspname, nspowner, nspacl
            FROM pg_namespace
            WHERE nspname IN (\(schemaNames.map { "'\($0)'" }.joined(separator: ", ")))
        ), relation AS (
            SELECT c.*, format('%I.%I', o.nspname, c.relname) AS name,
                CASE c.relkind
                    WHEN 'S' THEN 'sequence' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
                    WHEN 'f' THEN 'foreign table' ELSE 'table'
                END AS kind
            FROM pg_class c
            JOIN ours o ON o.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
            AND NOT EXISTS (
                SELECT FROM pg_depend d
                WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
            )
        ), routine AS (
            SELECT p.*,
                CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END AS kind,
                format('%I.%I(%s)', o.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) AS name
            FROM pg_proc p
            JOIN ours o ON o.oid = p.pronamespace
            WHERE NOT EXISTS (
                SELECT FROM pg_depend d
                WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
            )
        ), data_type AS (
            SELECT t.*, format('%I.%I', o.nspname, t.typname) AS name
            FROM pg_type t
            JOIN ours o ON o.oid = t.typnamespace
            LEFT JOIN pg_class c ON c.oid = t.typrelid
            WHERE (t.typtype IN ('e', 'd', 'r') OR c.relkind = 'c')
            AND NOT EXISTS (
                SELECT FROM pg_depend d
                WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e'
            )
        )
        """

    private static let schemas = """
        SELECT 'schema ' || quote_ident(nspname), 'owner ' || pg_get_userbyid(nspowner)
        FROM ours
        """

    /// Roles of ours, with what makes them dangerous, and extensions.
    ///
    /// Whether a role may log in is up to its installation.
    private static let sharedObjects = """
        SELECT 'role ' || quote_ident(rolname), concat_ws(', ',
            CASE WHEN rolsuper THEN 'superuser' END,
            CASE WHEN rolcreaterole THEN 'createrole' END,
            CASE WHEN rolcreatedb THEN 'createdb' END,
            CASE WHEN rolreplication THEN 'replication' END,
            CASE WHEN rolbypassrls THEN 'bypassrls' END)
        FROM pg_roles
        WHERE rolname ~ '^cortex(_|$)'
        UNION ALL
        SELECT 'extension ' || quote_ident(e.extname), 'in schema ' || quote_ident(n.nspname)
        FROM pg_extension e
        JOIN pg_namespace n ON n.oid = e.extnamespace
        WHERE e.extname <> 'plpgsql'
        """
}
