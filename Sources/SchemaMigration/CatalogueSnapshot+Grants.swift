extension CatalogueSnapshot {
    /// Who may do what, one row for each object and role; privileges that were never changed show as the default ones.
    static let grants = [objectGrants, defaultPrivileges]

    /// `MAINTAIN` (PostgreSQL 17) is left out: every owner has it there and none before.
    private static let objectGrants = """
        SELECT 'grant on ' || g.object || ' to '
                || CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END,
            \(privileges)
        FROM (
            SELECT r.kind || ' ' || r.name,
                coalesce(r.relacl, acldefault(CASE r.relkind WHEN 'S' THEN 's'::"char" ELSE 'r'::"char" END, r.relowner))
            FROM relation r
            UNION ALL
            SELECT 'column ' || r.name || '.' || quote_ident(a.attname), a.attacl
            FROM relation r
            JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attacl IS NOT NULL
            UNION ALL
            SELECT r.kind || ' ' || r.name, coalesce(r.proacl, acldefault('f', r.proowner))
            FROM routine r
            UNION ALL
            SELECT 'type ' || t.name, coalesce(t.typacl, acldefault('T', t.typowner))
            FROM data_type t
            UNION ALL
            SELECT 'schema ' || quote_ident(o.nspname), coalesce(o.nspacl, acldefault('n', o.nspowner))
            FROM ours o
            UNION ALL
            SELECT 'database', coalesce(d.datacl, acldefault('d', d.datdba))
            FROM pg_database d
            WHERE d.datname = current_database()
        ) AS g (object, acl)
        CROSS JOIN LATERAL aclexplode(g.acl) AS x
        WHERE x.privilege_type <> 'MAINTAIN'
        GROUP BY g.object, x.grantee
        """

    private static let defaultPrivileges = """
        SELECT 'default privileges of ' || quote_ident(pg_get_userbyid(d.defaclrole))
                || coalesce(' in schema ' || quote_ident(o.nspname), '') || ' on ' || CASE d.defaclobjtype
                    WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions' WHEN 'T' THEN 'types'
                    ELSE 'schemas'
                END
                || ' to ' || CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END,
            \(privileges)
        FROM pg_default_acl d
        LEFT JOIN ours o ON o.oid = d.defaclnamespace
        CROSS JOIN LATERAL aclexplode(d.defaclacl) AS x
        WHERE (d.defaclnamespace = 0 OR o.oid IS NOT NULL) AND x.privilege_type <> 'MAINTAIN'
        GROUP BY d.oid, d.defaclrole, d.defaclobjtype, o.nspname, x.grantee
        """

    private static let privileges = """
        string_agg(DISTINCT (x.privilege_type || CASE WHEN x.is_grantable THEN ' with grant option' ELSE '' END) COLLATE "C",
                ', ' ORDER BY (x.privilege_type || CASE WHEN x.is_grantable THEN ' with grant option' ELSE '' END) COLLATE "C")
        """
}
