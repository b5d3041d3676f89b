DO $$
DECLARE
    missing text;
BEGIN
    SELECT string_agg(name, ', ') INTO missing
    FROM unnest(ARRAY[
        'get_task_hierarchy(text, int)', 'get_task_lineage(text, int)', 'get_asset_lineage(text, text, int)',
        'agent_utilization(text)', 'sensitivity_rank(text)',
        'search_assets(text, text, text, text, text, int, text)', 'archive_old_audit_logs(interval, int)',
        'deleted_since(bigint)'
    ]) AS name
    WHERE to_regprocedure('public.' || name) IS NULL;
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'functions are missing in schema public: %', missing;
    END IF;
    PERFORM public.get_task_hierarchy(''), public.get_task_lineage(''), public.get_asset_lineage('');
    PERFORM public.agent_utilization(''), public.deleted_since(1);
    PERFORM FROM public.search_assets('verify');
END
$$;
