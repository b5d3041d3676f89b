-- Roles are shared by all databases of a server, so several databases may run this file at the same moment.
-- An advisory lock only covers one database; the handlers below cover the others.

DO $$
DECLARE
    wanted record;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('cortex roles', 0));
    FOR wanted IN
        SELECT * FROM (VALUES
            ('cortex_owner',    'NOLOGIN', 'Cortex: a group that an installation may hand the ownership of the schema to.'),
            ('cortex_api',      'LOGIN',   'Cortex: the catalog service. Reads and writes rows, owns nothing.'),
            ('cortex_readonly', 'LOGIN',   'Cortex: reads schema public; rows above the sensitivity internal are hidden.'),
            ('cortex_relay',    'LOGIN',   'Cortex: passes the change feed on and seals audit rows.'),
            ('cortex_backup',   'LOGIN',   'Cortex: reads everything, for dumps.'),
            ('cortex_exporter', 'LOGIN',   'Cortex: reads server statistics, no data.'),
            ('cortex_loader',   'NOLOGIN', 'Cortex: the bulk load runs as this role; its writes are not fed or audited row by row.')
        ) AS roles (name, attribute, description)
    LOOP
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted.name) THEN
                EXECUTE format(
                    'CREATE ROLE %I WITH %s NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION INHERIT',
                    wanted.name, wanted.attribute
                );
                EXECUTE format('COMMENT ON ROLE %I IS %L', wanted.name, wanted.description);
            END IF;
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN NULL;  -- another database was faster
            WHEN internal_error THEN                              -- "tuple concurrently updated", by one that was
                IF sqlerrm NOT LIKE 'tuple concurrently%' THEN RAISE; END IF;
        END;
    END LOOP;
END
$$;

-- The migrating role must be able to SET ROLE cortex_loader.
DO $$
BEGIN
    FOR attempt IN 1..10 LOOP
        BEGIN
            -- From 16 on, whoever makes a role is a member that may not SET ROLE to it.
            IF NOT pg_has_role(current_user, 'cortex_loader', CASE
                WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END)
            THEN
                EXECUTE format('GRANT cortex_loader TO %I', current_user);
            END IF;
            EXIT;
        EXCEPTION
            WHEN unique_violation THEN NULL;
            WHEN internal_error THEN
                IF sqlerrm NOT LIKE 'tuple concurrently%' OR attempt = 10 THEN RAISE; END IF;
        END;
    END LOOP;
END
$$;

-- What only some migrating roles may give. Without them the exporter sees less, and dumps are made by the owner.
DO $$
BEGIN
    BEGIN
        IF NOT pg_has_role('cortex_exporter', 'pg_monitor', 'MEMBER') THEN
            GRANT pg_monitor TO cortex_exporter;
        END IF;
    EXCEPTION
        WHEN insufficient_privilege OR unique_violation OR internal_error THEN NULL;
    END;
    BEGIN
        IF NOT (SELECT rolbypassrls FROM pg_roles WHERE rolname = 'cortex_backup') THEN
            ALTER ROLE cortex_backup BYPASSRLS;
        END IF;
    EXCEPTION
        WHEN insufficient_privilege OR internal_error THEN NULL;
    END;
END
$$;
