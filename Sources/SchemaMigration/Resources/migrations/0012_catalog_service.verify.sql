DO $$
BEGIN
    PERFORM timeline, last_seq, passed, below, upto, at FROM cortex.feed_batches LIMIT 0;
    IF NOT has_table_privilege('cortex_relay', 'cortex.feed_batches', 'INSERT')
        OR NOT has_table_privilege('cortex_relay', 'cortex.feed_batches', 'DELETE')
        OR has_table_privilege('cortex_api', 'cortex.feed_batches', 'INSERT')
        OR NOT has_table_privilege('cortex_api', 'cortex.feed_batches', 'SELECT')
        OR has_table_privilege('cortex_readonly', 'cortex.feed_batches', 'SELECT')
    THEN
        RAISE EXCEPTION 'grants on cortex.feed_batches are not as they should be';
    END IF;
    IF NOT has_function_privilege('cortex_api', 'cortex.task_records(text)', 'EXECUTE')
        OR has_function_privilege('cortex_readonly', 'cortex.task_records(text)', 'EXECUTE')
    THEN
        RAISE EXCEPTION 'grants on cortex.task_records are not as they should be';
    END IF;
END
$$;
