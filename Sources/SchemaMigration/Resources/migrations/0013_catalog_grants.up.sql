-- What the catalog service asks beside rows: events by number, and the records of a task.

-- MARK: Events
--
-- The relay counts the rows of the change feed that it passes. Which rows got which numbers follows from the snapshots
-- between which each batch lies; numbers count back from the batch's last, so that trimming its oldest rows changes none.

CREATE TABLE cortex.feed_batches (
    timeline bigint NOT NULL,
    last_seq bigint NOT NULL,
    passed bigint NOT NULL CONSTRAINT feed_batches_passed CHECK (passed > 0),
    below pg_snapshot NOT NULL,
    upto pg_snapshot NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (timeline, last_seq)
);
COMMENT ON TABLE cortex.feed_batches IS 'What the relay passed, batch by batch: how an event number leads to its row in change_feed. Not dumped.';
COMMENT ON COLUMN cortex.feed_batches.last_seq IS 'Number of the batch''s last event; its rows are numbered in the order of their ids.';
COMMENT ON COLUMN cortex.feed_batches.passed IS 'How many rows the batch had.';
COMMENT ON COLUMN cortex.feed_batches.below IS 'The rows that are visible here were passed before.';
COMMENT ON COLUMN cortex.feed_batches.upto IS 'The rows of the batch are visible here.';

GRANT SELECT, INSERT, DELETE ON cortex.feed_batches TO cortex_relay;
GRANT SELECT ON cortex.feed_batches TO cortex_api, cortex_backup;

-- MARK: Records

CREATE FUNCTION cortex.task_records(of_task text)
RETURNS TABLE (
    record_id uuid, path text, json_pointer text, outcome text, reason text, doc text
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
        SELECT r.record_id, f.path_text, coalesce(r.json_pointer, ''), r.outcome, r.reason, r.doc::text
        FROM source.records r JOIN source.files f ON f.file_id = r.file_id
        WHERE r.natural_id = of_task AND r.kind IN (
            SELECT 'task' UNION ALL
            SELECT o.kind FROM public.tasks t JOIN source.records o ON o.record_id = t.source_record_id
            WHERE t.task_id = of_task
        )
        ORDER BY f.path, f.member_path NULLS FIRST, r.ordinal, r.byte_start, r.record_id;
END
$$;
COMMENT ON FUNCTION cortex.task_records(text) IS 'Every source record of a task, by place. Runs as its owner: the service may read no other part of schema source.';
REVOKE EXECUTE ON FUNCTION cortex.task_records(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION cortex.task_records(text) TO cortex_api;
