-- Schema cortex: how the system runs. The schema itself and schema_migrations exist before the first migration.

COMMENT ON SCHEMA cortex IS 'How Cortex runs: mode, cache state, change feed, runs, checkpoints.';
COMMENT ON TABLE cortex.schema_migrations IS 'The migrations that this database has, with the checksum of each.';

-- MARK: Mode

CREATE TABLE cortex.system_mode (
    singleton boolean PRIMARY KEY DEFAULT true CONSTRAINT system_mode_singleton CHECK (singleton),
    mode text NOT NULL DEFAULT 'json'
        CONSTRAINT system_mode_mode CHECK (mode IN ('json', 'catchup', 'frozen', 'postgres')),
    epoch bigint NOT NULL DEFAULT 1 CONSTRAINT system_mode_epoch CHECK (epoch > 0),
    previous_mode text
        CONSTRAINT system_mode_previous_mode CHECK (previous_mode IN ('json', 'catchup', 'postgres')),
    lease_holder text,
    lease_until timestamptz,
    changed_at timestamptz NOT NULL DEFAULT now(),
    changed_by text NOT NULL DEFAULT current_user
);
COMMENT ON TABLE cortex.system_mode IS 'One row: where the truth lives. Every change of mode has a new epoch.';
COMMENT ON COLUMN cortex.system_mode.epoch IS 'Grows with every change; a write made under another epoch is refused.';
COMMENT ON COLUMN cortex.system_mode.previous_mode IS 'While frozen: the mode to fall back to when the lease ends.';
COMMENT ON COLUMN cortex.system_mode.lease_holder IS 'While frozen: who renews the lease.';
COMMENT ON COLUMN cortex.system_mode.lease_until IS 'While frozen: when the freeze ends by itself, under a new epoch.';
INSERT INTO cortex.system_mode DEFAULT VALUES;

-- MARK: Cache

CREATE TABLE cortex.cache_state (
    singleton boolean PRIMARY KEY DEFAULT true CONSTRAINT cache_state_singleton CHECK (singleton),
    epoch bigint NOT NULL DEFAULT (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
    redis_run_id text,
    suspended boolean NOT NULL DEFAULT false,
    drained_at timestamptz,
    changed_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE cortex.cache_state IS 'One row: which cache entries count and whether they may be used. Not dumped.';
COMMENT ON COLUMN cortex.cache_state.epoch IS 'Part of every private cache key. Starts as milliseconds since 1970, so that a database made anew or restored never meets entries of an earlier one; moves by one.';
COMMENT ON COLUMN cortex.cache_state.redis_run_id IS 'The Redis server that the epoch belongs to.';
COMMENT ON COLUMN cortex.cache_state.suspended IS 'The relay cannot reach Redis: nobody reads it and writes do not wait for it.';
COMMENT ON COLUMN cortex.cache_state.drained_at IS 'When the relay last had passed on every visible change; bounds how old a cached answer can be.';
INSERT INTO cortex.cache_state DEFAULT VALUES;

-- MARK: Change feed

CREATE TABLE cortex.change_feed (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    kind text NOT NULL,
    key text NOT NULL,
    version bigint NOT NULL,
    op text NOT NULL CONSTRAINT change_feed_op CHECK (op IN ('insert', 'update', 'delete', 'reload', 'truncate')),
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE cortex.change_feed IS 'One row per changed row of a public table, written by triggers in the transaction that changes it. Not dumped.';
COMMENT ON COLUMN cortex.change_feed.xid IS 'The writing transaction: the relay reads by snapshot, because ids of transactions that commit late lie before ones already read.';
COMMENT ON COLUMN cortex.change_feed.kind IS 'The name of the public table.';
COMMENT ON COLUMN cortex.change_feed.key IS 'The row''s key as text; columns of a composite key are joined with U+001F. Empty for reload and truncate, which concern the whole table.';
COMMENT ON COLUMN cortex.change_feed.version IS 'The row''s version after the change; a delete counts too. 0 for reload and truncate.';
CREATE INDEX change_feed_xid ON cortex.change_feed (xid);

CREATE TABLE cortex.relay_progress (
    singleton boolean PRIMARY KEY DEFAULT true CONSTRAINT relay_progress_singleton CHECK (singleton),
    timeline bigint NOT NULL DEFAULT (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
    position pg_snapshot,
    seq bigint NOT NULL DEFAULT 0,
    fencing bigint NOT NULL DEFAULT 0,
    holder text,
    updated_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE cortex.relay_progress IS 'One row: how far the relay has passed the change feed on. Not dumped.';
COMMENT ON COLUMN cortex.relay_progress.timeline IS 'First half of an event id; a restore starts a new one.';
COMMENT ON COLUMN cortex.relay_progress.position IS 'Everything visible in this snapshot was passed on; NULL before the first pass.';
COMMENT ON COLUMN cortex.relay_progress.seq IS 'Number of the last event passed on: second half of an event id.';
COMMENT ON COLUMN cortex.relay_progress.fencing IS 'Grows with each relay that takes over; view writes with a lower number are refused.';
INSERT INTO cortex.relay_progress DEFAULT VALUES;

CREATE TABLE cortex.deleted_rows (
    kind text NOT NULL,
    key text NOT NULL,
    version bigint NOT NULL,
    deleted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    epoch bigint NOT NULL,
    revived_by xid8,
    PRIMARY KEY (kind, key)
);
COMMENT ON TABLE cortex.deleted_rows IS 'Rows that are gone, with their last version: an id that comes back goes on counting.';
COMMENT ON COLUMN cortex.deleted_rows.version IS 'Version of the row when it was deleted, plus one for the deletion.';
COMMENT ON COLUMN cortex.deleted_rows.epoch IS 'Epoch of the system mode at the deletion.';
COMMENT ON COLUMN cortex.deleted_rows.revived_by IS 'Set only inside the trigger that gives a recreated row its version, by that transaction; never committed.';
CREATE INDEX deleted_rows_epoch ON cortex.deleted_rows (epoch);
CREATE INDEX deleted_rows_revived_by ON cortex.deleted_rows (revived_by) WHERE revived_by IS NOT NULL;

-- MARK: Requests, runs

CREATE TABLE cortex.idempotency_keys (
    principal text NOT NULL,
    key text NOT NULL,
    request_sha256 bytea NOT NULL,
    status int,
    headers json,
    body bytea,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (principal, key)
);
COMMENT ON TABLE cortex.idempotency_keys IS 'Answers to writes that carried an Idempotency-Key, written in the write''s transaction, kept 24 hours. Not dumped.';
COMMENT ON COLUMN cortex.idempotency_keys.status IS 'HTTP status of the answer; NULL while the request is in flight.';
CREATE INDEX idempotency_keys_created_at ON cortex.idempotency_keys (created_at);

CREATE TABLE cortex.runs (
    run_id text PRIMARY KEY,
    plan text,
    status text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    started_by text NOT NULL DEFAULT current_user,
    facts jsonb
);
COMMENT ON TABLE cortex.runs IS 'Migration runs: a copy of their journals'' outcome, for programs that cannot read the files.';
COMMENT ON COLUMN cortex.runs.facts IS 'What the report is made of.';
CREATE INDEX runs_started_at ON cortex.runs (started_at);

CREATE TABLE cortex.run_steps (
    run_id text NOT NULL REFERENCES cortex.runs ON DELETE CASCADE,
    step_id text NOT NULL,
    attempt int NOT NULL DEFAULT 1,
    worker text,
    status text NOT NULL,
    started_at timestamptz,
    finished_at timestamptz,
    tokens_estimated bigint,
    evidence jsonb,
    PRIMARY KEY (run_id, step_id, attempt)
);
COMMENT ON TABLE cortex.run_steps IS 'Steps of runs, one row per attempt.';
COMMENT ON COLUMN cortex.run_steps.evidence IS 'What the step''s predicate saw.';

-- MARK: Audit chain

CREATE TABLE cortex.audit_checkpoints (
    checkpoint_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    chain_seq bigint NOT NULL UNIQUE,
    chain_hash bytea NOT NULL,
    key_id text NOT NULL,
    signature bytea NOT NULL,
    signed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE cortex.audit_checkpoints IS 'Signed states of the audit chain.';
COMMENT ON COLUMN cortex.audit_checkpoints.chain_seq IS 'The last sealed row that the signature covers.';
COMMENT ON COLUMN cortex.audit_checkpoints.key_id IS 'Names the Ed25519 key of the signature.';

CREATE TABLE cortex.audit_pruned (
    pruned_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    audit_id bigint NOT NULL,
    chain_seq bigint UNIQUE,
    row_hash bytea,
    chain_hash bytea,
    reason text NOT NULL CONSTRAINT audit_pruned_reason CHECK (reason IN ('retention', 'import')),
    pruned_by xid8 NOT NULL DEFAULT pg_current_xact_id(),
    pruned_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE cortex.audit_pruned IS 'What is left of audit rows that retention removed, or that an import replaced after they were sealed.';
COMMENT ON COLUMN cortex.audit_pruned.pruned_by IS 'A row of audit_logs can only be deleted by the transaction that wrote it down here.';
COMMENT ON COLUMN cortex.audit_pruned.audit_id IS 'The id that the row had.';
COMMENT ON COLUMN cortex.audit_pruned.chain_seq IS 'Its place in the chain; NULL if it was never sealed.';
CREATE INDEX audit_pruned_audit_id ON cortex.audit_pruned (audit_id);
