-- Grants: what each role needs and no more. The list in the verification must equal what the database holds.

-- MARK: PUBLIC has nothing

DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format(
        'GRANT CONNECT ON DATABASE %I TO cortex_owner, cortex_api, cortex_readonly, cortex_relay, cortex_backup, '
        'cortex_exporter', current_database()
    );
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO cortex_loader', current_database());
END
$$;
REVOKE ALL ON SCHEMA public, cortex, source, staging, extensions FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA cortex FROM PUBLIC;

-- MARK: cortex_api

GRANT USAGE ON SCHEMA public, cortex, extensions TO cortex_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON
    public.agents, public.agent_aliases, public.agent_runs, public.tasks, public.task_lineage, public.task_handoffs,
    public.assets, public.asset_lineage, public.documents, public.users, public.api_keys, public.governance_policies,
    public.policy_violations, public.token_budget_history
TO cortex_api;
GRANT SELECT ON
    public.audit_logs, public.event_types, public.active_tasks_by_master, public.worker_efficiency,
    public.asset_catalog_summary, public.recent_security_events
TO cortex_api;
GRANT INSERT (
    event_key, event_type, agent_raw, agent_id, task_id_raw, task_id, asset_id_raw, asset_id, summary, details,
    severity, severity_raw, security_impact, compliance_tags, ip_address, user_agent, occurred_at, occurred_at_raw
) ON public.audit_logs TO cortex_api;
GRANT SELECT ON
    cortex.system_mode, cortex.cache_state, cortex.change_feed, cortex.relay_progress, cortex.deleted_rows,
    cortex.audit_checkpoints, cortex.schema_migrations
TO cortex_api;
-- An instance ends a freeze whose lease has run out; mode changes are audited.
GRANT UPDATE ON cortex.system_mode TO cortex_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON cortex.idempotency_keys TO cortex_api;
GRANT SELECT, INSERT, UPDATE ON cortex.runs, cortex.run_steps TO cortex_api;
GRANT EXECUTE ON FUNCTION
    public.cut_text(text, int), public.joined_texts(text[]), public.short_texts(text[]),
    public.search_document(text, text, text, text), public.safe_jsonb(json), public.sensitivity_rank(text),
    public.get_task_hierarchy(text, int), public.get_task_lineage(text, int), public.get_asset_lineage(text, text, int),
    public.agent_utilization(text), public.search_assets(text, text, text, text, text, int, text),
    public.deleted_since(bigint)
TO cortex_api;

-- MARK: cortex_readonly

GRANT USAGE ON SCHEMA public, extensions TO cortex_readonly;
GRANT SELECT ON
    public.agents, public.agent_aliases, public.agent_runs, public.tasks, public.task_lineage, public.task_handoffs,
    public.assets, public.asset_lineage, public.documents, public.governance_policies, public.policy_violations,
    public.token_budget_history, public.audit_logs, public.event_types, public.active_tasks_by_master,
    public.worker_efficiency, public.asset_catalog_summary, public.recent_security_events
TO cortex_readonly;
GRANT SELECT (
    user_id, username, email, full_name, role, is_active, created_at, created_at_raw, last_login_at, last_login_at_raw,
    metadata, version, imported_version, source_record_id
) ON public.users TO cortex_readonly;
GRANT EXECUTE ON FUNCTION
    public.cut_text(text, int), public.joined_texts(text[]), public.short_texts(text[]),
    public.search_document(text, text, text, text), public.safe_jsonb(json), public.sensitivity_rank(text),
    public.get_task_hierarchy(text, int), public.get_task_lineage(text, int), public.get_asset_lineage(text, text, int),
    public.agent_utilization(text), public.search_assets(text, text, text, text, text, int, text)
TO cortex_readonly;

-- MARK: cortex_relay

GRANT USAGE ON SCHEMA public, cortex TO cortex_relay;
GRANT SELECT ON
    public.agents, public.agent_aliases, public.agent_runs, public.tasks, public.task_lineage, public.task_handoffs,
    public.assets, public.asset_lineage, public.documents, public.governance_policies, public.policy_violations,
    public.token_budget_history, public.audit_logs
TO cortex_relay;
GRANT UPDATE (chain_seq, row_hash, chain_hash) ON public.audit_logs TO cortex_relay;
GRANT SELECT, DELETE ON cortex.change_feed TO cortex_relay;
GRANT SELECT, INSERT, UPDATE ON cortex.relay_progress, cortex.cache_state TO cortex_relay;
GRANT SELECT, DELETE ON cortex.idempotency_keys TO cortex_relay;
GRANT SELECT ON cortex.system_mode, cortex.deleted_rows, cortex.audit_pruned TO cortex_relay;
GRANT SELECT, INSERT ON cortex.audit_checkpoints TO cortex_relay;
GRANT EXECUTE ON FUNCTION public.archive_old_audit_logs(interval, int), public.deleted_since(bigint) TO cortex_relay;

-- MARK: cortex_loader

GRANT USAGE ON SCHEMA public, cortex, source, staging TO cortex_loader;
GRANT SELECT, INSERT, UPDATE, DELETE ON
    public.agents, public.agent_aliases, public.agent_runs, public.tasks, public.task_lineage, public.task_handoffs,
    public.assets, public.asset_lineage, public.documents, public.users, public.governance_policies,
    public.policy_violations, public.token_budget_history, public.audit_logs
TO cortex_loader;
GRANT USAGE ON SEQUENCE public.audit_logs_id_seq TO cortex_loader;
GRANT INSERT ON cortex.change_feed TO cortex_loader;
GRANT SELECT ON cortex.deleted_rows, cortex.system_mode TO cortex_loader;
GRANT SELECT ON ALL TABLES IN SCHEMA source TO cortex_loader;
GRANT EXECUTE ON FUNCTION
    public.cut_text(text, int), public.joined_texts(text[]), public.short_texts(text[]),
    public.search_document(text, text, text, text), public.safe_jsonb(json)
TO cortex_loader;
-- Tables that the migrating role makes there during a load.
ALTER DEFAULT PRIVILEGES IN SCHEMA staging GRANT SELECT ON TABLES TO cortex_loader;

-- MARK: cortex_backup

GRANT USAGE ON SCHEMA public, cortex, source, staging, extensions TO cortex_backup;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO cortex_backup;
GRANT SELECT ON ALL TABLES IN SCHEMA cortex TO cortex_backup;
GRANT SELECT ON ALL TABLES IN SCHEMA source TO cortex_backup;
GRANT SELECT ON ALL SEQUENCES IN SCHEMA public, cortex TO cortex_backup;
ALTER DEFAULT PRIVILEGES IN SCHEMA staging GRANT SELECT ON TABLES TO cortex_backup;

-- MARK: Row security
--
-- Binds cortex_readonly and personal logins. The owner is not bound; the policy of the service roles is constant and
-- disappears when a query is planned, so their searches still use the indexes.

ALTER TABLE public.assets ENABLE ROW LEVEL SECURITY;
CREATE POLICY open_rows ON public.assets FOR SELECT TO PUBLIC
    USING (sensitivity IS NULL OR sensitivity IN ('public', 'internal'));
CREATE POLICY service_roles ON public.assets FOR ALL TO cortex_api, cortex_loader, cortex_relay, cortex_backup
    USING (true) WITH CHECK (true);
