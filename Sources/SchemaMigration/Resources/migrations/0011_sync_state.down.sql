CREATE OR REPLACE FUNCTION cortex.table_truncated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format(
        'INSERT INTO cortex.deleted_rows AS d (kind, key, version, epoch) '
        'SELECT %1$L, %2$s, o.version + 1, coalesce((SELECT m.epoch FROM cortex.system_mode m), 1) FROM public.%1$I o '
        'ON CONFLICT (kind, key) DO UPDATE SET version = greatest(d.version, excluded.version), '
        'deleted_at = excluded.deleted_at, epoch = excluded.epoch',
        TG_TABLE_NAME, TG_ARGV[1]
    );
    INSERT INTO cortex.cache_state AS c DEFAULT VALUES
    ON CONFLICT (singleton) DO UPDATE SET epoch = c.epoch + 1, changed_at = now();
    INSERT INTO cortex.change_feed (kind, key, version, op) VALUES (TG_TABLE_NAME, '', 0, 'truncate');
    INSERT INTO public.audit_logs (event_type, summary, severity, security_impact, occurred_at, details)
    VALUES (
        TG_ARGV[0] || '.truncated', 'all rows of ' || TG_TABLE_NAME || ' were removed', 'critical', 'bulk deletion',
        clock_timestamp(), json_strip_nulls(json_build_object(
            'kind', TG_TABLE_NAME, 'operation', 'truncate', 'role', session_user,
            'principal', nullif(current_setting('cortex.principal', true), '')
        ))
    );
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION cortex.table_truncated() IS 'Remembers the versions of all rows, moves the cache epoch, feeds and audits.';

DROP TRIGGER rises ON cortex.cache_state;
DROP FUNCTION cortex.cache_state_rises();
COMMENT ON COLUMN cortex.idempotency_keys.headers IS NULL;
COMMENT ON COLUMN cortex.relay_progress.position IS 'Everything visible in this snapshot was passed on; NULL before the first pass.';
COMMENT ON COLUMN cortex.cache_state.drained_at IS 'When the relay last had passed on every visible change; bounds how old a cached answer can be.';
COMMENT ON COLUMN cortex.cache_state.epoch IS 'Part of every private cache key. Starts as milliseconds since 1970, so that a database made anew or restored never meets entries of an earlier one; moves by one.';
ALTER TABLE cortex.cache_state DROP COLUMN home, DROP COLUMN drains;
