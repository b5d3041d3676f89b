DO $$
DECLARE
    missing text;
BEGIN
    SELECT string_agg(name, ', ') INTO missing
    FROM unnest(ARRAY[
        'agents', 'agent_runs', 'tasks', 'task_lineage', 'task_handoffs', 'assets', 'asset_lineage',
        'documents', 'audit_logs', 'users', 'governance_policies', 'policy_violations', 'token_budget_history',
        'agent_aliases', 'api_keys', 'event_types', 'agent_aliases_agent_id', 'agent_runs_agent_id',
        'agent_runs_created_at', 'agent_runs_master_agent_id', 'agent_runs_source', 'agent_runs_spawned_by',
        'agent_runs_status', 'agent_runs_task_id', 'agents_master_agent_id', 'agents_parent_agent_id',
        'agents_source', 'agents_type_status', 'api_keys_user_id', 'asset_lineage_downstream_asset_id',
        'asset_lineage_source', 'asset_lineage_upstream_asset_id', 'assets_category',
        'assets_description_trigrams', 'assets_id_trigrams', 'assets_last_modified_at', 'assets_metadata',
        'assets_name_trigrams', 'assets_namespace', 'assets_owner', 'assets_search', 'assets_sensitivity',
        'assets_source', 'assets_tags', 'assets_type', 'audit_logs_agent_id', 'audit_logs_asset_id',
        'audit_logs_chain_seq', 'audit_logs_expendable', 'audit_logs_notable', 'audit_logs_occurred_at',
        'audit_logs_task_id', 'audit_logs_task_raw', 'audit_logs_type', 'audit_logs_unsealed', 'documents_id',
        'documents_search', 'documents_source', 'governance_policies_source', 'governance_policies_type',
        'policy_violations_agent_id', 'policy_violations_asset_id', 'policy_violations_detected_at',
        'policy_violations_policy_id', 'policy_violations_source', 'policy_violations_status',
        'policy_violations_task_id', 'task_handoffs_created_at', 'task_handoffs_from_agent_id',
        'task_handoffs_source', 'task_handoffs_status', 'task_handoffs_task_id', 'task_handoffs_to_agent_id',
        'task_lineage_child_task_id', 'task_lineage_parent_task_id', 'task_lineage_source',
        'tasks_assigned_to', 'tasks_completed_at', 'tasks_created_at', 'tasks_created_by', 'tasks_deadline_at',
        'tasks_master_agent_id', 'tasks_metadata', 'tasks_parent_task_id', 'tasks_root_task_id',
        'tasks_source', 'tasks_status_priority', 'tasks_tags', 'tasks_type', 'token_budget_history_agent_id',
        'token_budget_history_recorded_at', 'token_budget_history_source', 'token_budget_history_task_id',
        'users_email', 'users_source', 'users_username'
    ]) AS name
    WHERE to_regclass('public.' || name) IS NULL;
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'tables or indexes are missing in schema public: %', missing;
    END IF;
    SELECT string_agg(name, ', ') INTO missing
    FROM unnest(ARRAY[
        'agent_runs_agent_id_fkey', 'agent_runs_master_agent_id_fkey', 'agent_runs_run_status',
        'agent_runs_spawned_by_fkey', 'agent_runs_task_id_fkey', 'agents_agent_status', 'agents_agent_type',
        'agents_master_agent_id_fkey', 'agents_origin', 'agents_parent_agent_id_fkey', 'api_keys_clearance',
        'api_keys_sha256_length', 'asset_lineage_downstream_asset_id_fkey',
        'asset_lineage_upstream_asset_id_fkey', 'assets_sensitivity', 'audit_logs_agent_id_fkey',
        'audit_logs_asset_id_fkey', 'audit_logs_severity', 'audit_logs_task_id_fkey',
        'governance_policies_severity', 'policy_violations_agent_id_fkey', 'policy_violations_asset_id_fkey',
        'policy_violations_policy_id_fkey', 'policy_violations_severity', 'policy_violations_task_id_fkey',
        'policy_violations_violation_status', 'task_handoffs_from_agent_id_fkey',
        'task_handoffs_handoff_priority', 'task_handoffs_handoff_status', 'task_handoffs_task_id_fkey',
        'task_handoffs_to_agent_id_fkey', 'task_lineage_child_task_id_fkey', 'task_lineage_lineage_type',
        'task_lineage_parent_task_id_fkey', 'tasks_assigned_to_fkey', 'tasks_created_by_fkey',
        'tasks_master_agent_id_fkey', 'tasks_parent_task_id_fkey', 'tasks_root_task_id_fkey',
        'tasks_task_priority', 'tasks_task_status', 'token_budget_history_agent_id_fkey',
        'token_budget_history_basis', 'token_budget_history_task_id_fkey'
    ]) AS name
    WHERE NOT EXISTS (
        SELECT FROM pg_constraint c WHERE c.conname = name AND c.connamespace = 'public'::regnamespace AND c.convalidated
    );
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'constraints are missing in schema public: %', missing;
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
