-- Functions for programs. They run as their caller, so that grants and row security hold, but for the two that
-- maintain what no caller may touch.

-- MARK: Walks
--
-- Level by level, each row once, at its smallest depth: a cycle ends the walk and a dense graph costs its edges, not
-- its paths. Edges start at rows that exist; an end that no row has the name of is shown and goes no further.

CREATE FUNCTION public.get_task_hierarchy(of_task text, max_depth int DEFAULT 10)
RETURNS TABLE (
    depth int, task_id text, parent_task_id text, title text, task_status text, task_priority text, assigned_to text,
    is_known boolean
)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    ids text[] := ARRAY[of_task];
    parents text[] := ARRAY[NULL::text];
    depths int[] := ARRAY[0];
    frontier text[] := ARRAY[of_task];
    level int := 0;
    next_ids text[];
    next_parents text[];
BEGIN
    IF NOT EXISTS (SELECT FROM public.tasks t WHERE t.task_id = of_task) THEN
        RETURN;
    END IF;
    WHILE cardinality(frontier) > 0 AND level < least(max_depth, 100) LOOP
        level := level + 1;
        SELECT array_agg(n.child ORDER BY n.child), array_agg(n.parent ORDER BY n.child) INTO next_ids, next_parents
        FROM (
            SELECT e.child, min(e.parent) AS parent FROM (
                SELECT t.task_id AS child, t.parent_task_id AS parent
                FROM public.tasks t WHERE t.parent_task_id = ANY (frontier)
                UNION ALL
                SELECT l.child_task_id_raw, l.parent_task_id FROM public.task_lineage l
                WHERE l.parent_task_id = ANY (frontier) AND l.lineage_type IN ('spawned', 'part_of')
            ) e
            WHERE e.child IS NOT NULL AND NOT EXISTS (SELECT FROM unnest(ids) AS s (id) WHERE s.id = e.child)
            GROUP BY e.child
        ) n;
        ids := ids || coalesce(next_ids, '{}');
        parents := parents || coalesce(next_parents, '{}');
        depths := depths || array_fill(level, ARRAY[coalesce(cardinality(next_ids), 0)]);
        frontier := coalesce(next_ids, '{}');
    END LOOP;
    RETURN QUERY
        SELECT w.depth, w.id, w.parent, t.title, t.task_status, t.task_priority,
            coalesce(t.assigned_to, t.assigned_to_raw), t.task_id IS NOT NULL
        FROM unnest(ids, parents, depths) AS w (id, parent, depth) LEFT JOIN public.tasks t ON t.task_id = w.id
        ORDER BY w.depth, w.parent, w.id;
END
$$;
COMMENT ON FUNCTION public.get_task_hierarchy(text, int) IS 'A task and its subtasks, by parent_task_id and by lineage spawned and part_of: each once, at most max_depth levels (100 at most). No row for an unknown task.';

CREATE FUNCTION public.get_task_lineage(of_task text, max_depth int DEFAULT 10)
RETURNS TABLE (
    direction text, depth int, task_id text, via_task_id text, lineage_type text, title text, task_status text,
    is_known boolean
)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    way text;
    ids text[];
    vias text[];
    types text[];
    depths int[];
    frontier text[];
    level int;
    next_ids text[];
    next_vias text[];
    next_types text[];
BEGIN
    FOREACH way IN ARRAY ARRAY['ancestor', 'descendant'] LOOP
        ids := ARRAY[of_task];
        vias := ARRAY[NULL::text];
        types := ARRAY[NULL::text];
        depths := ARRAY[0];
        frontier := ARRAY[of_task];
        level := 0;
        WHILE cardinality(frontier) > 0 AND level < least(max_depth, 100) LOOP
            level := level + 1;
            SELECT array_agg(n.id ORDER BY n.id), array_agg(n.via ORDER BY n.id), array_agg(n.type ORDER BY n.id)
            INTO next_ids, next_vias, next_types
            FROM (
                SELECT DISTINCT ON (e.id) e.id, e.via, e.type FROM (
                    SELECT t.task_id AS id, t.parent_task_id AS via, 'parent' AS type
                    FROM public.tasks t WHERE way = 'descendant' AND t.parent_task_id = ANY (frontier)
                    UNION ALL
                    SELECT l.child_task_id_raw, l.parent_task_id, l.lineage_type
                    FROM public.task_lineage l WHERE way = 'descendant' AND l.parent_task_id = ANY (frontier)
                    UNION ALL
                    SELECT t.parent_task_id_raw, t.task_id, 'parent'
                    FROM public.tasks t WHERE way = 'ancestor' AND t.task_id = ANY (frontier)
                    UNION ALL
                    SELECT l.parent_task_id_raw, l.child_task_id, l.lineage_type
                    FROM public.task_lineage l WHERE way = 'ancestor' AND l.child_task_id = ANY (frontier)
                ) e
                WHERE e.id IS NOT NULL AND NOT EXISTS (SELECT FROM unnest(ids) AS s (id) WHERE s.id = e.id)
                ORDER BY e.id, e.via, e.type
            ) n;
            ids := ids || coalesce(next_ids, '{}');
            vias := vias || coalesce(next_vias, '{}');
            types := types || coalesce(next_types, '{}');
            depths := depths || array_fill(level, ARRAY[coalesce(cardinality(next_ids), 0)]);
            frontier := coalesce(next_ids, '{}');
        END LOOP;
        RETURN QUERY
            SELECT way, w.depth, w.id, w.via, w.type, t.title, t.task_status, t.task_id IS NOT NULL
            FROM unnest(ids, vias, types, depths) AS w (id, via, type, depth)
            LEFT JOIN public.tasks t ON t.task_id = w.id
            WHERE w.depth > 0 ORDER BY w.depth, w.id;
    END LOOP;
END
$$;
COMMENT ON FUNCTION public.get_task_lineage(text, int) IS 'Ancestors and descendants of a task by every kind of relation: each once in each direction, with the neighbour it was reached from, at most max_depth levels (100 at most).';

CREATE FUNCTION public.get_asset_lineage(of_asset text, towards text DEFAULT 'both', max_depth int DEFAULT 3)
RETURNS TABLE (
    direction text, depth int, asset_id text, via_asset_id text, lineage_type text, confidence numeric,
    asset_name text, asset_type text, sensitivity text, is_known boolean
)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    way text;
    ids text[];
    vias text[];
    types text[];
    confidences numeric[];
    depths int[];
    frontier text[];
    level int;
    next_ids text[];
    next_vias text[];
    next_types text[];
    next_confidences numeric[];
BEGIN
    IF towards IS NULL OR towards NOT IN ('upstream', 'downstream', 'both') THEN
        RAISE EXCEPTION 'towards must be upstream, downstream or both, not %', quote_nullable(towards)
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    FOREACH way IN ARRAY ARRAY['upstream', 'downstream'] LOOP
        CONTINUE WHEN towards NOT IN (way, 'both');
        ids := ARRAY[of_asset];
        vias := ARRAY[NULL::text];
        types := ARRAY[NULL::text];
        confidences := ARRAY[NULL::numeric];
        depths := ARRAY[0];
        frontier := ARRAY[of_asset];
        level := 0;
        WHILE cardinality(frontier) > 0 AND level < least(max_depth, 100) LOOP
            level := level + 1;
            SELECT array_agg(n.id ORDER BY n.id), array_agg(n.via ORDER BY n.id), array_agg(n.type ORDER BY n.id),
                array_agg(n.confidence ORDER BY n.id)
            INTO next_ids, next_vias, next_types, next_confidences
            FROM (
                SELECT DISTINCT ON (e.id) e.id, e.via, e.type, e.confidence FROM (
                    SELECT l.upstream_raw AS id, l.downstream_asset_id AS via, l.lineage_type AS type, l.confidence
                    FROM public.asset_lineage l WHERE way = 'upstream' AND l.downstream_asset_id = ANY (frontier)
                    UNION ALL
                    SELECT l.downstream_raw, l.upstream_asset_id, l.lineage_type, l.confidence
                    FROM public.asset_lineage l WHERE way = 'downstream' AND l.upstream_asset_id = ANY (frontier)
                ) e
                WHERE e.id IS NOT NULL AND NOT EXISTS (SELECT FROM unnest(ids) AS s (id) WHERE s.id = e.id)
                ORDER BY e.id, e.confidence DESC NULLS LAST, e.via, e.type
            ) n;
            ids := ids || coalesce(next_ids, '{}');
            vias := vias || coalesce(next_vias, '{}');
            types := types || coalesce(next_types, '{}');
            confidences := confidences || coalesce(next_confidences, '{}');
            depths := depths || array_fill(level, ARRAY[coalesce(cardinality(next_ids), 0)]);
            frontier := coalesce(next_ids, '{}');
        END LOOP;
        RETURN QUERY
            SELECT way, w.depth, w.id, w.via, w.type, w.confidence, a.asset_name, a.asset_type, a.sensitivity,
                a.asset_id IS NOT NULL
            FROM unnest(ids, vias, types, confidences, depths) AS w (id, via, type, confidence, depth)
            LEFT JOIN public.assets a ON a.asset_id = w.id
            WHERE w.depth > 0 ORDER BY w.depth, w.id;
    END LOOP;
END
$$;
COMMENT ON FUNCTION public.get_asset_lineage(text, text, int) IS 'Assets that an asset is made from (upstream), that are made from it (downstream), or both: each once in each direction, with the neighbour it was reached from, at most max_depth levels (100 at most).';

-- MARK: Agents

CREATE FUNCTION public.agent_utilization(of_agent text DEFAULT NULL)
RETURNS TABLE (
    agent_id text, agent_type text, agent_status text, token_budget bigint, tokens_used bigint, budget_used numeric,
    runs bigint, runs_active bigint, runs_completed bigint, runs_failed bigint, run_tokens numeric, run_minutes numeric,
    tasks_assigned bigint, tasks_open bigint
)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
        SELECT a.agent_id, a.agent_type, a.agent_status, a.token_budget, a.tokens_used,
            round(a.tokens_used / nullif(a.token_budget, 0)::numeric, 4),
            coalesce(r.runs, 0), coalesce(r.active, 0), coalesce(r.completed, 0), coalesce(r.failed, 0),
            r.tokens, r.minutes, coalesce(t.assigned, 0), coalesce(t.open, 0)
        FROM public.agents a
        LEFT JOIN (
            SELECT x.agent_id, count(*) AS runs,
                count(*) FILTER (WHERE x.run_status IN ('pending', 'running', 'stuck')) AS active,
                count(*) FILTER (WHERE x.run_status = 'completed') AS completed,
                count(*) FILTER (WHERE x.run_status = 'failed') AS failed,
                sum(x.tokens_used) AS tokens,
                sum(coalesce(x.duration_minutes, extract(epoch FROM x.completed_at - x.started_at) / 60)) AS minutes
            FROM public.agent_runs x WHERE x.agent_id IS NOT NULL AND (of_agent IS NULL OR x.agent_id = of_agent)
            GROUP BY x.agent_id
        ) r ON r.agent_id = a.agent_id
        LEFT JOIN (
            SELECT x.assigned_to, count(*) AS assigned,
                count(*) FILTER (WHERE x.task_status IN ('pending', 'in_progress', 'blocked')) AS open
            FROM public.tasks x WHERE x.assigned_to IS NOT NULL AND (of_agent IS NULL OR x.assigned_to = of_agent)
            GROUP BY x.assigned_to
        ) t ON t.assigned_to = a.agent_id
        WHERE of_agent IS NULL OR a.agent_id = of_agent
        ORDER BY a.agent_id;
END
$$;
COMMENT ON FUNCTION public.agent_utilization(text) IS 'Budgets, runs and tasks of one agent, or of all. budget_used is a share, 1 = all; unknown numbers are NULL.';

-- MARK: Search

CREATE FUNCTION public.sensitivity_rank(sensitivity text) RETURNS int
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN array_position(
    ARRAY['public', 'internal', 'confidential', 'restricted', 'secret'], coalesce(sensitivity, 'internal')
);
COMMENT ON FUNCTION public.sensitivity_rank(text) IS '1 public to 5 secret; no sensitivity counts as internal, an unknown one gives NULL.';

CREATE FUNCTION public.search_assets(
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
    is_empty boolean := btrim(coalesce(query, '')) = '';
BEGIN
    RETURN QUERY
        WITH found AS (
            SELECT a.asset_id, a.asset_name, a.asset_type, a.category, a.owner, a.namespace, a.sensitivity,
                a.description,
                CASE WHEN is_empty THEN 0::real ELSE (
                    ts_rank(a.search_vector, words)
                    + CASE WHEN lower(a.asset_id) = lower(btrim(query)) THEN 4 ELSE 0 END
                    + CASE WHEN lower(a.asset_name) = lower(btrim(query)) THEN 2 ELSE 0 END
                    + CASE WHEN left(a.asset_name, 4096) ILIKE part THEN 1 ELSE 0 END
                    + CASE WHEN a.asset_id ILIKE part THEN 0.5 ELSE 0 END
                )::real END AS rank
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
        )
        SELECT f.asset_id, f.asset_name, f.asset_type, f.category, f.owner, f.namespace, f.sensitivity, f.description,
            f.rank, count(*) OVER ()
        FROM found f ORDER BY f.rank DESC, f.asset_name, f.asset_id LIMIT greatest(max_rows, 0);
END
$$;
COMMENT ON FUNCTION public.search_assets(text, text, text, text, text, int, text) IS 'Assets that match the words (web search syntax) or hold the text in id, name or description (the first 4,096 characters); best first. total counts all that match. An empty query matches everything; clearance leaves out what is above it.';

-- MARK: Maintenance

CREATE FUNCTION public.archive_old_audit_logs(retention interval DEFAULT '90 days', max_rows int DEFAULT 100000)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    expired bigint[];
    removed bigint;
    imported_at timestamptz := (SELECT coalesce(max(i.finished_at), now()) FROM source.imports i);
BEGIN
    IF retention IS NULL OR retention < interval '1 day' THEN
        RAISE EXCEPTION 'retention must be at least one day, not %', coalesce(retention::text, 'NULL')
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    expired := ARRAY(
        SELECT a.id FROM public.audit_logs a
        WHERE a.severity IN ('debug', 'info') AND coalesce(a.recorded_at, imported_at) < now() - retention
        ORDER BY a.recorded_at, a.id LIMIT greatest(max_rows, 0) FOR UPDATE SKIP LOCKED
    );
    INSERT INTO cortex.audit_pruned (audit_id, chain_seq, row_hash, chain_hash, reason)
    SELECT a.id, a.chain_seq, a.row_hash, a.chain_hash, 'retention'
    FROM public.audit_logs a WHERE a.id = ANY (expired);
    -- An imported row must not come back with the next import.
    INSERT INTO cortex.deleted_rows AS d (kind, key, version, epoch)
    SELECT 'audit_logs', a.source_record_id::text, a.version + 1,
        coalesce((SELECT m.epoch FROM cortex.system_mode m), 1)
    FROM public.audit_logs a WHERE a.id = ANY (expired) AND a.source_record_id IS NOT NULL
    ON CONFLICT (kind, key) DO UPDATE SET version = greatest(d.version, excluded.version),
        deleted_at = excluded.deleted_at, epoch = excluded.epoch;
    DELETE FROM public.audit_logs a WHERE a.id = ANY (expired);
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN removed;
END
$$;
COMMENT ON FUNCTION public.archive_old_audit_logs(interval, int) IS 'Removes audit rows of severity debug and info that came into the database longer ago than the retention, at most max_rows of them; their hashes stay in cortex.audit_pruned. All other rows are kept. Returns the number removed.';

CREATE FUNCTION public.deleted_since(since_epoch bigint)
RETURNS TABLE (kind text, key text, version bigint, deleted_at timestamptz, epoch bigint)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT d.kind, d.key, d.version, d.deleted_at, d.epoch FROM cortex.deleted_rows d
    WHERE d.epoch >= since_epoch ORDER BY d.deleted_at, d.kind, d.key;
END;
COMMENT ON FUNCTION public.deleted_since(bigint) IS 'Rows that were deleted in this epoch of the system mode or a later one and have not come back.';

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
