DO $$
DECLARE
    missing text;
BEGIN
    SELECT string_agg(name, ', ') INTO missing
    FROM unnest(ARRAY[
        'active_tasks_by_master', 'worker_efficiency', 'asset_catalog_summary', 'recent_security_events'
    ]) AS name
    WHERE NOT EXISTS (
        SELECT FROM pg_class c
        WHERE c.oid = to_regclass('public.' || name) AND c.relkind = 'v' AND c.reloptions @> '{security_invoker=true}'
    );
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'views are missing or do not run as their reader: %', missing;
    END IF;
END
$$;
