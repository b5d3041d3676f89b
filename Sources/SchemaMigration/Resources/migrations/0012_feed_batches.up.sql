-- Numbers of events: which rows each step of the relay passed on. A row of the feed has no number itself: writing one into
-- it would cost each change a second write. The number follows from the step and from the ids within it.

CREATE TABLE cortex.feed_batches (
    timeline bigint NOT NULL,
    last_seq bigint NOT NULL,
    passed bigint NOT NULL CONSTRAINT feed_batches_passed CHECK (passed > 0),
    below pg_snapshot NOT NULL,
    upto pg_snapshot NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (timeline, last_seq)
);
COMMENT ON TABLE cortex.feed_batches IS 'One row per step of the relay that passed rows of the change feed on: their numbers. Not dumped.';
COMMENT ON COLUMN cortex.feed_batches.timeline IS 'First half of the event ids.';
COMMENT ON COLUMN cortex.feed_batches.last_seq IS 'Number of the step''s row with the highest id; the others have the numbers below, by id.';
COMMENT ON COLUMN cortex.feed_batches.passed IS 'How many rows it passed; fewer are left once the feed is trimmed, those with the lowest ids go first.';
COMMENT ON COLUMN cortex.feed_batches.below IS 'Rows that are visible in this snapshot had been passed before.';
COMMENT ON COLUMN cortex.feed_batches.upto IS 'Rows that are visible in this snapshot were passed by then.';

-- Where the numbers rise is where their rows are known: a relay cannot do one without the other.
CREATE FUNCTION cortex.feed_numbered() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO cortex.feed_batches (timeline, last_seq, passed, below, upto)
    VALUES (NEW.timeline, NEW.seq, NEW.seq - OLD.seq, coalesce(OLD.position, '1:1:'), NEW.position);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION cortex.feed_numbered() IS 'Keeps which rows got the numbers that the relay just gave.';
CREATE TRIGGER numbered AFTER UPDATE ON cortex.relay_progress
    FOR EACH ROW WHEN (NEW.timeline = OLD.timeline AND NEW.seq > OLD.seq)
    EXECUTE FUNCTION cortex.feed_numbered();
REVOKE EXECUTE ON FUNCTION cortex.feed_numbered() FROM PUBLIC;

GRANT SELECT ON cortex.feed_batches TO cortex_api, cortex_backup;
GRANT SELECT, DELETE ON cortex.feed_batches TO cortex_relay;
