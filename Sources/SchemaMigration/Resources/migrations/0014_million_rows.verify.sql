DO $$
DECLARE
    missing text;
BEGIN
    SELECT string_agg(name, ', ') INTO missing
    FROM unnest(ARRAY[
        'assets_name_folded', 'tasks_unknown_assigned_to', 'tasks_unknown_master_agent_id',
        'tasks_unknown_parent_task_id', 'agent_runs_unknown_agent_id',
        'agent_runs_unknown_task_id', 'task_handoffs_unknown_task_id'
    ]) AS name
    WHERE to_regclass('public.' || name) IS NULL;
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'indexes are missing in schema public: %', missing;
    END IF;
    PERFORM FROM public.search_assets('verify');
END
$$;
