-- Views run as their reader (security_invoker), so that row security holds through them.

CREATE VIEW public.active_tasks_by_master WITH (security_invoker = true) AS
SELECT coalesce(l.agent_id, m.name) AS master,
    count(*) AS tasks,
    count(*) FILTER (WHERE m.task_status = 'pending') AS pending,
    count(*) FILTER (WHERE m.task_status = 'in_progress') AS in_progress,
    count(*) FILTER (WHERE m.task_status = 'blocked') AS blocked,
    count(*) FILTER (WHERE m.task_priority = 'critical') AS critical,
    count(*) FILTER (WHERE m.deadline_at < now()) AS overdue,
    min(m.created_at) AS oldest_created_at
FROM (
    SELECT t.task_status, t.task_priority, t.deadline_at, t.created_at,
        coalesce(
            t.master_agent_id, t.master_raw,
            CASE WHEN a.agent_type = 'master' THEN a.agent_id ELSE a.master_agent_id END
        ) AS name
    FROM public.tasks t LEFT JOIN public.agents a ON a.agent_id = t.assigned_to
    WHERE t.task_status IN ('pending', 'in_progress', 'blocked')
) m
LEFT JOIN public.agent_aliases l ON l.alias = m.name
GROUP BY 1;
COMMENT ON VIEW public.active_tasks_by_master IS 'Open tasks by master: the task''s own, else the assignee''s; linked spellings count as one. NULL: no master is known.';

CREATE VIEW public.worker_efficiency WITH (security_invoker = true) AS
SELECT r.agent_id, a.specialization, a.master_agent_id,
    count(*) AS runs,
    count(*) FILTER (WHERE r.run_status = 'completed') AS completed,
    count(*) FILTER (WHERE r.run_status = 'failed') AS failed,
    round(
        count(*) FILTER (WHERE r.run_status = 'completed')::numeric
        / nullif(count(*) FILTER (WHERE r.run_status IN ('completed', 'failed', 'cancelled')), 0), 4
    ) AS success_rate,
    round(avg(coalesce(r.duration_minutes, extract(epoch FROM r.completed_at - r.started_at) / 60)), 2) AS avg_minutes,
    sum(r.tokens_used) AS tokens_used,
    round(
        sum(r.tokens_used) / nullif(sum(r.token_budget) FILTER (WHERE r.tokens_used IS NOT NULL), 0), 4
    ) AS budget_used
FROM public.agent_runs r JOIN public.agents a ON a.agent_id = r.agent_id
GROUP BY r.agent_id, a.specialization, a.master_agent_id;
COMMENT ON VIEW public.worker_efficiency IS 'Runs of each agent that has any. success_rate: completed of those that ended; budget_used: a share of the budgets of runs that report tokens.';

CREATE VIEW public.asset_catalog_summary WITH (security_invoker = true) AS
SELECT a.asset_type, a.namespace, a.sensitivity,
    count(*) AS assets,
    count(DISTINCT a.owner) AS owners,
    count(*) FILTER (WHERE a.health_status IS NOT NULL) AS with_health_status,
    max(a.last_modified_at) AS last_modified_at
FROM public.assets a
GROUP BY a.asset_type, a.namespace, a.sensitivity;
COMMENT ON VIEW public.asset_catalog_summary IS 'Assets by type, namespace and sensitivity; of those that the reader may see.';

CREATE VIEW public.recent_security_events WITH (security_invoker = true) AS
SELECT l.id, l.occurred_at, l.event_type, l.severity, l.security_impact, l.summary,
    coalesce(l.agent_id, l.agent_raw) AS agent, coalesce(l.task_id, l.task_id_raw) AS task,
    coalesce(l.asset_id, l.asset_id_raw) AS asset, l.ip_address, l.compliance_tags
FROM public.audit_logs l
WHERE (l.severity IN ('high', 'critical') OR l.security_impact IS NOT NULL)
    AND l.occurred_at > now() - interval '7 days'
ORDER BY l.occurred_at DESC;
COMMENT ON VIEW public.recent_security_events IS 'Audit rows of the last 7 days that are of severity high or critical or concern security, newest first.';
