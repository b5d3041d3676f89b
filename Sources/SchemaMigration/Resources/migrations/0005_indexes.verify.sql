DO $$
DECLARE
    missing text;
BEGIN
    SELECT string_agg(name, ', ') INTO missing
    FROM unnest(ARRAY[
        'agents_parent_agent_id', 'agents_master_agent_id', 'tasks_assigned_to', 'tasks_created_by',
        'tasks_master_agent_id', 'tasks_parent_task_id', 'tasks_root_task_id', 'agent_runs_agent_id',
        'agent_runs_task_id', 'agent_runs_master_agent_id', 'agent_runs_spawned_by',
        'task_lineage_parent_task_id', 'task_lineage_child_task_id', 'task_handoffs_task_id',
        'task_handoffs_from_agent_id', 'task_handoffs_to_agent_id', 'asset_lineage_upstream_asset_id',
        'asset_lineage_downstream_asset_id', 'audit_logs_agent_id', 'audit_logs_task_id',
        'audit_logs_asset_id', 'policy_violations_policy_id', 'policy_violations_agent_id',
        'policy_violations_task_id', 'policy_violations_asset_id', 'token_budget_history_agent_id',
        'token_budget_history_task_id', 'agents_source', 'tasks_source', 'agent_runs_source',
        'task_lineage_source', 'task_handoffs_source', 'assets_source', 'asset_lineage_source',
        'documents_source', 'users_source', 'governance_policies_source', 'policy_violations_source',
        'token_budget_history_source', 'agent_aliases_agent_id', 'api_keys_user_id', 'agents_type_status',
        'agent_runs_status', 'agent_runs_created_at', 'tasks_status_priority', 'tasks_type',
        'tasks_created_at', 'tasks_completed_at', 'tasks_deadline_at', 'tasks_tags', 'tasks_metadata',
        'task_handoffs_status', 'task_handoffs_created_at', 'assets_type', 'assets_category', 'assets_owner',
        'assets_namespace', 'assets_sensitivity', 'assets_last_modified_at', 'assets_tags', 'assets_metadata',
        'assets_search', 'assets_id_trigrams', 'assets_name_trigrams', 'assets_description_trigrams',
        'documents_search', 'documents_id', 'audit_logs_occurred_at', 'audit_logs_type', 'audit_logs_task_raw',
        'audit_logs_notable', 'audit_logs_expendable', 'audit_logs_unsealed', 'audit_logs_chain_seq',
        'users_username', 'users_email', 'governance_policies_type', 'policy_violations_status',
        'policy_violations_detected_at', 'token_budget_history_recorded_at'
    ]) AS name
    WHERE NOT EXISTS (
        SELECT FROM pg_index i WHERE i.indexrelid = to_regclass('public.' || name) AND i.indisvalid
    );
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'indexes are missing in schema public: %', missing;
    END IF;
    SELECT string_agg(format('%s (%s)', c.conrelid::regclass, c.conname), ', ') INTO missing
    FROM pg_constraint c
    WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace AND NOT EXISTS (
        SELECT FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indkey[0] = c.conkey[1]
    );
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'foreign keys without an index: %', missing;
    END IF;
END
$$;
