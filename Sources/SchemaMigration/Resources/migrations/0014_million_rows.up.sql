-- What a million rows need.

-- MARK: Names that refer to nothing
--
-- A filter takes a reference, or the name as written where that is nothing. Without these the second half of the condition
-- reads the whole table, and the first half's index is of no use.

CREATE INDEX tasks_unknown_assigned_to ON public.tasks (left(assigned_to_raw, 128))
    WHERE assigned_to IS NULL AND assigned_to_raw IS NOT NULL;
CREATE INDEX tasks_unknown_master_agent_id ON public.tasks (left(master_raw, 128))
    WHERE master_agent_id IS NULL AND master_raw IS NOT NULL;
CREATE INDEX tasks_unknown_parent_task_id ON public.tasks (left(parent_task_id_raw, 128))
    WHERE parent_task_id IS NULL AND parent_task_id_raw IS NOT NULL;
CREATE INDEX agent_runs_unknown_agent_id ON public.agent_runs (left(agent_id_raw, 128))
    WHERE agent_id IS NULL AND agent_id_raw IS NOT NULL;
CREATE INDEX agent_runs_unknown_task_id ON public.agent_runs (left(task_id_raw, 128))
    WHERE task_id IS NULL AND task_id_raw IS NOT NULL;
CREATE INDEX task_handoffs_unknown_task_id ON public.task_handoffs (left(task_id_raw, 128))
    WHERE task_id IS NULL AND task_id_raw IS NOT NULL;

-- MARK: Searches
--
-- A search of a word that is in a third of a million assets ranked them all, for seconds. Now the first 2,000 that are met
-- are ranked, and before them all whose id or name is what was asked for: those no bound may leave out.

CREATE INDEX assets_name_folded ON public.assets (lower(left(asset_name, 128)));

CREATE OR REPLACE FUNCTION public.search_assets(
    query text,
    of_type text DEFAULT NULL,
    of_owner text DEFAULT NULL,
    of_namespace text DEFAULT NULL,
    of_sensitivity text DEFAULT NULL,
    max_rows int DEFAULT 50,
    clearance text DEFAULT NULL
)
RETURNS TABLE (
    asset_id text, asset_name text, asset_type text, category text, owner text, namespace text, sensitivity text,
    description text, rank real, total bigint
)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
SET client_min_messages = warning  -- no notice for a query of stop words
AS $$
#variable_conflict use_column
DECLARE
    words tsquery := websearch_to_tsquery('pg_catalog.english', coalesce(query, ''));
    part text := '%' || replace(replace(replace(btrim(query), '\', '\\'), '%', '\%'), '_', '\_') || '%';
    whole text := btrim(coalesce(query, ''));
    folded text := lower(left(btrim(coalesce(query, '')), 128));
    is_empty boolean := btrim(coalesce(query, '')) = '';
BEGIN
    RETURN QUERY
        WITH named AS MATERIALIZED (
            SELECT a.asset_id, a.asset_name, a.asset_type, a.category, a.owner, a.namespace, a.sensitivity,
                a.description, a.search_vector
            FROM public.assets a
            WHERE NOT is_empty AND (
                a.asset_id = whole OR (lower(left(a.asset_name, 128)) = folded AND lower(a.asset_name) = lower(whole))
            )
            AND (of_type IS NULL OR (left(a.asset_type, 128) = left(of_type, 128) AND a.asset_type = of_type))
            AND (of_owner IS NULL OR (left(a.owner, 128) = left(of_owner, 128) AND a.owner = of_owner))
            AND (of_namespace IS NULL OR (
                left(a.namespace, 128) = left(of_namespace, 128) AND a.namespace = of_namespace
            ))
            AND (of_sensitivity IS NULL OR a.sensitivity = of_sensitivity)
            AND (clearance IS NULL OR public.sensitivity_rank(a.sensitivity) <= public.sensitivity_rank(clearance))
            LIMIT 2000
        ), met AS MATERIALIZED (
            SELECT a.asset_id, a.asset_name, a.asset_type, a.category, a.owner, a.namespace, a.sensitivity,
                a.description, a.search_vector
            FROM public.assets a
            WHERE (
                is_empty OR a.search_vector @@ words OR a.asset_id ILIKE part
                OR left(a.asset_name, 4096) ILIKE part OR left(a.description, 4096) ILIKE part
            )
            AND (of_type IS NULL OR (left(a.asset_type, 128) = left(of_type, 128) AND a.asset_type = of_type))
            AND (of_owner IS NULL OR (left(a.owner, 128) = left(of_owner, 128) AND a.owner = of_owner))
            AND (of_namespace IS NULL OR (
                left(a.namespace, 128) = left(of_namespace, 128) AND a.namespace = of_namespace
            ))
            AND (of_sensitivity IS NULL OR a.sensitivity = of_sensitivity)
            AND (clearance IS NULL OR public.sensitivity_rank(a.sensitivity) <= public.sensitivity_rank(clearance))
            LIMIT 2000
        ), found AS (
            SELECT a.asset_id, a.asset_name, a.asset_type, a.category, a.owner, a.namespace, a.sensitivity,
                a.description,
                CASE WHEN is_empty THEN 0::real ELSE (
                    ts_rank(a.search_vector, words)
                    + CASE WHEN lower(a.asset_id) = lower(whole) THEN 4 ELSE 0 END
                    + CASE WHEN lower(a.asset_name) = lower(whole) THEN 2 ELSE 0 END
                    + CASE WHEN left(a.asset_name, 4096) ILIKE part THEN 1 ELSE 0 END
                    + CASE WHEN a.asset_id ILIKE part THEN 0.5 ELSE 0 END
                )::real END AS rank
            FROM (
                SELECT * FROM named
                UNION ALL SELECT * FROM met WHERE asset_id NOT IN (SELECT n.asset_id FROM named n)
            ) a
        )
        SELECT f.asset_id, f.asset_name, f.asset_type, f.category, f.owner, f.namespace, f.sensitivity, f.description,
            f.rank, count(*) OVER ()
        FROM found f ORDER BY f.rank DESC, f.asset_name, f.asset_id LIMIT greatest(max_rows, 0);
END
$$;
COMMENT ON FUNCTION public.search_assets(text, text, text, text, text, int, text) IS 'Assets that match the words (web search syntax) or hold the text in id, name or description (the first 4,096 characters); best first of those whose id or name is the text and of 2,000 others that match. total counts these. An empty query matches everything; clearance leaves out what is above it.';
