DO $$
DECLARE
    wrong text;
BEGIN
    SELECT string_agg(wanted.name, ', ' ORDER BY wanted.name) INTO wrong
    FROM (VALUES
        ('cortex_owner', false), ('cortex_api', true), ('cortex_readonly', true), ('cortex_relay', true),
        ('cortex_backup', true), ('cortex_exporter', true), ('cortex_loader', false)
    ) AS wanted (name, logs_in)
    LEFT JOIN pg_roles r ON r.rolname = wanted.name
    WHERE r.rolname IS NULL OR r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication
        OR r.rolcanlogin <> wanted.logs_in;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'roles are missing or have other attributes than they should: %', wrong;
    END IF;
    IF NOT pg_has_role(current_user, 'cortex_loader', 'MEMBER') THEN
        RAISE EXCEPTION 'role % is not a member of cortex_loader', current_user;
    END IF;
END
$$;
