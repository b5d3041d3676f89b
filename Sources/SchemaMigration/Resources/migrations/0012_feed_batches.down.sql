DROP TRIGGER numbered ON cortex.relay_progress;
DROP FUNCTION cortex.feed_numbered();
DROP TABLE cortex.feed_batches;
