DO $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_trigger WHERE tgrelid = 'cortex.relay_progress'::regclass AND tgname = 'numbered'
    ) THEN
        RAISE EXCEPTION 'events get no numbers: trigger "numbered" of cortex.relay_progress is missing';
    END IF;
    IF EXISTS (
        SELECT FROM (VALUES
            ('cortex_api', 'SELECT'), ('cortex_backup', 'SELECT'), ('cortex_relay', 'SELECT'), ('cortex_relay', 'DELETE')
        ) AS wanted (role, privilege)
        FULL JOIN (
            SELECT r.rolname AS role, a.privilege_type AS privilege FROM pg_class c
            CROSS JOIN LATERAL aclexplode(c.relacl) AS a LEFT JOIN pg_roles r ON r.oid = a.grantee
            WHERE c.oid = 'cortex.feed_batches'::regclass AND a.grantee <> c.relowner
        ) AS actual USING (role, privilege)
        WHERE wanted IS NULL OR actual IS NULL
    ) THEN
        RAISE EXCEPTION 'grants on cortex.feed_batches differ from the committed list';
    END IF;
END
$$;
