-- The committed list of grants, by role and privileges. It must equal what the database holds, both ways.

DO $$
DECLARE
    differences text;
BEGIN
    WITH acl AS (
        SELECT 'schema ' || n.nspname AS object, a.grantee, a.privilege_type FROM pg_namespace n
        CROSS JOIN LATERAL aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) AS a
        WHERE n.nspname IN ('public', 'cortex', 'source', 'staging', 'extensions') AND a.grantee <> n.nspowner
        UNION ALL
        SELECT CASE c.relkind WHEN 'S' THEN 'sequence ' WHEN 'v' THEN 'view ' ELSE 'table ' END
            || n.nspname || '.' || c.relname, a.grantee, a.privilege_type
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        CROSS JOIN LATERAL aclexplode(c.relacl) AS a
        WHERE n.nspname IN ('public', 'cortex', 'source') AND c.relkind IN ('r', 'v', 'S', 'm', 'p', 'f')
            AND c.oid IS DISTINCT FROM to_regclass('cortex.schema_catalogue')  -- belongs to the runner
            AND a.grantee <> c.relowner
        UNION ALL
        SELECT 'columns ' || n.nspname || '.' || c.relname || ' ' || string_agg(t.attname, ',' ORDER BY t.attnum),
            a.grantee, a.privilege_type
        FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        CROSS JOIN LATERAL aclexplode(t.attacl) AS a
        WHERE n.nspname IN ('public', 'cortex', 'source') AND a.grantee <> c.relowner
        GROUP BY n.nspname, c.relname, a.grantee, a.privilege_type
        UNION ALL
        SELECT 'function ' || n.nspname || '.' || p.proname || '(' || oidvectortypes(p.proargtypes) || ')',
            a.grantee, a.privilege_type
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        CROSS JOIN LATERAL aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS a
        WHERE n.nspname IN ('public', 'cortex') AND a.grantee <> p.proowner
        UNION ALL
        SELECT 'database', a.grantee, a.privilege_type FROM pg_database d
        CROSS JOIN LATERAL aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) AS a
        WHERE d.datname = current_database() AND a.grantee <> d.datdba
        UNION ALL
        SELECT 'future tables in ' || n.nspname, a.grantee, a.privilege_type
        FROM pg_default_acl x JOIN pg_namespace n ON n.oid = x.defaclnamespace
        CROSS JOIN LATERAL aclexplode(x.defaclacl) AS a WHERE a.grantee <> x.defaclrole
    ),
    actual AS (
        SELECT coalesce(r.rolname, 'PUBLIC')::text AS grantee, object,
            string_agg(DISTINCT privilege_type, ',' ORDER BY privilege_type) AS privileges
        FROM acl LEFT JOIN pg_roles r ON r.oid = acl.grantee GROUP BY 1, 2
    ),
    committed (grantee, privileges, objects) AS (VALUES
        ('cortex_api', 'INSERT', ARRAY[
            'columns public.audit_logs event_key,event_type,agent_raw,agent_id,task_id_raw,task_id,asset_id_raw,asset_id,summary,details,severity,severity_raw,security_impact,compliance_tags,ip_address,user_agent,occurred_at,occurred_at_raw'
        ]),
        ('cortex_api', 'CONNECT', ARRAY[
            'database'
        ]),
        ('cortex_api', 'EXECUTE', ARRAY[
            'function cortex.task_records(text)',
            'function public.agent_utilization(text)', 'function public.cut_text(text, integer)',
            'function public.deleted_since(bigint)', 'function public.get_asset_lineage(text, text, integer)',
            'function public.get_task_hierarchy(text, integer)', 'function public.get_task_lineage(text, integer)',
            'function public.joined_texts(text[])', 'function public.safe_jsonb(json)',
            'function public.search_assets(text, text, text, text, text, integer, text)',
            'function public.search_document(text, text, text, text)', 'function public.sensitivity_rank(text)',
            'function public.short_texts(text[])'
        ]),
        ('cortex_api', 'USAGE', ARRAY[
            'schema cortex', 'schema extensions', 'schema public'
        ]),
        ('cortex_api', 'SELECT', ARRAY[
            'table cortex.audit_checkpoints', 'table cortex.cache_state', 'table cortex.change_feed',
            'table cortex.deleted_rows', 'table cortex.feed_batches', 'table cortex.relay_progress',
            'table cortex.schema_migrations',
            'table public.audit_logs', 'table public.event_types', 'view public.active_tasks_by_master',
            'view public.asset_catalog_summary', 'view public.recent_security_events',
            'view public.worker_efficiency'
        ]),
        ('cortex_api', 'DELETE,INSERT,SELECT,UPDATE', ARRAY[
            'table cortex.idempotency_keys', 'table public.agent_aliases', 'table public.agent_runs',
            'table public.agents', 'table public.api_keys', 'table public.asset_lineage', 'table public.assets',
            'table public.documents', 'table public.governance_policies', 'table public.policy_violations',
            'table public.task_handoffs', 'table public.task_lineage', 'table public.tasks',
            'table public.token_budget_history', 'table public.users'
        ]),
        ('cortex_api', 'INSERT,SELECT,UPDATE', ARRAY[
            'table cortex.run_steps', 'table cortex.runs'
        ]),
        ('cortex_api', 'SELECT,UPDATE', ARRAY[
            'table cortex.system_mode'
        ]),
        ('cortex_backup', 'CONNECT', ARRAY[
            'database'
        ]),
        ('cortex_backup', 'SELECT', ARRAY[
            'future tables in staging', 'sequence cortex.audit_checkpoints_checkpoint_id_seq',
            'sequence cortex.audit_pruned_pruned_id_seq', 'sequence cortex.change_feed_id_seq',
            'sequence public.audit_logs_id_seq', 'table cortex.audit_checkpoints', 'table cortex.audit_pruned',
            'table cortex.cache_state', 'table cortex.change_feed', 'table cortex.deleted_rows',
            'table cortex.feed_batches', 'table cortex.idempotency_keys', 'table cortex.relay_progress',
            'table cortex.run_steps',
            'table cortex.runs', 'table cortex.schema_migrations', 'table cortex.system_mode',
            'table public.agent_aliases', 'table public.agent_runs', 'table public.agents',
            'table public.api_keys', 'table public.asset_lineage', 'table public.assets',
            'table public.audit_logs', 'table public.documents', 'table public.event_types',
            'table public.governance_policies', 'table public.policy_violations', 'table public.task_handoffs',
            'table public.task_lineage', 'table public.tasks', 'table public.token_budget_history',
            'table public.users', 'table source.blob_chunks', 'table source.blobs', 'table source.files',
            'table source.findings', 'table source.imports', 'table source.records',
            'view public.active_tasks_by_master', 'view public.asset_catalog_summary',
            'view public.recent_security_events', 'view public.worker_efficiency'
        ]),
        ('cortex_backup', 'USAGE', ARRAY[
            'schema cortex', 'schema extensions', 'schema public', 'schema source', 'schema staging'
        ]),
        ('cortex_exporter', 'CONNECT', ARRAY[
            'database'
        ]),
        ('cortex_loader', 'TEMPORARY', ARRAY[
            'database'
        ]),
        ('cortex_loader', 'EXECUTE', ARRAY[
            'function public.cut_text(text, integer)', 'function public.joined_texts(text[])',
            'function public.safe_jsonb(json)', 'function public.search_document(text, text, text, text)',
            'function public.short_texts(text[])'
        ]),
        ('cortex_loader', 'SELECT', ARRAY[
            'future tables in staging', 'table cortex.deleted_rows', 'table cortex.system_mode',
            'table source.blob_chunks', 'table source.blobs', 'table source.files', 'table source.findings',
            'table source.imports', 'table source.records'
        ]),
        ('cortex_loader', 'USAGE', ARRAY[
            'schema cortex', 'schema public', 'schema source', 'schema staging',
            'sequence public.audit_logs_id_seq'
        ]),
        ('cortex_loader', 'INSERT', ARRAY[
            'table cortex.change_feed'
        ]),
        ('cortex_loader', 'DELETE,INSERT,SELECT,UPDATE', ARRAY[
            'table public.agent_aliases', 'table public.agent_runs', 'table public.agents',
            'table public.asset_lineage', 'table public.assets', 'table public.audit_logs',
            'table public.documents', 'table public.governance_policies', 'table public.policy_violations',
            'table public.task_handoffs', 'table public.task_lineage', 'table public.tasks',
            'table public.token_budget_history', 'table public.users'
        ]),
        ('cortex_owner', 'CONNECT', ARRAY[
            'database'
        ]),
        ('cortex_readonly', 'SELECT', ARRAY[
            'columns public.users user_id,username,email,full_name,role,is_active,created_at,created_at_raw,last_login_at,last_login_at_raw,metadata,version,imported_version,source_record_id',
            'table public.agent_aliases', 'table public.agent_runs', 'table public.agents',
            'table public.asset_lineage', 'table public.assets', 'table public.audit_logs',
            'table public.documents', 'table public.event_types', 'table public.governance_policies',
            'table public.policy_violations', 'table public.task_handoffs', 'table public.task_lineage',
            'table public.tasks', 'table public.token_budget_history', 'view public.active_tasks_by_master',
            'view public.asset_catalog_summary', 'view public.recent_security_events',
            'view public.worker_efficiency'
        ]),
        ('cortex_readonly', 'CONNECT', ARRAY[
            'database'
        ]),
        ('cortex_readonly', 'EXECUTE', ARRAY[
            'function public.agent_utilization(text)', 'function public.cut_text(text, integer)',
            'function public.get_asset_lineage(text, text, integer)',
            'function public.get_task_hierarchy(text, integer)', 'function public.get_task_lineage(text, integer)',
            'function public.joined_texts(text[])', 'function public.safe_jsonb(json)',
            'function public.search_assets(text, text, text, text, text, integer, text)',
            'function public.search_document(text, text, text, text)', 'function public.sensitivity_rank(text)',
            'function public.short_texts(text[])'
        ]),
        ('cortex_readonly', 'USAGE', ARRAY[
            'schema extensions', 'schema public'
        ]),
        ('cortex_relay', 'UPDATE', ARRAY[
            'columns public.audit_logs chain_seq,row_hash,chain_hash'
        ]),
        ('cortex_relay', 'CONNECT', ARRAY[
            'database'
        ]),
        ('cortex_relay', 'EXECUTE', ARRAY[
            'function public.archive_old_audit_logs(interval, integer)', 'function public.deleted_since(bigint)'
        ]),
        ('cortex_relay', 'USAGE', ARRAY[
            'schema cortex', 'schema public'
        ]),
        ('cortex_relay', 'INSERT,SELECT', ARRAY[
            'table cortex.audit_checkpoints'
        ]),
        ('cortex_relay', 'SELECT', ARRAY[
            'table cortex.audit_pruned', 'table cortex.deleted_rows', 'table cortex.system_mode',
            'table public.agent_aliases', 'table public.agent_runs', 'table public.agents',
            'table public.asset_lineage', 'table public.assets', 'table public.audit_logs',
            'table public.documents', 'table public.governance_policies', 'table public.policy_violations',
            'table public.task_handoffs', 'table public.task_lineage', 'table public.tasks',
            'table public.token_budget_history'
        ]),
        ('cortex_relay', 'INSERT,SELECT,UPDATE', ARRAY[
            'table cortex.cache_state', 'table cortex.relay_progress'
        ]),
        ('cortex_relay', 'DELETE,INSERT,SELECT', ARRAY[
            'table cortex.feed_batches'
        ]),
        ('cortex_relay', 'DELETE,SELECT', ARRAY[
            'table cortex.change_feed', 'table cortex.idempotency_keys'
        ])
    ),
    wanted AS (
        SELECT grantee, object, privileges FROM committed CROSS JOIN unnest(objects) AS object
    )
    SELECT string_agg(
        format('%s on %s: %s instead of %s', coalesce(a.grantee, w.grantee), coalesce(a.object, w.object),
            coalesce(a.privileges, 'nothing'), coalesce(w.privileges, 'nothing')),
        '; ' ORDER BY coalesce(a.grantee, w.grantee), coalesce(a.object, w.object)
    ) INTO differences
    FROM actual a FULL JOIN wanted w USING (grantee, object)
    WHERE a.privileges IS DISTINCT FROM w.privileges;
    IF differences IS NOT NULL THEN
        RAISE EXCEPTION 'grants differ from the committed list: %', differences;
    END IF;
    IF NOT (SELECT relrowsecurity FROM pg_class WHERE oid = 'public.assets'::regclass)
        OR (SELECT count(*) FROM pg_policy WHERE polrelid = 'public.assets'::regclass) <> 2
    THEN
        RAISE EXCEPTION 'row security of public.assets is not as it should be';
    END IF;
END
$$;
