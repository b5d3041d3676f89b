DO $$
DECLARE
    missing text;
BEGIN
    SELECT string_agg(name, ', ') INTO missing
    FROM unnest(ARRAY[
        'agents', 'tasks', 'agent_runs', 'task_lineage', 'task_handoffs', 'assets', 'asset_lineage',
        'documents', 'audit_logs', 'users', 'governance_policies', 'policy_violations', 'token_budget_history',
        'agent_aliases', 'api_keys', 'event_types'
    ]) AS name
    WHERE to_regclass('public.' || name) IS NULL;
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'tables are missing in schema public: %', missing;
    END IF;
    SELECT string_agg(name, ', ') INTO missing
    FROM unnest(ARRAY[
        'agent_runs_run_status', 'agents_agent_status', 'agents_agent_type', 'agents_origin',
        'api_keys_clearance', 'api_keys_sha256_length', 'assets_sensitivity', 'audit_logs_severity',
        'governance_policies_severity', 'policy_violations_severity', 'policy_violations_violation_status',
        'task_handoffs_handoff_priority', 'task_handoffs_handoff_status', 'task_lineage_lineage_type',
        'tasks_task_priority', 'tasks_task_status', 'token_budget_history_basis'
    ]) AS name
    WHERE NOT EXISTS (
        SELECT FROM pg_constraint c
        WHERE c.conname = name AND c.connamespace = 'public'::regnamespace AND c.convalidated
    );
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'constraints are missing in schema public: %', missing;
    END IF;
    SELECT string_agg(format('%s.%s to %s', child, name, parent), ', ') INTO missing
    FROM (VALUES
        ('agents', 'parent_agent_id', 'agents'), ('agents', 'master_agent_id', 'agents'),
        ('tasks', 'assigned_to', 'agents'), ('tasks', 'created_by', 'agents'), ('tasks', 'master_agent_id', 'agents'),
        ('tasks', 'parent_task_id', 'tasks'), ('tasks', 'root_task_id', 'tasks'),
        ('agent_runs', 'agent_id', 'agents'), ('agent_runs', 'task_id', 'tasks'),
        ('agent_runs', 'master_agent_id', 'agents'), ('agent_runs', 'spawned_by', 'agents'),
        ('task_lineage', 'parent_task_id', 'tasks'), ('task_lineage', 'child_task_id', 'tasks'),
        ('task_handoffs', 'task_id', 'tasks'), ('task_handoffs', 'from_agent_id', 'agents'),
        ('task_handoffs', 'to_agent_id', 'agents'), ('asset_lineage', 'upstream_asset_id', 'assets'),
        ('asset_lineage', 'downstream_asset_id', 'assets'), ('audit_logs', 'agent_id', 'agents'),
        ('audit_logs', 'task_id', 'tasks'), ('audit_logs', 'asset_id', 'assets'),
        ('policy_violations', 'policy_id', 'governance_policies'), ('policy_violations', 'agent_id', 'agents'),
        ('policy_violations', 'task_id', 'tasks'), ('policy_violations', 'asset_id', 'assets'),
        ('token_budget_history', 'agent_id', 'agents'), ('token_budget_history', 'task_id', 'tasks'),
        ('agent_aliases', 'agent_id', 'agents'), ('api_keys', 'user_id', 'users')
    ) AS wanted (child, name, parent)
    WHERE NOT EXISTS (
        SELECT FROM pg_constraint c
        JOIN pg_attribute a ON a.attrelid = c.conrelid AND c.conkey = ARRAY[a.attnum]
        WHERE c.contype = 'f' AND c.conrelid = to_regclass('public.' || child) AND a.attname = name
            AND c.confrelid = to_regclass('public.' || parent)
    );
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'foreign keys are missing: %', missing;
    END IF;
    SELECT string_agg(conname, ', ') INTO missing FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND contype = 'f' AND NOT (condeferrable AND condeferred);
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'foreign keys are not deferred: %', missing;
    END IF;
    SELECT string_agg(name, ', ') INTO missing
    FROM unnest(ARRAY['cut_text', 'joined_texts', 'short_texts', 'search_document', 'safe_jsonb']) AS name
    WHERE NOT EXISTS (SELECT FROM pg_proc p WHERE p.proname = name AND p.pronamespace = 'public'::regnamespace);
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'functions are missing in schema public: %', missing;
    END IF;
    IF NOT EXISTS (
        SELECT FROM pg_extension e WHERE e.extname = 'pg_trgm' AND e.extnamespace = to_regnamespace('extensions')
    ) THEN
        RAISE EXCEPTION 'extension pg_trgm is not in schema extensions';
    END IF;
END
$$;
