DROP FUNCTION public.deleted_since(bigint);
DROP FUNCTION public.archive_old_audit_logs(interval, int);
DROP FUNCTION public.search_assets(text, text, text, text, text, int, text);
DROP FUNCTION public.sensitivity_rank(text);
DROP FUNCTION public.agent_utilization(text);
DROP FUNCTION public.get_asset_lineage(text, text, int);
DROP FUNCTION public.get_task_lineage(text, int);
DROP FUNCTION public.get_task_hierarchy(text, int);
