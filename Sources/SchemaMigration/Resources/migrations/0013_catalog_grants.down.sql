DROP FUNCTION cortex.task_records(text);
DROP TABLE cortex.feed_batches;
