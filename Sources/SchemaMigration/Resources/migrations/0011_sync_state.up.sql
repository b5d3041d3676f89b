-- What the sync middleware needs of its state: a count of drains, the database that the state belongs to, and numbers
-- that never fall. No grants: those on the tables (0009) hold for new columns too.

-- MARK: Cache state

ALTER TABLE cortex.cache_state
    ADD COLUMN drains bigint NOT NULL DEFAULT 0,
    ADD COLUMN home text;
COMMENT ON COLUMN cortex.cache_state.epoch IS 'Part of every private cache key. Milliseconds since 1970 when it last moved, or one more than before, whichever is more: a database made anew or restored never meets entries of an earlier one.';
COMMENT ON COLUMN cortex.cache_state.drains IS 'How often the relay had passed on all that its snapshot saw. Instances date the counts by their own clocks; that bounds how old a cached answer can be.';
COMMENT ON COLUMN cortex.cache_state.drained_at IS 'When drains last rose, by this server''s clock: for people and monitoring, nothing rests on it.';
COMMENT ON COLUMN cortex.cache_state.home IS 'The database that this row was written in: system identifier, timeline, database oid. In a restored copy it is another one, and the relay moves epoch and timeline of events.';
COMMENT ON COLUMN cortex.relay_progress.position IS 'Everything visible in this snapshot was passed on; NULL before the first pass, and in a restored copy to be taken for NULL.';
COMMENT ON COLUMN cortex.idempotency_keys.headers IS 'What the answer said besides its body, as an object: the version of the row.';

CREATE FUNCTION cortex.cache_state_rises() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'epoch and drains of the cache state only rise, from % and %', OLD.epoch, OLD.drains
        USING ERRCODE = 'check_violation';
END
$$;
COMMENT ON FUNCTION cortex.cache_state_rises() IS 'Refuses an epoch or a count of drains below the last one: instances take no notice of it.';
CREATE TRIGGER rises BEFORE UPDATE ON cortex.cache_state
    FOR EACH ROW WHEN (NEW.epoch < OLD.epoch OR NEW.drains < OLD.drains)
    EXECUTE FUNCTION cortex.cache_state_rises();
REVOKE EXECUTE ON FUNCTION cortex.cache_state_rises() FROM PUBLIC;

-- MARK: TRUNCATE
--
-- The relay moves the epoch when it meets the row in the feed. The trigger used to, but a move has to wait for the
-- transactions that write in the old epoch, and its row lock stopped the relay until the end of the TRUNCATE.

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
COMMENT ON FUNCTION cortex.table_truncated() IS 'Remembers the versions of all rows, feeds and audits; the relay moves the cache epoch when it passes the row on.';
