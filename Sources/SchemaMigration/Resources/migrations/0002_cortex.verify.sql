DO $$
DECLARE
    missing text;
BEGIN
    SELECT string_agg(name, ', ') INTO missing
    FROM unnest(ARRAY[
        'schema_migrations', 'system_mode', 'cache_state', 'change_feed', 'relay_progress', 'deleted_rows',
        'idempotency_keys', 'runs', 'run_steps', 'audit_checkpoints', 'audit_pruned'
    ]) AS name
    WHERE to_regclass('cortex.' || name) IS NULL;
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'tables are missing in schema cortex: %', missing;
    END IF;
    IF (SELECT count(*) FROM cortex.system_mode) <> 1 THEN
        RAISE EXCEPTION 'cortex.system_mode does not hold exactly one row';
    END IF;
    SELECT string_agg(name, ', ') INTO missing
    FROM unnest(ARRAY['change_feed_xid', 'deleted_rows_epoch', 'deleted_rows_revived_by', 'runs_started_at']) AS name
    WHERE to_regclass('cortex.' || name) IS NULL;
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'indexes are missing in schema cortex: %', missing;
    END IF;
END
$$;
