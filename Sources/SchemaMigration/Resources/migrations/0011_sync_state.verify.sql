DO $$
BEGIN
    PERFORM epoch, drains, home FROM cortex.cache_state;
    IF to_regprocedure('cortex.cache_state_rises()') IS NULL OR NOT EXISTS (
        SELECT FROM pg_trigger WHERE tgrelid = 'cortex.cache_state'::regclass AND tgname = 'rises'
    ) THEN
        RAISE EXCEPTION 'the cache state may fall: trigger "rises" is missing';
    END IF;
    IF position('cortex.cache_state' IN pg_get_functiondef('cortex.table_truncated()'::regprocedure)) > 0 THEN
        RAISE EXCEPTION 'TRUNCATE moves the cache epoch itself instead of leaving that to the relay';
    END IF;
END
$$;
