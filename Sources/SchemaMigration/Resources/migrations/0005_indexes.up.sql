-- Indexes. Every reference has one: a deletion looks the referring rows up. Free text is indexed by its first 128
-- characters, since a B-tree refuses entries over 2,704 bytes: ask `left(owner, 128) = left($1, 128) AND owner = $1`.

-- MARK: Indexes of foreign keys and of the way back to the records

CREATE INDEX agents_parent_agent_id ON public.agents (parent_agent_id) WHERE parent_agent_id IS NOT NULL;
CREATE INDEX agents_master_agent_id ON public.agents (master_agent_id) WHERE master_agent_id IS NOT NULL;
CREATE INDEX tasks_assigned_to ON public.tasks (assigned_to) WHERE assigned_to IS NOT NULL;
CREATE INDEX tasks_created_by ON public.tasks (created_by) WHERE created_by IS NOT NULL;
CREATE INDEX tasks_master_agent_id ON public.tasks (master_agent_id) WHERE master_agent_id IS NOT NULL;
CREATE INDEX tasks_parent_task_id ON public.tasks (parent_task_id) WHERE parent_task_id IS NOT NULL;
CREATE INDEX tasks_root_task_id ON public.tasks (root_task_id) WHERE root_task_id IS NOT NULL;
CREATE INDEX agent_runs_agent_id ON public.agent_runs (agent_id) WHERE agent_id IS NOT NULL;
CREATE INDEX agent_runs_task_id ON public.agent_runs (task_id) WHERE task_id IS NOT NULL;
CREATE INDEX agent_runs_master_agent_id ON public.agent_runs (master_agent_id) WHERE master_agent_id IS NOT NULL;
CREATE INDEX agent_runs_spawned_by ON public.agent_runs (spawned_by) WHERE spawned_by IS NOT NULL;
CREATE INDEX task_lineage_parent_task_id ON public.task_lineage (parent_task_id) WHERE parent_task_id IS NOT NULL;
CREATE INDEX task_lineage_child_task_id ON public.task_lineage (child_task_id) WHERE child_task_id IS NOT NULL;
CREATE INDEX task_handoffs_task_id ON public.task_handoffs (task_id) WHERE task_id IS NOT NULL;
CREATE INDEX task_handoffs_from_agent_id ON public.task_handoffs (from_agent_id) WHERE from_agent_id IS NOT NULL;
CREATE INDEX task_handoffs_to_agent_id ON public.task_handoffs (to_agent_id) WHERE to_agent_id IS NOT NULL;
CREATE INDEX asset_lineage_upstream_asset_id ON public.asset_lineage (upstream_asset_id)
    WHERE upstream_asset_id IS NOT NULL;
CREATE INDEX asset_lineage_downstream_asset_id ON public.asset_lineage (downstream_asset_id)
    WHERE downstream_asset_id IS NOT NULL;
CREATE INDEX audit_logs_agent_id ON public.audit_logs (agent_id) WHERE agent_id IS NOT NULL;
CREATE INDEX audit_logs_task_id ON public.audit_logs (task_id) WHERE task_id IS NOT NULL;
CREATE INDEX audit_logs_asset_id ON public.audit_logs (asset_id) WHERE asset_id IS NOT NULL;
CREATE INDEX policy_violations_policy_id ON public.policy_violations (policy_id) WHERE policy_id IS NOT NULL;
CREATE INDEX policy_violations_agent_id ON public.policy_violations (agent_id) WHERE agent_id IS NOT NULL;
CREATE INDEX policy_violations_task_id ON public.policy_violations (task_id) WHERE task_id IS NOT NULL;
CREATE INDEX policy_violations_asset_id ON public.policy_violations (asset_id) WHERE asset_id IS NOT NULL;
CREATE INDEX token_budget_history_agent_id ON public.token_budget_history (agent_id) WHERE agent_id IS NOT NULL;
CREATE INDEX token_budget_history_task_id ON public.token_budget_history (task_id) WHERE task_id IS NOT NULL;
CREATE INDEX agents_source ON public.agents (source_record_id) WHERE source_record_id IS NOT NULL;
CREATE INDEX tasks_source ON public.tasks (source_record_id) WHERE source_record_id IS NOT NULL;
CREATE INDEX agent_runs_source ON public.agent_runs (source_record_id) WHERE source_record_id IS NOT NULL;
CREATE INDEX task_lineage_source ON public.task_lineage (source_record_id) WHERE source_record_id IS NOT NULL;
CREATE INDEX task_handoffs_source ON public.task_handoffs (source_record_id) WHERE source_record_id IS NOT NULL;
CREATE INDEX assets_source ON public.assets (source_record_id) WHERE source_record_id IS NOT NULL;
CREATE INDEX asset_lineage_source ON public.asset_lineage (source_record_id) WHERE source_record_id IS NOT NULL;
CREATE INDEX documents_source ON public.documents (source_record_id) WHERE source_record_id IS NOT NULL;
CREATE INDEX users_source ON public.users (source_record_id) WHERE source_record_id IS NOT NULL;
CREATE INDEX governance_policies_source ON public.governance_policies (source_record_id)
    WHERE source_record_id IS NOT NULL;
CREATE INDEX policy_violations_source ON public.policy_violations (source_record_id) WHERE source_record_id IS NOT NULL;
CREATE INDEX token_budget_history_source ON public.token_budget_history (source_record_id)
    WHERE source_record_id IS NOT NULL;
CREATE INDEX agent_aliases_agent_id ON public.agent_aliases (agent_id);
CREATE INDEX api_keys_user_id ON public.api_keys (user_id);

-- MARK: Indexes of common questions

CREATE INDEX agents_type_status ON public.agents (agent_type, agent_status);
CREATE INDEX agent_runs_status ON public.agent_runs (run_status);
CREATE INDEX agent_runs_created_at ON public.agent_runs (created_at);
CREATE INDEX tasks_status_priority ON public.tasks (task_status, task_priority);
CREATE INDEX tasks_type ON public.tasks (left(task_type, 128));
CREATE INDEX tasks_created_at ON public.tasks (created_at);
CREATE INDEX tasks_completed_at ON public.tasks (completed_at) WHERE completed_at IS NOT NULL;
CREATE INDEX tasks_deadline_at ON public.tasks (deadline_at) WHERE deadline_at IS NOT NULL;
CREATE INDEX tasks_tags ON public.tasks USING gin (public.short_texts(tags)) WHERE tags IS NOT NULL;
CREATE INDEX tasks_metadata ON public.tasks USING gin (public.safe_jsonb(metadata) jsonb_path_ops);
CREATE INDEX task_handoffs_status ON public.task_handoffs (handoff_status, handoff_priority);
CREATE INDEX task_handoffs_created_at ON public.task_handoffs (created_at);
CREATE INDEX assets_type ON public.assets (left(asset_type, 128));
CREATE INDEX assets_category ON public.assets (left(category, 128));
CREATE INDEX assets_owner ON public.assets (left(owner, 128));
CREATE INDEX assets_namespace ON public.assets (left(namespace, 128));
CREATE INDEX assets_sensitivity ON public.assets (sensitivity);
CREATE INDEX assets_last_modified_at ON public.assets (last_modified_at);
CREATE INDEX assets_tags ON public.assets USING gin (public.short_texts(tags)) WHERE tags IS NOT NULL;
CREATE INDEX assets_metadata ON public.assets USING gin (public.safe_jsonb(metadata) jsonb_path_ops);
CREATE INDEX assets_search ON public.assets USING gin (search_vector);
CREATE INDEX assets_id_trigrams ON public.assets USING gin (asset_id extensions.gin_trgm_ops);
CREATE INDEX assets_name_trigrams ON public.assets USING gin (left(asset_name, 4096) extensions.gin_trgm_ops);
CREATE INDEX assets_description_trigrams ON public.assets
    USING gin (left(description, 4096) extensions.gin_trgm_ops);
CREATE INDEX documents_search ON public.documents USING gin (search_vector);
CREATE INDEX documents_id ON public.documents (id);
CREATE INDEX audit_logs_occurred_at ON public.audit_logs (occurred_at);
CREATE INDEX audit_logs_type ON public.audit_logs (left(event_type, 128), occurred_at);
CREATE INDEX audit_logs_task_raw ON public.audit_logs (left(task_id_raw, 128)) WHERE task_id_raw IS NOT NULL;
CREATE INDEX audit_logs_notable ON public.audit_logs (occurred_at)
    WHERE severity IN ('high', 'critical') OR security_impact IS NOT NULL;
CREATE INDEX audit_logs_expendable ON public.audit_logs (recorded_at) WHERE severity IN ('debug', 'info');
CREATE INDEX audit_logs_unsealed ON public.audit_logs (id) WHERE chain_seq IS NULL;
CREATE UNIQUE INDEX audit_logs_chain_seq ON public.audit_logs (chain_seq) WHERE chain_seq IS NOT NULL;
CREATE INDEX users_username ON public.users (left(username, 128));
CREATE INDEX users_email ON public.users (left(email, 128));
CREATE INDEX governance_policies_type ON public.governance_policies (left(policy_type, 128), is_active);
CREATE INDEX policy_violations_status ON public.policy_violations (violation_status, severity);
CREATE INDEX policy_violations_detected_at ON public.policy_violations (detected_at);
CREATE INDEX token_budget_history_recorded_at ON public.token_budget_history (recorded_at);
