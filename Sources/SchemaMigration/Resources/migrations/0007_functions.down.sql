DROP FUNCTION public.deleted_since(bigint);
DROP FUNCTION public.archive_old_audit_logs(interval, int);
DROP FUNCTION public.search_assets(text, text, text, text, text, int, text);
DROP FUNCTION public.sensitivity_rank(text);
DROP FUNCTION public.agent_utilization(text);
DROP FUNCTION public.get_asset_lineage(text, text, int);
DROP FUNCTION public.get_task_lineage(text, int);
DROP FUNCTION public.get_task_hierarchy(text, int);

-- What `up` took from everybody also hit the functions of 0004: they had it before.
GRANT EXECUTE ON FUNCTION
    public.cut_text(text, int), public.joined_texts(text[]), public.short_texts(text[]),
    public.search_document(text, text, text, text), public.safe_jsonb(json)
TO PUBLIC;
