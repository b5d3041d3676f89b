DO $$
DECLARE
    missing text;
BEGIN
    SELECT string_agg(t || '.' || wanted, ', ') INTO missing
    FROM unnest(ARRAY[
        'agents', 'agent_aliases', 'agent_runs', 'tasks', 'task_lineage', 'task_handoffs', 'assets', 'asset_lineage',
        'documents', 'users', 'api_keys', 'governance_policies', 'policy_violations', 'token_budget_history'
    ]) AS t
    CROSS JOIN unnest(ARRAY['version', 'inserted', 'updated', 'deleted', 'inserted_by_loader', 'truncated']) AS wanted
    WHERE NOT EXISTS (
        SELECT FROM pg_trigger g
        WHERE g.tgrelid = to_regclass('public.' || t) AND g.tgname = wanted AND g.tgenabled = 'O'
    );
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'triggers are missing or disabled: %', missing;
    END IF;
    SELECT string_agg(wanted, ', ') INTO missing
    FROM unnest(ARRAY['kept', 'rows_kept', 'table_kept', 'released', 'version']) AS wanted
    WHERE NOT EXISTS (
        SELECT FROM pg_trigger g
        WHERE g.tgrelid = 'public.audit_logs'::regclass AND g.tgname = wanted AND g.tgenabled = 'O'
    );
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'triggers of audit_logs are missing or disabled: %', missing;
    END IF;
    SELECT string_agg(wanted, ', ') INTO missing
    FROM unnest(ARRAY['epoch', 'audited']) AS wanted
    WHERE NOT EXISTS (
        SELECT FROM pg_trigger g
        WHERE g.tgrelid = 'cortex.system_mode'::regclass AND g.tgname = wanted AND g.tgenabled = 'O'
    );
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'triggers of system_mode are missing or disabled: %', missing;
    END IF;
    -- Whatever may be changed is tracked: a reference that no deletion clears would stop the deletion.
    SELECT string_agg(f.conrelid::regclass || ' (' || f.conname || ')', ', ') INTO missing
    FROM pg_constraint f
    JOIN pg_attribute child ON child.attrelid = f.conrelid AND child.attnum = f.conkey[1]
    JOIN pg_class parent ON parent.oid = f.confrelid
    LEFT JOIN pg_proc p ON p.pronamespace = 'cortex'::regnamespace AND p.proname = parent.relname || '_deleted'
    WHERE f.contype = 'f' AND f.confdeltype = 'a' AND f.connamespace = 'public'::regnamespace
        AND (p.oid IS NULL OR position(format('SET %I = NULL', child.attname) IN p.prosrc) = 0);
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'references that no trigger clears: %', missing;
    END IF;
END
$$;
