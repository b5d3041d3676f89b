extension CatalogueSnapshot {
    /// Functions, procedures, aggregates, and the types that are no tables.
    static let routines = [functions, types]

    private static let functions = """
        SELECT r.kind || ' ' || r.name, 'owner ' || pg_get_userbyid(r.proowner) || '; ' || CASE r.prokind
            WHEN 'a' THEN (
                SELECT concat_ws(' ', a.aggtransfn::regprocedure, format_type(a.aggtranstype, NULL),
                    nullif(a.aggfinalfn, 0)::regprocedure, a.agginitval)
                FROM pg_aggregate a
                WHERE a.aggfnoid = r.oid
            )
            ELSE pg_get_functiondef(r.oid)
        END
        FROM routine r
        """

    private static let types = """
        SELECT CASE t.typtype WHEN 'd' THEN 'domain ' ELSE 'type ' END || t.name, concat_ws('; ',
            'owner ' || pg_get_userbyid(t.typowner),
            (
                SELECT 'enum ' || string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder)
                FROM pg_enum e
                WHERE e.enumtypid = t.oid
            ),
            (
                SELECT string_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod), ', ' ORDER BY a.attnum)
                FROM pg_attribute a
                WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
            ),
            (SELECT 'range of ' || format_type(g.rngsubtype, NULL) FROM pg_range g WHERE g.rngtypid = t.oid),
            CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END,
            CASE WHEN t.typnotnull THEN 'not null' END,
            'default ' || t.typdefault,
            (
                SELECT string_agg(quote_ident(c.conname) || ' ' || pg_get_constraintdef(c.oid), ', '
                    ORDER BY c.conname COLLATE "C")
                FROM pg_constraint c
                WHERE c.contypid = t.oid
            ))
        FROM data_type t
        """
}
