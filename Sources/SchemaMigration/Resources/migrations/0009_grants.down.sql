DROP POLICY service_roles ON public.assets;
DROP POLICY open_rows ON public.assets;
ALTER TABLE public.assets DISABLE ROW LEVEL SECURITY;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'cortex_owner', 'cortex_api', 'cortex_readonly', 'cortex_relay', 'cortex_backup', 'cortex_exporter',
        'cortex_loader'
    ] LOOP
        CONTINUE WHEN to_regrole(name) IS NULL;
        EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA staging REVOKE ALL ON TABLES FROM %I', name);
        EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM %I', name);
        EXECUTE format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA public, cortex FROM %I', name);
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA public, cortex, source, staging FROM %I', name);
        EXECUTE format('REVOKE ALL ON SCHEMA public, cortex, source, staging, extensions FROM %I', name);
        EXECUTE format('REVOKE ALL ON DATABASE %I FROM %I', current_database(), name);
    END LOOP;
    EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO PUBLIC', current_database());
END
$$;
GRANT USAGE ON SCHEMA public TO PUBLIC;
