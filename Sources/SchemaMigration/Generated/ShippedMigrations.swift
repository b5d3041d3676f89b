// swift-format-ignore-file
// Written by scripts/embed-migrations from Resources/migrations. Do not edit it.

/// The migrations that this program ships, in order.
enum ShippedMigrations {
static let steps: [SchemaStep] = [
SchemaStep(
number: 1,
name: "roles",
up: ###"""
-- Roles are shared by all databases of a server, so several databases may run this file at the same moment.
-- An advisory lock only covers one database; the handlers below cover the others.

DO $$
DECLARE
    wanted record;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('cortex roles', 0));
    FOR wanted IN
        SELECT * FROM (VALUES
            ('cortex_owner',    'NOLOGIN', 'Cortex: a group that an installation may hand the ownership of the schema to.'),
            ('cortex_api',      'LOGIN',   'Cortex: the catalog service. Reads and writes rows, owns nothing.'),
            ('cortex_readonly', 'LOGIN',   'Cortex: reads schema public; rows above the sensitivity internal are hidden.'),
            ('cortex_relay',    'LOGIN',   'Cortex: passes the change feed on and seals audit rows.'),
            ('cortex_backup',   'LOGIN',   'Cortex: reads everything, for dumps.'),
            ('cortex_exporter', 'LOGIN',   'Cortex: reads server statistics, no data.'),
            ('cortex_loader',   'NOLOGIN', 'Cortex: the bulk load runs as this role; its writes are not fed or audited row by row.')
        ) AS roles (name, attribute, description)
    LOOP
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted.name) THEN
                EXECUTE format(
                    'CREATE ROLE %I WITH %s NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION INHERIT',
                    wanted.name, wanted.attribute
                );
                EXECUTE format('COMMENT ON ROLE %I IS %L', wanted.name, wanted.description);
            END IF;
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN NULL;  -- another database was faster
            WHEN internal_error THEN                              -- "tuple concurrently updated", by one that was
                IF sqlerrm NOT LIKE 'tuple concurrently%' THEN RAISE; END IF;
        END;
    END LOOP;
END
$$;

-- The migrating role must be able to SET ROLE cortex_loader.
DO $$
BEGIN
    FOR attempt IN 1..10 LOOP
        BEGIN
            -- From 16 on, whoever makes a role is a member that may not SET ROLE to it.
            IF NOT pg_has_role(current_user, 'cortex_loader', CASE
                WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END)
            THEN
                EXECUTE format('GRANT cortex_loader TO %I', current_user);
            END IF;
            EXIT;
        EXCEPTION
            WHEN unique_violation THEN NULL;
            WHEN internal_error THEN
                IF sqlerrm NOT LIKE 'tuple concurrently%' OR attempt = 10 THEN RAISE; END IF;
        END;
    END LOOP;
END
$$;

-- What only some migrating roles may give. Without them the exporter sees less, and dumps are made by the owner.
DO $$
BEGIN
    BEGIN
        IF NOT pg_has_role('cortex_exporter', 'pg_monitor', 'MEMBER') THEN
            GRANT pg_monitor TO cortex_exporter;
        END IF;
    EXCEPTION
        WHEN insufficient_privilege OR unique_violation OR internal_error THEN NULL;
    END;
    BEGIN
        IF NOT (SELECT rolbypassrls FROM pg_roles WHERE rolname = 'cortex_backup') THEN
            ALTER ROLE cortex_backup BYPASSRLS;
        END IF;
    EXCEPTION
        WHEN insufficient_privilege OR internal_error THEN NULL;
    END;
END
$$;

"""###,
verify: ###"""
DO $$
DECLARE
    wrong text;
BEGIN
    SELECT string_agg(wanted.name, ', ' ORDER BY wanted.name) INTO wrong
    FROM (VALUES
        ('cortex_owner', false), ('cortex_api', true), ('cortex_readonly', true), ('cortex_relay', true),
        ('cortex_backup', true), ('cortex_exporter', true), ('cortex_loader', false)
    ) AS wanted (name, logs_in)
    LEFT JOIN pg_roles r ON r.rolname = wanted.name
    WHERE r.rolname IS NULL OR r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication
        OR r.rolcanlogin <> wanted.logs_in;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'roles are missing or have other attributes than they should: %', wrong;
    END IF;
    IF NOT pg_has_role(current_user, 'cortex_loader', 'MEMBER') THEN
        RAISE EXCEPTION 'role % is not a member of cortex_loader', current_user;
    END IF;
END
$$;

"""###,
down: ###"""
-- A role that another database, or a member's own objects, still need stays.

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'cortex_loader', 'cortex_exporter', 'cortex_backup', 'cortex_relay', 'cortex_readonly', 'cortex_api',
        'cortex_owner'
    ] LOOP
        BEGIN
            EXECUTE format('DROP ROLE IF EXISTS %I', name);
        EXCEPTION
            WHEN dependent_objects_still_exist OR object_in_use OR insufficient_privilege OR undefined_object THEN NULL;
            WHEN internal_error THEN
                IF sqlerrm NOT LIKE 'tuple concurrently%' THEN RAISE; END IF;
        END;
    END LOOP;
END
$$;

"""###
),
SchemaStep(
number: 2,
name: "cortex",
up: ###"""
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

"""###,
verify: ###"""
DO $$
DECLARE
    missing text;
BEGIN
    SELECT string_agg(name, ', ') INTO missing
    FROM unnest(ARRAY[
        'schema_migrations', 'system_mode', 'cache_state', 'change_feed', 'relay_progress', 'deleted_rows',
        'idempotency_keys', 'runs', 'run_steps', 'audit_checkpoints', 'audit_pruned'
    ]) AS name
    WHERE to_regclass('cortex.' || name) IS NULL;
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'tables are missing in schema cortex: %', missing;
    END IF;
    IF (SELECT count(*) FROM cortex.system_mode) <> 1 THEN
        RAISE EXCEPTION 'cortex.system_mode does not hold exactly one row';
    END IF;
    SELECT string_agg(name, ', ') INTO missing
    FROM unnest(ARRAY['change_feed_xid', 'deleted_rows_epoch', 'deleted_rows_revived_by', 'runs_started_at']) AS name
    WHERE to_regclass('cortex.' || name) IS NULL;
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'indexes are missing in schema cortex: %', missing;
    END IF;
END
$$;

"""###,
down: ###"""
DROP TABLE cortex.audit_pruned;
DROP TABLE cortex.audit_checkpoints;
DROP TABLE cortex.run_steps;
DROP TABLE cortex.runs;
DROP TABLE cortex.idempotency_keys;
DROP TABLE cortex.deleted_rows;
DROP TABLE cortex.relay_progress;
DROP TABLE cortex.change_feed;
DROP TABLE cortex.cache_state;
DROP TABLE cortex.system_mode;

"""###
),
SchemaStep(
number: 3,
name: "source",
up: ###"""
-- Schema source: what was there, byte for byte. Schema staging: what a load has read and not yet resolved.
--
-- Keys that files choose (paths, natural ids) have no length limit, and a B-tree refuses entries over 2,704 bytes. Paths
-- have a hash index; natural ids, of which a hostile tree may repeat one a million times, an SP-GiST index: a hash index
-- takes quadratic time for equal values. Foreign keys exist only where a check finds its row in cache: records to files,
-- files to imports. Contents are loaded before their files in other chunks, findings by the million; a check there
-- costs a look-up per row and finds nothing that verification does not.

CREATE SCHEMA source;
COMMENT ON SCHEMA source IS 'What was in the tree: every entry, byte and record. Not readable by the service or by cortex_readonly.';

CREATE TABLE source.imports (
    import_id bigint PRIMARY KEY,
    root text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    tool_version text,
    status text,
    totals jsonb NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE source.imports IS 'Imports of trees; an interrupted one is continued under its number.';
COMMENT ON COLUMN source.imports.root IS 'The tree: an absolute path or a redis URL without its password.';

CREATE TABLE source.blobs (
    sha256 bytea PRIMARY KEY,
    size bigint NOT NULL
);
COMMENT ON TABLE source.blobs IS 'Contents of files, each once.';

CREATE TABLE source.blob_chunks (
    sha256 bytea NOT NULL,
    ordinal int NOT NULL,
    bytes bytea NOT NULL,
    PRIMARY KEY (sha256, ordinal)
);
COMMENT ON TABLE source.blob_chunks IS 'The bytes of a content in pieces of at most 256 KiB, numbered from 0: one large value can be neither dumped nor read in bounded memory.';

CREATE TABLE source.files (
    file_id uuid PRIMARY KEY,
    import_id bigint NOT NULL REFERENCES source.imports DEFERRABLE INITIALLY DEFERRED,
    retired_by bigint,
    entry_type text NOT NULL CONSTRAINT files_entry_type
        CHECK (entry_type IN ('file', 'dir', 'link', 'fifo', 'socket', 'device', 'unreadable')),
    path bytea NOT NULL,
    path_text text NOT NULL,
    link_target bytea,
    container_file_id uuid,
    member_path bytea,
    sha256 bytea,
    size bigint,
    mtime_ns bigint,
    mode int,
    parse_state text CONSTRAINT files_parse_state
        CHECK (parse_state IN ('value', 'values', 'whitespace', 'empty', 'invalid', 'not_json')),
    parse_error text,
    parse_offset bigint,
    parse_line bigint,
    parse_column bigint,
    rule text,
    generation bigint NOT NULL DEFAULT 1
);
COMMENT ON TABLE source.files IS 'Every entry of the tree and every member of an archive in it.';
COMMENT ON COLUMN source.files.import_id IS 'The import that first met the entry with these bytes.';
COMMENT ON COLUMN source.files.retired_by IS 'The import that no longer found the entry; NULL while it is in the tree.';
COMMENT ON COLUMN source.files.path IS 'The path as the file system has it, relative to the root: any byte but NUL.';
COMMENT ON COLUMN source.files.path_text IS 'The path for people: odd bytes escaped, a member after an exclamation mark.';
COMMENT ON COLUMN source.files.container_file_id IS 'The archive that the entry is a member of.';
COMMENT ON COLUMN source.files.sha256 IS 'Of the content: of stored bytes for entries of the tree, of expanded bytes for members.';
COMMENT ON COLUMN source.files.mtime_ns IS 'Modification time, nanoseconds since 1970.';
COMMENT ON COLUMN source.files.rule IS 'The mapping rule that took the file.';
CREATE INDEX files_path ON source.files USING hash (path) WHERE container_file_id IS NULL;
CREATE INDEX files_import_id ON source.files (import_id);
CREATE INDEX files_container ON source.files (container_file_id) WHERE container_file_id IS NOT NULL;
CREATE INDEX files_sha256 ON source.files (sha256) WHERE sha256 IS NOT NULL;

CREATE TABLE source.records (
    record_id uuid PRIMARY KEY,
    file_id uuid NOT NULL REFERENCES source.files DEFERRABLE INITIALLY DEFERRED,
    json_pointer text,
    ordinal bigint,
    byte_start bigint,
    byte_end bigint,
    kind text NOT NULL,
    natural_id text,
    doc jsonb,
    doc_reason text,
    sha256 bytea,
    source_rank int,
    newest_at timestamptz,
    resolution text NOT NULL CONSTRAINT records_resolution
        CHECK (resolution IN ('by_natural_id', 'each', 'each_distinct')),
    outcome text CONSTRAINT records_outcome
        CHECK (outcome IN ('resolved', 'superseded', 'quarantined', 'not_a_record')),
    reason text,
    superseded_by uuid
);
COMMENT ON TABLE source.records IS 'Every record of every file, duplicates and broken ones included. The exact text is the span of the file''s bytes.';
COMMENT ON COLUMN source.records.json_pointer IS 'RFC 6901, inside the top-level value; empty for the value itself.';
COMMENT ON COLUMN source.records.ordinal IS 'Which top-level value of the file, from 0.';
COMMENT ON COLUMN source.records.byte_end IS 'One past the last byte.';
COMMENT ON COLUMN source.records.doc IS 'The record as jsonb, for searching; NULL where jsonb cannot hold it, with doc_reason.';
COMMENT ON COLUMN source.records.sha256 IS 'Of the canonical form: equal records have equal hashes however they are written.';
COMMENT ON COLUMN source.records.source_rank IS 'Rank of the source, the best first: live file, backup, archive, embedded copy.';
COMMENT ON COLUMN source.records.newest_at IS 'The newest time in the record.';
COMMENT ON COLUMN source.records.resolution IS 'How conflicts are decided: by_natural_id one record wins; each stands for itself; each_distinct stands once per content.';
COMMENT ON COLUMN source.records.superseded_by IS 'The record that won.';
CREATE INDEX records_file_id ON source.records (file_id);
CREATE INDEX records_natural_id ON source.records USING spgist (natural_id) WHERE natural_id IS NOT NULL;

CREATE TABLE source.findings (
    finding_id uuid PRIMARY KEY,
    file_id uuid,
    record_id uuid,
    rule text NOT NULL,
    severity text NOT NULL,
    message text NOT NULL,
    pointer text,
    byte_offset bigint,
    line bigint,
    column_number bigint,
    proposal text
);
COMMENT ON TABLE source.findings IS 'What is odd about the data, where, and what would mend it.';
COMMENT ON COLUMN source.findings.rule IS 'The check that found it.';
COMMENT ON COLUMN source.findings.column_number IS 'Bytes from the start of the line, from 1.';
COMMENT ON COLUMN source.findings.proposal IS 'A repair as a byte patch; stored bytes are never changed.';
CREATE INDEX findings_rule ON source.findings (rule);
CREATE INDEX findings_file_id ON source.findings (file_id);
CREATE INDEX findings_record_id ON source.findings (record_id) WHERE record_id IS NOT NULL;

CREATE SCHEMA staging;
COMMENT ON SCHEMA staging IS 'Unlogged tables of a running load, made and dropped by it; empty otherwise.';

"""###,
verify: ###"""
DO $$
DECLARE
    missing text;
BEGIN
    SELECT string_agg(name, ', ') INTO missing
    FROM unnest(ARRAY[
        'imports', 'blobs', 'blob_chunks', 'files', 'records', 'findings', 'files_path', 'files_import_id',
        'files_container', 'files_sha256', 'records_file_id', 'records_natural_id', 'findings_rule',
        'findings_file_id', 'findings_record_id'
    ]) AS name
    WHERE to_regclass('source.' || name) IS NULL;
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'tables or indexes are missing in schema source: %', missing;
    END IF;
    IF to_regnamespace('staging') IS NULL THEN
        RAISE EXCEPTION 'schema staging is missing';
    END IF;
END
$$;

"""###,
down: ###"""
DROP SCHEMA staging CASCADE;
DROP TABLE source.findings;
DROP TABLE source.records;
DROP TABLE source.files;
DROP TABLE source.blob_chunks;
DROP TABLE source.blobs;
DROP TABLE source.imports;
DROP SCHEMA source;

"""###
),
SchemaStep(
number: 4,
name: "catalog",
up: ###"""
-- Schema public: what the records mean, one resolved row per id. Names and types of columns are those of
-- CatalogTable in the program.
--
-- Constraints hold the vocabularies and the keys, and never refuse history: what is odd about imported data is a
-- finding. A foreign key stands beside the name as written (`…_raw`) and is NULL where nothing has that name; all
-- are checked at the end of the transaction.
-- Keys are at most 1,024 bytes long: the mapping quarantines longer ones, a B-tree refuses entries over 2,704 bytes.
-- Other text has no limit.

CREATE SCHEMA extensions;
COMMENT ON SCHEMA extensions IS 'Objects of extensions, kept apart from ours.';
CREATE EXTENSION pg_trgm SCHEMA extensions;

-- MARK: Functions that columns and indexes use

CREATE FUNCTION public.cut_text(value text, bytes int) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    encoded bytea;
    cut int := bytes;
BEGIN
    IF octet_length(value) <= bytes THEN
        RETURN value;
    END IF;
    encoded := convert_to(left(value, bytes + 1), 'UTF8');
    WHILE cut > 0 AND get_byte(encoded, cut) & 192 = 128 LOOP  -- the first byte left out must begin a character
        cut := cut - 1;
    END LOOP;
    RETURN convert_from(substring(encoded FROM 1 FOR cut), 'UTF8');
END
$$;
COMMENT ON FUNCTION public.cut_text(text, int) IS 'The longest beginning of a text that has at most so many bytes in UTF-8 and ends with a whole character.';

CREATE FUNCTION public.joined_texts(list text[]) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN coalesce(array_to_string(list, ' '), '');
END
$$;
COMMENT ON FUNCTION public.joined_texts(text[]) IS 'The texts with a blank between them; array_to_string is not immutable for all types, for text it is.';

CREATE FUNCTION public.short_texts(list text[]) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN ARRAY(SELECT left(value, 128) FROM unnest(list) AS value);
END
$$;
COMMENT ON FUNCTION public.short_texts(text[]) IS 'The first 128 characters of each text: what the indexes on tags hold.';

CREATE FUNCTION public.search_document(a text, b text, c text, d text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
SET client_min_messages = warning  -- no notice for each word over 2,047 bytes; such a word is not indexed
AS $$
DECLARE
    bytes int := 65536;
BEGIN
    IF coalesce(octet_length(a), 0) + coalesce(octet_length(b), 0) + coalesce(octet_length(c), 0)
        + coalesce(octet_length(d), 0) < 65536
    THEN
        RETURN setweight(to_tsvector('pg_catalog.english', coalesce(a, '')), 'A')
            || setweight(to_tsvector('pg_catalog.english', coalesce(b, '')), 'B')
            || setweight(to_tsvector('pg_catalog.english', coalesce(c, '')), 'C')
            || setweight(to_tsvector('pg_catalog.english', coalesce(d, '')), 'D');
    END IF;
    LOOP
        BEGIN
            RETURN setweight(to_tsvector('pg_catalog.english', coalesce(public.cut_text(a, bytes), '')), 'A')
                || setweight(to_tsvector('pg_catalog.english', coalesce(public.cut_text(b, bytes), '')), 'B')
                || setweight(to_tsvector('pg_catalog.english', coalesce(public.cut_text(c, bytes), '')), 'C')
                || setweight(to_tsvector('pg_catalog.english', coalesce(public.cut_text(d, bytes), '')), 'D');
        EXCEPTION WHEN program_limit_exceeded THEN  -- a tsvector holds 1 MiB; paths and hyphens are kept several times
            bytes := bytes / 2;
        END;
    END LOOP;
END
$$;
COMMENT ON FUNCTION public.search_document(text, text, text, text) IS 'Search vector of four texts with weights A to D; 64 KiB of each count.';

CREATE FUNCTION public.safe_jsonb(value json) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL RESTRICTED AS $$
BEGIN
    RETURN value::jsonb;
EXCEPTION WHEN data_exception OR program_limit_exceeded OR statement_too_complex THEN
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION public.safe_jsonb(json) IS 'The value as jsonb; NULL where jsonb cannot hold it (U+0000, a lone surrogate, a number out of range).';

-- MARK: agents

CREATE TABLE public.agents (
    agent_id text PRIMARY KEY,
    agent_type text CONSTRAINT agents_agent_type CHECK (agent_type IN ('master', 'worker', 'observer', 'external')),
    agent_status text
        CONSTRAINT agents_agent_status CHECK (agent_status IN ('active', 'idle', 'suspended', 'terminated')),
    status_raw text,
    display_name text,
    role text,
    origin text CONSTRAINT agents_origin CHECK (origin IN ('defined', 'inferred')),
    prompt_file text,
    parent_raw text,
    parent_agent_id text REFERENCES public.agents DEFERRABLE INITIALLY DEFERRED,
    master_raw text,
    master_agent_id text REFERENCES public.agents DEFERRABLE INITIALLY DEFERRED,
    token_budget bigint,
    tokens_used bigint,
    certification text,
    specialization text,
    capabilities text[],
    repositories text[],
    configuration json,
    last_checkin_at timestamptz,
    last_checkin_at_raw text,
    created_at timestamptz,
    created_at_raw text,
    updated_at timestamptz,
    updated_at_raw text,
    metadata json,
    version bigint NOT NULL DEFAULT 1,
    imported_version bigint,
    source_record_id uuid
);
COMMENT ON TABLE public.agents IS 'Masters, workers, observers, and names that files use but none defines.';
COMMENT ON COLUMN public.agents.agent_type IS 'external: a program or person outside the fleet, or a name that nothing defines.';
COMMENT ON COLUMN public.agents.status_raw IS 'The status as written; agent_status is NULL where the word is unknown.';
COMMENT ON COLUMN public.agents.origin IS 'defined by a record, or inferred from a name that records use.';
COMMENT ON COLUMN public.agents.parent_raw IS 'The parent as written; parent_agent_id is set where that agent exists.';
COMMENT ON COLUMN public.agents.master_raw IS 'The master as written; master_agent_id is set where that agent exists.';
COMMENT ON COLUMN public.agents.repositories IS 'Repositories that the agent works on.';

-- MARK: tasks

CREATE TABLE public.tasks (
    task_id text PRIMARY KEY,
    title text,
    description text,
    task_type text,
    task_status text
        CONSTRAINT tasks_task_status
            CHECK (task_status IN ('pending', 'in_progress', 'completed', 'failed', 'cancelled', 'blocked')),
    status_raw text,
    task_priority text CONSTRAINT tasks_task_priority CHECK (task_priority IN ('low', 'medium', 'high', 'critical')),
    priority_raw text,
    assigned_to_raw text,
    assigned_to text REFERENCES public.agents DEFERRABLE INITIALLY DEFERRED,
    created_by_raw text,
    created_by text REFERENCES public.agents DEFERRABLE INITIALLY DEFERRED,
    master_raw text,
    master_agent_id text REFERENCES public.agents DEFERRABLE INITIALLY DEFERRED,
    parent_task_id_raw text,
    parent_task_id text REFERENCES public.tasks DEFERRABLE INITIALLY DEFERRED,
    root_task_id_raw text,
    root_task_id text REFERENCES public.tasks DEFERRABLE INITIALLY DEFERRED,
    repository_owner text,
    repository_name text,
    repository_url text,
    token_budget bigint,
    tokens_used bigint,
    timeout_minutes numeric,
    sla_minutes numeric,
    created_at timestamptz,
    created_at_raw text,
    assigned_at timestamptz,
    assigned_at_raw text,
    started_at timestamptz,
    started_at_raw text,
    completed_at timestamptz,
    completed_at_raw text,
    updated_at timestamptz,
    updated_at_raw text,
    deadline_at timestamptz,
    deadline_at_raw text,
    result_data json,
    error_message text,
    tags text[],
    metadata json,
    version bigint NOT NULL DEFAULT 1,
    imported_version bigint,
    source_record_id uuid
);
COMMENT ON TABLE public.tasks IS 'Tasks.';
COMMENT ON COLUMN public.tasks.title IS 'Any length; NULL where the record has none.';
COMMENT ON COLUMN public.tasks.assigned_to_raw IS 'The assignee as written; assigned_to is set where that agent exists. The same holds for the other pairs.';
COMMENT ON COLUMN public.tasks.metadata IS 'Every field of the record that has no column, under its name, its value as the exact text.';
COMMENT ON COLUMN public.tasks.deadline_at_raw IS 'The deadline as written where it is not exactly an instant.';

-- MARK: agent_runs

CREATE TABLE public.agent_runs (
    run_id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    agent_id_raw text,
    agent_id text REFERENCES public.agents DEFERRABLE INITIALLY DEFERRED,
    run_status text
        CONSTRAINT agent_runs_run_status
            CHECK (run_status IN ('pending', 'running', 'completed', 'failed', 'cancelled', 'stuck')),
    status_raw text,
    worker_type text,
    task_id_raw text,
    task_id text REFERENCES public.tasks DEFERRABLE INITIALLY DEFERRED,
    master_raw text,
    master_agent_id text REFERENCES public.agents DEFERRABLE INITIALLY DEFERRED,
    spawned_by_raw text,
    spawned_by text REFERENCES public.agents DEFERRABLE INITIALLY DEFERRED,
    token_budget bigint,
    tokens_used bigint,
    timeout_minutes numeric,
    duration_minutes numeric,
    created_at timestamptz,
    created_at_raw text,
    started_at timestamptz,
    started_at_raw text,
    completed_at timestamptz,
    completed_at_raw text,
    results json,
    error_message text,
    metadata json,
    version bigint NOT NULL DEFAULT 1,
    imported_version bigint,
    source_record_id uuid
);
COMMENT ON TABLE public.agent_runs IS 'One row per worker spec or pool entry: worker ids are recycled, so an agent has many runs.';
COMMENT ON COLUMN public.agent_runs.run_id IS 'Derived from the record; gen_random_uuid() for runs made here.';
COMMENT ON COLUMN public.agent_runs.agent_id_raw IS 'The agent as written; agent_id is set where that agent exists.';
COMMENT ON COLUMN public.agent_runs.results IS 'What the run reported, as its exact text.';

-- MARK: task_lineage

CREATE TABLE public.task_lineage (
    lineage_id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    parent_task_id_raw text,
    parent_task_id text REFERENCES public.tasks DEFERRABLE INITIALLY DEFERRED,
    child_task_id_raw text,
    child_task_id text REFERENCES public.tasks DEFERRABLE INITIALLY DEFERRED,
    lineage_type text
        CONSTRAINT task_lineage_lineage_type CHECK (lineage_type IN ('spawned', 'depends_on', 'blocks', 'part_of')),
    metadata json,
    version bigint NOT NULL DEFAULT 1,
    imported_version bigint,
    source_record_id uuid
);
COMMENT ON TABLE public.task_lineage IS 'Relations between tasks; an end may name a task that does not exist.';
COMMENT ON COLUMN public.task_lineage.lineage_id IS 'Derived from the record and the place of the relation in it.';
COMMENT ON COLUMN public.task_lineage.lineage_type IS 'How the child follows from the parent.';

-- MARK: task_handoffs

CREATE TABLE public.task_handoffs (
    handoff_key text PRIMARY KEY,
    task_id_raw text,
    task_id text REFERENCES public.tasks DEFERRABLE INITIALLY DEFERRED,
    from_raw text,
    from_agent_id text REFERENCES public.agents DEFERRABLE INITIALLY DEFERRED,
    to_raw text,
    to_agent_id text REFERENCES public.agents DEFERRABLE INITIALLY DEFERRED,
    handoff_type text,
    handoff_status text
        CONSTRAINT task_handoffs_handoff_status
            CHECK (handoff_status IN ('pending', 'accepted', 'completed', 'rejected', 'cancelled')),
    status_raw text,
    handoff_priority text
        CONSTRAINT task_handoffs_handoff_priority CHECK (handoff_priority IN ('low', 'medium', 'high', 'critical')),
    priority_raw text,
    handoff_reason text,
    context_data json,
    processed boolean,
    created_at timestamptz,
    created_at_raw text,
    acknowledged_at timestamptz,
    acknowledged_at_raw text,
    metadata json,
    version bigint NOT NULL DEFAULT 1,
    imported_version bigint,
    source_record_id uuid
);
COMMENT ON TABLE public.task_handoffs IS 'Hand-overs of tasks between agents.';
COMMENT ON COLUMN public.task_handoffs.handoff_key IS 'The id of the hand-over as written.';
COMMENT ON COLUMN public.task_handoffs.processed IS 'Whether the receiver has taken it up.';

-- MARK: assets

CREATE TABLE public.assets (
    asset_id text PRIMARY KEY,
    asset_name text,
    asset_type text,
    category text,
    subcategory text,
    namespace text,
    path text,
    url text,
    description text,
    owner text,
    sensitivity text
        CONSTRAINT assets_sensitivity
            CHECK (sensitivity IN ('public', 'internal', 'confidential', 'restricted', 'secret')),
    sensitivity_raw text,
    tags text[],
    health_status text,
    checksum text,
    last_modified_at timestamptz,
    last_modified_at_raw text,
    created_at timestamptz,
    created_at_raw text,
    updated_at timestamptz,
    updated_at_raw text,
    metadata json,
    version bigint NOT NULL DEFAULT 1,
    imported_version bigint,
    source_record_id uuid,
    search_vector tsvector GENERATED ALWAYS AS (
        public.search_document(
            coalesce(asset_name, '') || ' ' || asset_id,
            coalesce(asset_type, '') || ' ' || coalesce(category, '') || ' ' || coalesce(subcategory, '') || ' '
                || public.joined_texts(tags),
            description,
            coalesce(path, '') || ' ' || coalesce(url, '') || ' ' || coalesce(namespace, '') || ' '
                || coalesce(owner, '')
        )
    ) STORED
);
COMMENT ON TABLE public.assets IS 'Assets of the catalog, with full-text and substring search.';
COMMENT ON COLUMN public.assets.sensitivity IS 'Who may see the row. NULL counts as internal.';
COMMENT ON COLUMN public.assets.checksum IS 'Hex SHA-256 of the assets file.';

-- MARK: asset_lineage

CREATE TABLE public.asset_lineage (
    lineage_id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    upstream_raw text,
    upstream_asset_id text REFERENCES public.assets DEFERRABLE INITIALLY DEFERRED,
    downstream_raw text,
    downstream_asset_id text REFERENCES public.assets DEFERRABLE INITIALLY DEFERRED,
    lineage_type text,
    confidence numeric,
    discovered_by text,
    discovered_at timestamptz,
    discovered_at_raw text,
    metadata json,
    version bigint NOT NULL DEFAULT 1,
    imported_version bigint,
    source_record_id uuid
);
COMMENT ON TABLE public.asset_lineage IS 'Relations between assets: data flows from upstream to downstream.';
COMMENT ON COLUMN public.asset_lineage.confidence IS 'As reported; 0 to 1 where the source keeps to that.';

-- MARK: documents

CREATE TABLE public.documents (
    kind text NOT NULL,
    id text NOT NULL,
    title text,
    body json,
    created_at timestamptz,
    created_at_raw text,
    updated_at timestamptz,
    updated_at_raw text,
    version bigint NOT NULL DEFAULT 1,
    imported_version bigint,
    source_record_id uuid,
    search_vector tsvector GENERATED ALWAYS AS (
        public.search_document(title, id, NULL, body::text)
    ) STORED,
    PRIMARY KEY (kind, id)
);
COMMENT ON TABLE public.documents IS 'Records whose kind has no table of its own: served and searchable all the same.';
COMMENT ON COLUMN public.documents.kind IS 'The kind that the mapping gave.';
COMMENT ON COLUMN public.documents.body IS 'The record as its exact text.';

-- MARK: audit_logs

CREATE TABLE public.audit_logs (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    event_key text,
    event_type text,
    agent_raw text,
    agent_id text REFERENCES public.agents DEFERRABLE INITIALLY DEFERRED,
    task_id_raw text,
    task_id text REFERENCES public.tasks DEFERRABLE INITIALLY DEFERRED,
    asset_id_raw text,
    asset_id text REFERENCES public.assets DEFERRABLE INITIALLY DEFERRED,
    summary text,
    details json,
    severity text
        CONSTRAINT audit_logs_severity CHECK (severity IN ('debug', 'info', 'low', 'medium', 'high', 'critical')),
    severity_raw text,
    security_impact text,
    compliance_tags text[],
    ip_address text,
    user_agent text,
    occurred_at timestamptz,
    occurred_at_raw text,
    version bigint NOT NULL DEFAULT 1,
    imported_version bigint,
    source_record_id uuid UNIQUE,
    recorded_at timestamptz DEFAULT now(),
    chain_seq bigint,
    row_hash bytea,
    chain_hash bytea
);
COMMENT ON TABLE public.audit_logs IS 'Events; append-only. One row per change of the other tables, and every event that was imported.';
COMMENT ON COLUMN public.audit_logs.event_key IS 'The id of the event as written; not unique.';
COMMENT ON COLUMN public.audit_logs.event_type IS 'Free text; event_types lists the words that Cortex itself writes.';
COMMENT ON COLUMN public.audit_logs.agent_raw IS 'The agent as written.';
COMMENT ON COLUMN public.audit_logs.security_impact IS 'Set where an event concerns access, secrets or policies.';
COMMENT ON COLUMN public.audit_logs.occurred_at IS 'When it happened, by whoever reported it.';
COMMENT ON COLUMN public.audit_logs.recorded_at IS 'When the event was recorded here; NULL for imported rows, whose retention counts from the last import, so that history is not old on its first day.';
COMMENT ON COLUMN public.audit_logs.chain_seq IS 'Place in the hash chain; NULL until sealed.';
COMMENT ON COLUMN public.audit_logs.row_hash IS 'SHA-256 of the row''s content: all columns but id, version, foreign keys and chain.';
COMMENT ON COLUMN public.audit_logs.chain_hash IS 'SHA-256 of the previous chain hash and this row hash.';

-- MARK: users

CREATE TABLE public.users (
    user_id text PRIMARY KEY,
    username text,
    email text,
    full_name text,
    role text,
    password_hash text,
    is_active boolean,
    created_at timestamptz,
    created_at_raw text,
    last_login_at timestamptz,
    last_login_at_raw text,
    metadata json,
    version bigint NOT NULL DEFAULT 1,
    imported_version bigint,
    source_record_id uuid
);
COMMENT ON TABLE public.users IS 'People and programs that sign in.';
COMMENT ON COLUMN public.users.password_hash IS 'crypt(3) format; NULL for users that sign in with keys only. Not readable by cortex_readonly.';

-- MARK: governance_policies

CREATE TABLE public.governance_policies (
    policy_id text PRIMARY KEY,
    policy_name text,
    policy_type text,
    description text,
    rules json,
    severity text
        CONSTRAINT governance_policies_severity
            CHECK (severity IN ('debug', 'info', 'low', 'medium', 'high', 'critical')),
    severity_raw text,
    is_active boolean,
    revision text,
    effective_from_at timestamptz,
    effective_from_at_raw text,
    effective_until_at timestamptz,
    effective_until_at_raw text,
    metadata json,
    version bigint NOT NULL DEFAULT 1,
    imported_version bigint,
    source_record_id uuid
);
COMMENT ON TABLE public.governance_policies IS 'Policies as data.';
COMMENT ON COLUMN public.governance_policies.rules IS 'JSON Logic predicates, as their exact text.';
COMMENT ON COLUMN public.governance_policies.revision IS 'The policys own version.';

-- MARK: policy_violations

CREATE TABLE public.policy_violations (
    violation_id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    policy_id_raw text,
    policy_id text REFERENCES public.governance_policies DEFERRABLE INITIALLY DEFERRED,
    agent_raw text,
    agent_id text REFERENCES public.agents DEFERRABLE INITIALLY DEFERRED,
    task_id_raw text,
    task_id text REFERENCES public.tasks DEFERRABLE INITIALLY DEFERRED,
    asset_id_raw text,
    asset_id text REFERENCES public.assets DEFERRABLE INITIALLY DEFERRED,
    violation_type text,
    summary text,
    details json,
    severity text
        CONSTRAINT policy_violations_severity
            CHECK (severity IN ('debug', 'info', 'low', 'medium', 'high', 'critical')),
    severity_raw text,
    violation_status text
        CONSTRAINT policy_violations_violation_status CHECK (violation_status IN ('open', 'acknowledged', 'resolved')),
    status_raw text,
    resolution text,
    detected_at timestamptz,
    detected_at_raw text,
    resolved_at timestamptz,
    resolved_at_raw text,
    version bigint NOT NULL DEFAULT 1,
    imported_version bigint,
    source_record_id uuid
);
COMMENT ON TABLE public.policy_violations IS 'What broke a policy.';
COMMENT ON COLUMN public.policy_violations.violation_id IS 'Derived from the record; gen_random_uuid() for violations found here.';

-- MARK: token_budget_history

CREATE TABLE public.token_budget_history (
    entry_id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    agent_raw text,
    agent_id text REFERENCES public.agents DEFERRABLE INITIALLY DEFERRED,
    task_id_raw text,
    task_id text REFERENCES public.tasks DEFERRABLE INITIALLY DEFERRED,
    tokens_total bigint,
    tokens_used bigint,
    tokens_remaining bigint,
    budget_type text,
    snapshot json,
    basis text CONSTRAINT token_budget_history_basis CHECK (basis IN ('reported', 'modelled', 'imported')),
    recorded_at timestamptz,
    recorded_at_raw text,
    version bigint NOT NULL DEFAULT 1,
    imported_version bigint,
    source_record_id uuid
);
COMMENT ON TABLE public.token_budget_history IS 'Token budgets over time; agent NULL: the whole system.';
COMMENT ON COLUMN public.token_budget_history.basis IS 'reported by a meter, modelled from estimates, or imported from a tree.';

-- MARK: agent_aliases

CREATE TABLE public.agent_aliases (
    alias text PRIMARY KEY,
    agent_id text NOT NULL REFERENCES public.agents ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    basis text,
    version bigint NOT NULL DEFAULT 1
);
COMMENT ON TABLE public.agent_aliases IS 'Spellings that plainly mean one agent: linked, never merged.';
COMMENT ON COLUMN public.agent_aliases.alias IS 'An agent_id, as some files write it.';
COMMENT ON COLUMN public.agent_aliases.basis IS 'Why the two mean the same.';

-- MARK: api_keys

CREATE TABLE public.api_keys (
    key_id text PRIMARY KEY,
    user_id text NOT NULL REFERENCES public.users ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    sha256 bytea NOT NULL UNIQUE CONSTRAINT api_keys_sha256_length CHECK (octet_length(sha256) = 32),
    label text,
    scopes text[] NOT NULL DEFAULT '{}',
    clearance text CONSTRAINT api_keys_clearance
        CHECK (clearance IN ('public', 'internal', 'confidential', 'restricted', 'secret')),
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by text,
    expires_at timestamptz,
    revoked_at timestamptz,
    revoked_by text,
    version bigint NOT NULL DEFAULT 1
);
COMMENT ON TABLE public.api_keys IS 'Keys for the HTTP interface. Not readable by cortex_readonly.';
COMMENT ON COLUMN public.api_keys.sha256 IS 'Of the key; the key itself is shown once and not kept.';
COMMENT ON COLUMN public.api_keys.clearance IS 'The highest sensitivity that the key may read; NULL: none.';
COMMENT ON COLUMN public.api_keys.expires_at IS 'NULL: never.';

-- MARK: event_types

CREATE TABLE public.event_types (
    event_type text PRIMARY KEY,
    description text NOT NULL
);
COMMENT ON TABLE public.event_types IS 'The event types that Cortex writes into audit_logs. Imported events keep their own words.';
INSERT INTO public.event_types (event_type, description) VALUES
    ('access.denied', 'A request asked for more than its principal may have.'),
    ('access.sensitive_read', 'A document of sensitivity confidential or above was read.'),
    ('api_key.created', 'A key was made.'),
    ('api_key.deleted', 'A key was removed.'),
    ('api_key.updated', 'A key was changed or revoked.'),
    ('backup.restored', 'The database was restored from a backup.'),
    ('migration.completed', 'A tree was moved into the database and verified.'),
    ('migration.mode_changed', 'The truth moved: json, catchup, frozen or postgres.'),
    ('session.failed', 'A sign-in failed.'),
    ('session.started', 'A sign-in succeeded.');
INSERT INTO public.event_types (event_type, description)
SELECT noun || '.' || verb, 'A row of ' || kind || ' was ' || verb || '.'
FROM (VALUES
    ('agents', 'agent'), ('agent_aliases', 'agent_alias'), ('agent_runs', 'agent_run'), ('tasks', 'task'),
    ('task_lineage', 'task_lineage'), ('task_handoffs', 'handoff'), ('assets', 'asset'),
    ('asset_lineage', 'asset_lineage'), ('documents', 'document'), ('users', 'user'),
    ('governance_policies', 'policy'), ('policy_violations', 'violation'), ('token_budget_history', 'token_budget')
) AS tables (kind, noun)
CROSS JOIN (VALUES ('created'), ('updated'), ('deleted'), ('truncated')) AS verbs (verb);
INSERT INTO public.event_types (event_type, description) VALUES
    ('agent_run.completed', 'A run was completed, or added as completed.'),
    ('handoff.completed', 'A hand-over was completed, or added as completed.'),
    ('task.completed', 'A task was completed, or added as completed.');

"""###,
verify: ###"""
DO $$
DECLARE
    missing text;
BEGIN
    SELECT string_agg(name, ', ') INTO missing
    FROM unnest(ARRAY[
        'agents', 'tasks', 'agent_runs', 'task_lineage', 'task_handoffs', 'assets', 'asset_lineage',
        'documents', 'audit_logs', 'users', 'governance_policies', 'policy_violations', 'token_budget_history',
        'agent_aliases', 'api_keys', 'event_types'
    ]) AS name
    WHERE to_regclass('public.' || name) IS NULL;
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'tables are missing in schema public: %', missing;
    END IF;
    SELECT string_agg(name, ', ') INTO missing
    FROM unnest(ARRAY[
        'agent_runs_run_status', 'agents_agent_status', 'agents_agent_type', 'agents_origin',
        'api_keys_clearance', 'api_keys_sha256_length', 'assets_sensitivity', 'audit_logs_severity',
        'governance_policies_severity', 'policy_violations_severity', 'policy_violations_violation_status',
        'task_handoffs_handoff_priority', 'task_handoffs_handoff_status', 'task_lineage_lineage_type',
        'tasks_task_priority', 'tasks_task_status', 'token_budget_history_basis'
    ]) AS name
    WHERE NOT EXISTS (
        SELECT FROM pg_constraint c
        WHERE c.conname = name AND c.connamespace = 'public'::regnamespace AND c.convalidated
    );
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'constraints are missing in schema public: %', missing;
    END IF;
    SELECT string_agg(format('%s.%s to %s', child, name, parent), ', ') INTO missing
    FROM (VALUES
        ('agents', 'parent_agent_id', 'agents'), ('agents', 'master_agent_id', 'agents'),
        ('tasks', 'assigned_to', 'agents'), ('tasks', 'created_by', 'agents'), ('tasks', 'master_agent_id', 'agents'),
        ('tasks', 'parent_task_id', 'tasks'), ('tasks', 'root_task_id', 'tasks'),
        ('agent_runs', 'agent_id', 'agents'), ('agent_runs', 'task_id', 'tasks'),
        ('agent_runs', 'master_agent_id', 'agents'), ('agent_runs', 'spawned_by', 'agents'),
        ('task_lineage', 'parent_task_id', 'tasks'), ('task_lineage', 'child_task_id', 'tasks'),
        ('task_handoffs', 'task_id', 'tasks'), ('task_handoffs', 'from_agent_id', 'agents'),
        ('task_handoffs', 'to_agent_id', 'agents'), ('asset_lineage', 'upstream_asset_id', 'assets'),
        ('asset_lineage', 'downstream_asset_id', 'assets'), ('audit_logs', 'agent_id', 'agents'),
        ('audit_logs', 'task_id', 'tasks'), ('audit_logs', 'asset_id', 'assets'),
        ('policy_violations', 'policy_id', 'governance_policies'), ('policy_violations', 'agent_id', 'agents'),
        ('policy_violations', 'task_id', 'tasks'), ('policy_violations', 'asset_id', 'assets'),
        ('token_budget_history', 'agent_id', 'agents'), ('token_budget_history', 'task_id', 'tasks'),
        ('agent_aliases', 'agent_id', 'agents'), ('api_keys', 'user_id', 'users')
    ) AS wanted (child, name, parent)
    WHERE NOT EXISTS (
        SELECT FROM pg_constraint c
        JOIN pg_attribute a ON a.attrelid = c.conrelid AND c.conkey = ARRAY[a.attnum]
        WHERE c.contype = 'f' AND c.conrelid = to_regclass('public.' || child) AND a.attname = name
            AND c.confrelid = to_regclass('public.' || parent)
    );
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'foreign keys are missing: %', missing;
    END IF;
    SELECT string_agg(conname, ', ') INTO missing FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND contype = 'f' AND NOT (condeferrable AND condeferred);
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'foreign keys are not deferred: %', missing;
    END IF;
    SELECT string_agg(name, ', ') INTO missing
    FROM unnest(ARRAY['cut_text', 'joined_texts', 'short_texts', 'search_document', 'safe_jsonb']) AS name
    WHERE NOT EXISTS (SELECT FROM pg_proc p WHERE p.proname = name AND p.pronamespace = 'public'::regnamespace);
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'functions are missing in schema public: %', missing;
    END IF;
    IF NOT EXISTS (
        SELECT FROM pg_extension e WHERE e.extname = 'pg_trgm' AND e.extnamespace = to_regnamespace('extensions')
    ) THEN
        RAISE EXCEPTION 'extension pg_trgm is not in schema extensions';
    END IF;
END
$$;

"""###,
down: ###"""
DROP TABLE public.event_types;
DROP TABLE public.api_keys;
DROP TABLE public.agent_aliases;
DROP TABLE public.token_budget_history;
DROP TABLE public.policy_violations;
DROP TABLE public.governance_policies;
DROP TABLE public.users;
DROP TABLE public.audit_logs;
DROP TABLE public.documents;
DROP TABLE public.asset_lineage;
DROP TABLE public.assets;
DROP TABLE public.task_handoffs;
DROP TABLE public.task_lineage;
DROP TABLE public.agent_runs;
DROP TABLE public.tasks;
DROP TABLE public.agents;
DROP FUNCTION public.safe_jsonb(json);
DROP FUNCTION public.search_document(text, text, text, text);
DROP FUNCTION public.short_texts(text[]);
DROP FUNCTION public.joined_texts(text[]);
DROP FUNCTION public.cut_text(text, int);
DROP EXTENSION pg_trgm;
DROP SCHEMA extensions;

"""###
),
SchemaStep(
number: 5,
name: "indexes",
up: ###"""
-- Indexes. Every reference has one: a deletion looks the referring rows up. Free text is indexed by its first 128
-- characters, since a B-tree refuses entries over 2,704 bytes: ask `left(owner, 128) = left($1, 128) AND owner = $1`.

-- MARK: Indexes of foreign keys and of the way back to the records

CREATE INDEX agents_parent_agent_id ON public.agents (parent_agent_id) WHERE parent_agent_id IS NOT NULL;
CREATE INDEX agents_master_agent_id ON public.agents (master_agent_id) WHERE master_agent_id IS NOT NULL;
CREATE INDEX tasks_assigned_to ON public.tasks (assigned_to) WHERE assigned_to IS NOT NULL;
CREATE INDEX tasks_created_by ON public.tasks (created_by) WHERE created_by IS NOT NULL;
CREATE INDEX tasks_master_agent_id ON public.tasks (master_agent_id) WHERE master_agent_id IS NOT NULL;
CREATE INDEX tasks_parent_task_id ON public.tasks (parent_task_id) WHERE parent_task_id IS NOT NULL;
CREATE INDEX tasks_root_task_id ON public.tasks (root_task_id) WHERE root_task_id IS NOT NULL;
CREATE INDEX agent_runs_agent_id ON public.agent_runs (agent_id) WHERE agent_id IS NOT NULL;
CREATE INDEX agent_runs_task_id ON public.agent_runs (task_id) WHERE task_id IS NOT NULL;
CREATE INDEX agent_runs_master_agent_id ON public.agent_runs (master_agent_id) WHERE master_agent_id IS NOT NULL;
CREATE INDEX agent_runs_spawned_by ON public.agent_runs (spawned_by) WHERE spawned_by IS NOT NULL;
CREATE INDEX task_lineage_parent_task_id ON public.task_lineage (parent_task_id) WHERE parent_task_id IS NOT NULL;
CREATE INDEX task_lineage_child_task_id ON public.task_lineage (child_task_id) WHERE child_task_id IS NOT NULL;
CREATE INDEX task_handoffs_task_id ON public.task_handoffs (task_id) WHERE task_id IS NOT NULL;
CREATE INDEX task_handoffs_from_agent_id ON public.task_handoffs (from_agent_id) WHERE from_agent_id IS NOT NULL;
CREATE INDEX task_handoffs_to_agent_id ON public.task_handoffs (to_agent_id) WHERE to_agent_id IS NOT NULL;
CREATE INDEX asset_lineage_upstream_asset_id ON public.asset_lineage (upstream_asset_id)
    WHERE upstream_asset_id IS NOT NULL;
CREATE INDEX asset_lineage_downstream_asset_id ON public.asset_lineage (downstream_asset_id)
    WHERE downstream_asset_id IS NOT NULL;
CREATE INDEX audit_logs_agent_id ON public.audit_logs (agent_id) WHERE agent_id IS NOT NULL;
CREATE INDEX audit_logs_task_id ON public.audit_logs (task_id) WHERE task_id IS NOT NULL;
CREATE INDEX audit_logs_asset_id ON public.audit_logs (asset_id) WHERE asset_id IS NOT NULL;
CREATE INDEX policy_violations_policy_id ON public.policy_violations (policy_id) WHERE policy_id IS NOT NULL;
CREATE INDEX policy_violations_agent_id ON public.policy_violations (agent_id) WHERE agent_id IS NOT NULL;
CREATE INDEX policy_violations_task_id ON public.policy_violations (task_id) WHERE task_id IS NOT NULL;
CREATE INDEX policy_violations_asset_id ON public.policy_violations (asset_id) WHERE asset_id IS NOT NULL;
CREATE INDEX token_budget_history_agent_id ON public.token_budget_history (agent_id) WHERE agent_id IS NOT NULL;
CREATE INDEX token_budget_history_task_id ON public.token_budget_history (task_id) WHERE task_id IS NOT NULL;
CREATE INDEX agents_source ON public.agents (source_record_id) WHERE source_record_id IS NOT NULL;
CREATE INDEX tasks_source ON public.tasks (source_record_id) WHERE source_record_id IS NOT NULL;
CREATE INDEX agent_runs_source ON public.agent_runs (source_record_id) WHERE source_record_id IS NOT NULL;
CREATE INDEX task_lineage_source ON public.task_lineage (source_record_id) WHERE source_record_id IS NOT NULL;
CREATE INDEX task_handoffs_source ON public.task_handoffs (source_record_id) WHERE source_record_id IS NOT NULL;
CREATE INDEX assets_source ON public.assets (source_record_id) WHERE source_record_id IS NOT NULL;
CREATE INDEX asset_lineage_source ON public.asset_lineage (source_record_id) WHERE source_record_id IS NOT NULL;
CREATE INDEX documents_source ON public.documents (source_record_id) WHERE source_record_id IS NOT NULL;
CREATE INDEX users_source ON public.users (source_record_id) WHERE source_record_id IS NOT NULL;
CREATE INDEX governance_policies_source ON public.governance_policies (source_record_id)
    WHERE source_record_id IS NOT NULL;
CREATE INDEX policy_violations_source ON public.policy_violations (source_record_id) WHERE source_record_id IS NOT NULL;
CREATE INDEX token_budget_history_source ON public.token_budget_history (source_record_id)
    WHERE source_record_id IS NOT NULL;
CREATE INDEX agent_aliases_agent_id ON public.agent_aliases (agent_id);
CREATE INDEX api_keys_user_id ON public.api_keys (user_id);

-- MARK: Indexes of common questions

CREATE INDEX agents_type_status ON public.agents (agent_type, agent_status);
CREATE INDEX agent_runs_status ON public.agent_runs (run_status);
CREATE INDEX agent_runs_created_at ON public.agent_runs (created_at);
CREATE INDEX tasks_status_priority ON public.tasks (task_status, task_priority);
CREATE INDEX tasks_type ON public.tasks (left(task_type, 128));
CREATE INDEX tasks_created_at ON public.tasks (created_at);
CREATE INDEX tasks_completed_at ON public.tasks (completed_at) WHERE completed_at IS NOT NULL;
CREATE INDEX tasks_deadline_at ON public.tasks (deadline_at) WHERE deadline_at IS NOT NULL;
CREATE INDEX tasks_tags ON public.tasks USING gin (public.short_texts(tags)) WHERE tags IS NOT NULL;
CREATE INDEX tasks_metadata ON public.tasks USING gin (public.safe_jsonb(metadata) jsonb_path_ops);
CREATE INDEX task_handoffs_status ON public.task_handoffs (handoff_status, handoff_priority);
CREATE INDEX task_handoffs_created_at ON public.task_handoffs (created_at);
CREATE INDEX assets_type ON public.assets (left(asset_type, 128));
CREATE INDEX assets_category ON public.assets (left(category, 128));
CREATE INDEX assets_owner ON public.assets (left(owner, 128));
CREATE INDEX assets_namespace ON public.assets (left(namespace, 128));
CREATE INDEX assets_sensitivity ON public.assets (sensitivity);
CREATE INDEX assets_last_modified_at ON public.assets (last_modified_at);
CREATE INDEX assets_tags ON public.assets USING gin (public.short_texts(tags)) WHERE tags IS NOT NULL;
CREATE INDEX assets_metadata ON public.assets USING gin (public.safe_jsonb(metadata) jsonb_path_ops);
CREATE INDEX assets_search ON public.assets USING gin (search_vector);
CREATE INDEX assets_id_trigrams ON public.assets USING gin (asset_id extensions.gin_trgm_ops);
CREATE INDEX assets_name_trigrams ON public.assets USING gin (left(asset_name, 4096) extensions.gin_trgm_ops);
CREATE INDEX assets_description_trigrams ON public.assets
    USING gin (left(description, 4096) extensions.gin_trgm_ops);
CREATE INDEX documents_search ON public.documents USING gin (search_vector);
CREATE INDEX documents_id ON public.documents (id);
CREATE INDEX audit_logs_occurred_at ON public.audit_logs (occurred_at);
CREATE INDEX audit_logs_type ON public.audit_logs (left(event_type, 128), occurred_at);
CREATE INDEX audit_logs_task_raw ON public.audit_logs (left(task_id_raw, 128)) WHERE task_id_raw IS NOT NULL;
CREATE INDEX audit_logs_notable ON public.audit_logs (occurred_at)
    WHERE severity IN ('high', 'critical') OR security_impact IS NOT NULL;
CREATE INDEX audit_logs_expendable ON public.audit_logs (recorded_at) WHERE severity IN ('debug', 'info');
CREATE INDEX audit_logs_unsealed ON public.audit_logs (id) WHERE chain_seq IS NULL;
CREATE UNIQUE INDEX audit_logs_chain_seq ON public.audit_logs (chain_seq) WHERE chain_seq IS NOT NULL;
CREATE INDEX users_username ON public.users (left(username, 128));
CREATE INDEX users_email ON public.users (left(email, 128));
CREATE INDEX governance_policies_type ON public.governance_policies (left(policy_type, 128), is_active);
CREATE INDEX policy_violations_status ON public.policy_violations (violation_status, severity);
CREATE INDEX policy_violations_detected_at ON public.policy_violations (detected_at);
CREATE INDEX token_budget_history_recorded_at ON public.token_budget_history (recorded_at);

"""###,
verify: ###"""
DO $$
DECLARE
    missing text;
BEGIN
    SELECT string_agg(name, ', ') INTO missing
    FROM unnest(ARRAY[
        'agents_parent_agent_id', 'agents_master_agent_id', 'tasks_assigned_to', 'tasks_created_by',
        'tasks_master_agent_id', 'tasks_parent_task_id', 'tasks_root_task_id', 'agent_runs_agent_id',
        'agent_runs_task_id', 'agent_runs_master_agent_id', 'agent_runs_spawned_by',
        'task_lineage_parent_task_id', 'task_lineage_child_task_id', 'task_handoffs_task_id',
        'task_handoffs_from_agent_id', 'task_handoffs_to_agent_id', 'asset_lineage_upstream_asset_id',
        'asset_lineage_downstream_asset_id', 'audit_logs_agent_id', 'audit_logs_task_id',
        'audit_logs_asset_id', 'policy_violations_policy_id', 'policy_violations_agent_id',
        'policy_violations_task_id', 'policy_violations_asset_id', 'token_budget_history_agent_id',
        'token_budget_history_task_id', 'agents_source', 'tasks_source', 'agent_runs_source',
        'task_lineage_source', 'task_handoffs_source', 'assets_source', 'asset_lineage_source',
        'documents_source', 'users_source', 'governance_policies_source', 'policy_violations_source',
        'token_budget_history_source', 'agent_aliases_agent_id', 'api_keys_user_id', 'agents_type_status',
        'agent_runs_status', 'agent_runs_created_at', 'tasks_status_priority', 'tasks_type',
        'tasks_created_at', 'tasks_completed_at', 'tasks_deadline_at', 'tasks_tags', 'tasks_metadata',
        'task_handoffs_status', 'task_handoffs_created_at', 'assets_type', 'assets_category', 'assets_owner',
        'assets_namespace', 'assets_sensitivity', 'assets_last_modified_at', 'assets_tags', 'assets_metadata',
        'assets_search', 'assets_id_trigrams', 'assets_name_trigrams', 'assets_description_trigrams',
        'documents_search', 'documents_id', 'audit_logs_occurred_at', 'audit_logs_type', 'audit_logs_task_raw',
        'audit_logs_notable', 'audit_logs_expendable', 'audit_logs_unsealed', 'audit_logs_chain_seq',
        'users_username', 'users_email', 'governance_policies_type', 'policy_violations_status',
        'policy_violations_detected_at', 'token_budget_history_recorded_at'
    ]) AS name
    WHERE NOT EXISTS (
        SELECT FROM pg_index i WHERE i.indexrelid = to_regclass('public.' || name) AND i.indisvalid
    );
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'indexes are missing in schema public: %', missing;
    END IF;
    SELECT string_agg(format('%s (%s)', c.conrelid::regclass, c.conname), ', ') INTO missing
    FROM pg_constraint c
    WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace AND NOT EXISTS (
        SELECT FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indkey[0] = c.conkey[1]
    );
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'foreign keys without an index: %', missing;
    END IF;
END
$$;

"""###,
down: ###"""
DROP INDEX public.agents_parent_agent_id;
DROP INDEX public.agents_master_agent_id;
DROP INDEX public.tasks_assigned_to;
DROP INDEX public.tasks_created_by;
DROP INDEX public.tasks_master_agent_id;
DROP INDEX public.tasks_parent_task_id;
DROP INDEX public.tasks_root_task_id;
DROP INDEX public.agent_runs_agent_id;
DROP INDEX public.agent_runs_task_id;
DROP INDEX public.agent_runs_master_agent_id;
DROP INDEX public.agent_runs_spawned_by;
DROP INDEX public.task_lineage_parent_task_id;
DROP INDEX public.task_lineage_child_task_id;
DROP INDEX public.task_handoffs_task_id;
DROP INDEX public.task_handoffs_from_agent_id;
DROP INDEX public.task_handoffs_to_agent_id;
DROP INDEX public.asset_lineage_upstream_asset_id;
DROP INDEX public.asset_lineage_downstream_asset_id;
DROP INDEX public.audit_logs_agent_id;
DROP INDEX public.audit_logs_task_id;
DROP INDEX public.audit_logs_asset_id;
DROP INDEX public.policy_violations_policy_id;
DROP INDEX public.policy_violations_agent_id;
DROP INDEX public.policy_violations_task_id;
DROP INDEX public.policy_violations_asset_id;
DROP INDEX public.token_budget_history_agent_id;
DROP INDEX public.token_budget_history_task_id;
DROP INDEX public.agents_source;
DROP INDEX public.tasks_source;
DROP INDEX public.agent_runs_source;
DROP INDEX public.task_lineage_source;
DROP INDEX public.task_handoffs_source;
DROP INDEX public.assets_source;
DROP INDEX public.asset_lineage_source;
DROP INDEX public.documents_source;
DROP INDEX public.users_source;
DROP INDEX public.governance_policies_source;
DROP INDEX public.policy_violations_source;
DROP INDEX public.token_budget_history_source;
DROP INDEX public.agent_aliases_agent_id;
DROP INDEX public.api_keys_user_id;
DROP INDEX public.agents_type_status;
DROP INDEX public.agent_runs_status;
DROP INDEX public.agent_runs_created_at;
DROP INDEX public.tasks_status_priority;
DROP INDEX public.tasks_type;
DROP INDEX public.tasks_created_at;
DROP INDEX public.tasks_completed_at;
DROP INDEX public.tasks_deadline_at;
DROP INDEX public.tasks_tags;
DROP INDEX public.tasks_metadata;
DROP INDEX public.task_handoffs_status;
DROP INDEX public.task_handoffs_created_at;
DROP INDEX public.assets_type;
DROP INDEX public.assets_category;
DROP INDEX public.assets_owner;
DROP INDEX public.assets_namespace;
DROP INDEX public.assets_sensitivity;
DROP INDEX public.assets_last_modified_at;
DROP INDEX public.assets_tags;
DROP INDEX public.assets_metadata;
DROP INDEX public.assets_search;
DROP INDEX public.assets_id_trigrams;
DROP INDEX public.assets_name_trigrams;
DROP INDEX public.assets_description_trigrams;
DROP INDEX public.documents_search;
DROP INDEX public.documents_id;
DROP INDEX public.audit_logs_occurred_at;
DROP INDEX public.audit_logs_type;
DROP INDEX public.audit_logs_task_raw;
DROP INDEX public.audit_logs_notable;
DROP INDEX public.audit_logs_expendable;
DROP INDEX public.audit_logs_unsealed;
DROP INDEX public.audit_logs_chain_seq;
DROP INDEX public.users_username;
DROP INDEX public.users_email;
DROP INDEX public.governance_policies_type;
DROP INDEX public.policy_violations_status;
DROP INDEX public.policy_violations_detected_at;
DROP INDEX public.token_budget_history_recorded_at;

"""###
),
SchemaStep(
number: 6,
name: "triggers",
up: ###"""
-- Triggers: versions, change feed, deleted rows, audit, append-only log.
--
-- Each tracked table has one function per operation, made from the texts below by cortex.track_table: static
-- statements keep their plans for the life of a session, dynamic ones in a shared function would be planned anew for
-- each write. The functions run as their owner, so that whoever may change a row need not be able to write the feed.
-- Inside such a function current_user is the owner; that is why the exception for the loader is a WHEN condition,
-- which is evaluated as the user who runs the statement, and costs that user nothing more.

-- MARK: Versions

CREATE FUNCTION cortex.next_version() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.version := greatest(OLD.version + 1, NEW.version);
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION cortex.next_version() IS 'Counts changes of a row; a version that is set higher is kept.';

-- MARK: Feed and audit of a table

CREATE FUNCTION cortex.track_table(
    tracked text,
    noun text,
    agent text[] DEFAULT NULL,
    task text[] DEFAULT NULL,
    asset text[] DEFAULT NULL,
    status text DEFAULT NULL,
    impact text DEFAULT NULL
) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $track$
DECLARE
    relation regclass := format('public.%I', tracked)::regclass;
    key_columns text[] := ARRAY(
        SELECT a.attname::text FROM pg_index i
        CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, place)
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
        WHERE i.indrelid = relation AND i.indisprimary ORDER BY k.place
    );
    is_imported boolean := EXISTS (
        SELECT FROM pg_attribute WHERE attrelid = relation AND attname = 'imported_version'
    );
    new_key text := (SELECT string_agg(format('n.%I::text', c), ' || E''\x1f'' || ') FROM unnest(key_columns) AS c);
    old_key text := (SELECT string_agg(format('o.%I::text', c), ' || E''\x1f'' || ') FROM unnest(key_columns) AS c);
    same_key text := (SELECT string_agg(format('o.%1$I = n.%1$I', c), ' AND ') FROM unnest(key_columns) AS c);
    target_key text := (SELECT string_agg(format('t.%1$I = n.%1$I', c), ' AND ') FROM unnest(key_columns) AS c);
    detach text;
    forget text;
    audit text;
    body text;
BEGIN
    -- References to a deleted row become NULL; the name as written stays beside them. The loader, which sets the
    -- references of all imported rows itself, is only helped with rows that were made here.
    SELECT coalesce(string_agg(
        format(
            E'    UPDATE %1$s c SET %2$I = NULL\n'
            '    WHERE c.%2$I IN (SELECT o.%3$I FROM old_rows o) AND (NOT loading OR c.source_record_id IS NULL);\n',
            f.conrelid::regclass, child.attname, key_columns[1]
        ), '' ORDER BY f.conname
    ), '') INTO detach
    FROM pg_constraint f
    JOIN pg_attribute child ON child.attrelid = f.conrelid AND child.attnum = f.conkey[1]
    WHERE f.contype = 'f' AND f.confrelid = relation AND f.confdeltype = 'a';

    -- A new key leaves its audit rows behind under the old name; other rows must be changed along with it.
    SELECT coalesce(string_agg(
        format(
            E'        UPDATE public.audit_logs c SET %1$I = NULL WHERE c.%1$I IN (SELECT o.%2$I FROM old_rows o)\n'
            '            AND NOT EXISTS (SELECT FROM new_rows n WHERE n.%2$I = c.%1$I);\n',
            child.attname, key_columns[1]
        ), '' ORDER BY f.conname
    ), '') INTO forget
    FROM pg_constraint f
    JOIN pg_attribute child ON child.attrelid = f.conrelid AND child.attnum = f.conkey[1]
    WHERE f.contype = 'f' AND f.confrelid = relation AND f.conrelid = 'public.audit_logs'::regclass;

    audit := $$    INSERT INTO public.audit_logs (
        event_type, summary, severity, security_impact, occurred_at, details,
        agent_raw, agent_id, task_id_raw, task_id, asset_id_raw, asset_id
    )
    SELECT e.event_type, replace(e.event_type, '.', ' ') || ': ' || left(@key, 200), @severity, @impact,
        clock_timestamp(), json_strip_nulls(json_build_object(
            'kind', @kind, 'key', @key, 'operation', @operation, 'version', @version, 'status', @status,
            'role', session_user, 'principal', nullif(current_setting('cortex.principal', true), '')
        )), @agent_raw, @agent_id, @task_raw, @task_id, @asset_raw, @asset_id
    FROM @rows CROSS JOIN LATERAL (SELECT @event AS event_type) AS e;
$$;
    audit := replace(audit, '@kind', quote_literal(tracked));
    audit := replace(audit, '@impact', quote_nullable(impact) || '::text');

    -- MARK: inserted

    body := $$
DECLARE
    revived boolean := false;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed'
        OR EXISTS (SELECT FROM cortex.deleted_rows d WHERE d.kind = @kind)
    THEN
@revive    END IF;
    IF TG_NARGS = 0 THEN
@report    END IF;
    IF revived THEN
        DELETE FROM cortex.deleted_rows d WHERE d.revived_by = pg_current_xact_id();
    END IF;
    RETURN NULL;
END
$$;
    body := replace(body, '@report', cortex.report('insert', cortex.audit_statement(
        audit, 'n', new_key, agent, task, asset, status, true,
        '@rows', CASE WHEN status IS NULL THEN quote_literal(noun || '.created')
            ELSE format(
                'CASE WHEN n.%I = ''completed'' THEN %L ELSE %L END', status, noun || '.completed', noun || '.created'
            )
        END, 'insert', '@new_version', 'info'
    )));
    PERFORM cortex.make_tracker(tracked, 'inserted', cortex.fill_in(body, tracked, is_imported, new_key, target_key));

    -- MARK: updated

    body := $$
DECLARE
    revived boolean := false;
BEGIN
    IF NOT EXISTS (SELECT FROM new_rows) THEN
        RETURN NULL;
    END IF;
    IF pg_trigger_depth() > 1
        AND EXISTS (SELECT FROM cortex.deleted_rows d WHERE d.revived_by = pg_current_xact_id())
    THEN
        RETURN NULL;  -- the statement that gives recreated rows their version: reported by the trigger that runs it
    END IF;
    IF EXISTS (SELECT FROM old_rows o WHERE NOT EXISTS (SELECT FROM new_rows n WHERE @same_key)) THEN
        INSERT INTO cortex.deleted_rows AS d (kind, key, version, epoch)
        SELECT @kind, @old_key, o.version + 1, coalesce((SELECT m.epoch FROM cortex.system_mode m), 1)
        FROM old_rows o WHERE NOT EXISTS (SELECT FROM new_rows n WHERE @same_key)
        ON CONFLICT (kind, key) DO UPDATE SET version = greatest(d.version, excluded.version),
            deleted_at = excluded.deleted_at, epoch = excluded.epoch;
        INSERT INTO cortex.change_feed (kind, key, version, op)
        SELECT @kind, @old_key, o.version + 1, 'delete'
        FROM old_rows o WHERE NOT EXISTS (SELECT FROM new_rows n WHERE @same_key);
@forget@revive    END IF;
@report    IF revived THEN
        DELETE FROM cortex.deleted_rows d WHERE d.revived_by = pg_current_xact_id();
    END IF;
    RETURN NULL;
END
$$;
    body := replace(body, '@report', cortex.report('update', cortex.audit_statement(
        audit, 'n', new_key, agent, task, asset, status, true,
        '@rows' || CASE WHEN status IS NULL THEN '' ELSE ' LEFT JOIN old_rows o ON @same_key' END,
        CASE WHEN status IS NULL THEN quote_literal(noun || '.updated')
            ELSE format(
                'CASE WHEN n.%1$I = ''completed'' AND o.%1$I IS DISTINCT FROM ''completed'' THEN %2$L ELSE %3$L END',
                status, noun || '.completed', noun || '.updated'
            )
        END, 'update', '@new_version', 'info'
    )));
    body := replace(replace(replace(body, '@forget', forget), '@same_key', same_key), '@old_key', old_key);
    PERFORM cortex.make_tracker(tracked, 'updated', cortex.fill_in(body, tracked, is_imported, new_key, target_key));

    -- MARK: deleted

    body := $$
DECLARE
    loading boolean := TG_NARGS > 0;
BEGIN
    IF NOT EXISTS (SELECT FROM old_rows) THEN
        RETURN NULL;
    END IF;
    IF NOT loading THEN
        INSERT INTO cortex.deleted_rows AS d (kind, key, version, epoch)
        SELECT @kind, @old_key, o.version + 1, coalesce((SELECT m.epoch FROM cortex.system_mode m), 1) FROM old_rows o
        ON CONFLICT (kind, key) DO UPDATE SET version = greatest(d.version, excluded.version),
            deleted_at = excluded.deleted_at, epoch = excluded.epoch;
        INSERT INTO cortex.change_feed (kind, key, version, op)
        SELECT @kind, @old_key, o.version + 1, 'delete' FROM old_rows o;
@audit    END IF;
@detach    RETURN NULL;
END
$$;
    body := replace(body, '@audit', cortex.audit_statement(
        audit, 'o', old_key, agent, task, asset, status, false,
        'old_rows o', quote_literal(noun || '.deleted'), 'delete', 'o.version + 1', 'medium'
    ));
    body := replace(replace(body, '@detach', detach), '@old_key', old_key);
    PERFORM cortex.make_tracker(tracked, 'deleted', cortex.fill_in(body, tracked, is_imported, new_key, target_key));

    -- MARK: triggers

    EXECUTE format($$
        CREATE TRIGGER version BEFORE UPDATE ON public.%1$I FOR EACH ROW EXECUTE FUNCTION cortex.next_version();
        CREATE TRIGGER inserted AFTER INSERT ON public.%1$I REFERENCING NEW TABLE AS new_rows
            FOR EACH STATEMENT WHEN (current_user <> 'cortex_loader') EXECUTE FUNCTION cortex.%2$I();
        CREATE TRIGGER updated AFTER UPDATE ON public.%1$I REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
            FOR EACH STATEMENT WHEN (current_user <> 'cortex_loader') EXECUTE FUNCTION cortex.%3$I();
        CREATE TRIGGER deleted AFTER DELETE ON public.%1$I REFERENCING OLD TABLE AS old_rows
            FOR EACH STATEMENT WHEN (current_user <> 'cortex_loader') EXECUTE FUNCTION cortex.%4$I();
        CREATE TRIGGER inserted_by_loader AFTER INSERT ON public.%1$I REFERENCING NEW TABLE AS new_rows
            FOR EACH STATEMENT WHEN (current_user = 'cortex_loader') EXECUTE FUNCTION cortex.%2$I('loader');
        CREATE TRIGGER truncated BEFORE TRUNCATE ON public.%1$I
            FOR EACH STATEMENT EXECUTE FUNCTION cortex.table_truncated(%5$L, %6$L);
        $$, tracked, tracked || '_inserted', tracked || '_updated', tracked || '_deleted', noun, old_key
    );
    IF detach <> '' THEN
        EXECUTE format($$
            CREATE TRIGGER deleted_by_loader AFTER DELETE ON public.%1$I REFERENCING OLD TABLE AS old_rows
                FOR EACH STATEMENT WHEN (current_user = 'cortex_loader') EXECUTE FUNCTION cortex.%2$I('loader')
            $$, tracked, tracked || '_deleted'
        );
    END IF;
END
$track$;
COMMENT ON FUNCTION cortex.track_table(text, text, text[], text[], text[], text, text) IS 'Makes the triggers of a public table. noun names it in event types; agent, task and asset give the columns {as written, reference} of those that a row is about; status names the column whose value completed has an event type of its own; impact marks security events.';

CREATE FUNCTION cortex.audit_statement(
    template text, alias text, key text, agent text[], task text[], asset text[], status text, still_exists boolean,
    row_source text, event text, operation text, version text, severity text
) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    filled text := template;
    subject record;
BEGIN
    FOR subject IN
        SELECT * FROM (VALUES
            ('@agent_raw', agent[1], true), ('@agent_id', agent[2], still_exists),
            ('@task_raw', task[1], true), ('@task_id', task[2], still_exists),
            ('@asset_raw', asset[1], true), ('@asset_id', asset[2], still_exists)
        ) AS subjects (place, column_name, is_known)
    LOOP
        filled := replace(filled, subject.place, CASE
            WHEN subject.column_name IS NULL OR NOT subject.is_known THEN 'NULL'
            ELSE format('%s.%I', alias, subject.column_name)
        END);
    END LOOP;
    filled := replace(filled, '@status', CASE WHEN status IS NULL THEN 'NULL' ELSE format('%s.%I', alias, status) END);
    filled := replace(filled, '@rows', row_source);
    filled := replace(filled, '@event', event);
    filled := replace(filled, '@operation', quote_literal(operation));
    filled := replace(filled, '@version', version);
    filled := replace(filled, '@severity', quote_literal(severity));
    RETURN replace(filled, '@key', key);
END
$$;
COMMENT ON FUNCTION cortex.audit_statement(text, text, text, text[], text[], text[], text, boolean, text, text, text, text, text) IS 'Part of track_table: the statement that writes the audit rows of one operation.';

CREATE FUNCTION cortex.report(operation text, audit text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $report$
DECLARE
    -- Seldom used, and a join that every write would pay for: a branch of its own.
    with_revived text := $$new_rows n
            LEFT JOIN cortex.deleted_rows d ON d.kind = @kind AND d.key = @new_key
                AND d.version > 0 AND d.revived_by = pg_current_xact_id()$$;
    revived_version text := 'CASE WHEN d.key IS NULL THEN n.version ELSE greatest(d.version, n.version) + 1 END';
    statements text := $$        INSERT INTO cortex.change_feed (kind, key, version, op)
        SELECT @kind, @new_key, @new_version, @operation FROM @rows;
$$ || audit;
BEGIN
    statements := replace(statements, '@operation', quote_literal(operation));
    RETURN E'    IF revived THEN\n'
        || replace(replace(statements, '@rows', with_revived), '@new_version', revived_version)
        || E'    ELSE\n'
        || replace(replace(statements, '@rows', 'new_rows n'), '@new_version', 'n.version')
        || E'    END IF;\n';
END
$report$;
COMMENT ON FUNCTION cortex.report(text, text) IS 'Part of track_table: feed and audit of rows that were inserted or updated.';

CREATE FUNCTION cortex.fill_in(body text, tracked text, is_imported boolean, new_key text, target_key text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $fill$
DECLARE
    -- A row whose id was deleted before goes on from the version of its deletion.
    revive text := $$        IF current_setting('transaction_isolation') <> 'read committed' THEN
            -- A deletion that this snapshot does not show must not be missed: the transaction fails (40001) instead.
            INSERT INTO cortex.deleted_rows (kind, key, version, epoch)
            SELECT @kind, @new_key, 0, 0 FROM new_rows n ON CONFLICT (kind, key) DO NOTHING;
        END IF;
        UPDATE cortex.deleted_rows d SET revived_by = pg_current_xact_id()
        FROM new_rows n WHERE d.kind = @kind AND d.key = @new_key;
        revived := FOUND;
        IF revived THEN
            UPDATE public.@table t SET version = d.version + 1@imported
            FROM new_rows n
            JOIN cortex.deleted_rows d ON d.kind = @kind AND d.key = @new_key AND d.version > 0
                AND d.revived_by = pg_current_xact_id()
            WHERE @target_key;
        END IF;
$$;
BEGIN
    revive := replace(revive, '@imported', CASE WHEN NOT is_imported THEN '' ELSE
        E',\n                imported_version = CASE WHEN t.imported_version = t.version'
        ' THEN greatest(d.version, t.version) + 1 ELSE t.imported_version END' END);
    body := replace(body, '@revive', revive);
    body := replace(body, '@kind', quote_literal(tracked));
    body := replace(body, '@table', quote_ident(tracked));
    body := replace(body, '@new_key', new_key);
    RETURN replace(body, '@target_key', target_key);
END
$fill$;
COMMENT ON FUNCTION cortex.fill_in(text, text, boolean, text, text) IS 'Part of track_table: the parts that its functions share.';

CREATE FUNCTION cortex.make_tracker(tracked text, event text, body text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format(
        'CREATE FUNCTION cortex.%1$I() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER '
        'SET search_path = pg_catalog, pg_temp AS %2$L',
        tracked || '_' || event, body
    );
    EXECUTE format(
        'COMMENT ON FUNCTION cortex.%1$I() IS %2$L',
        tracked || '_' || event, format('Feed and audit of rows %s in %s; made by track_table.', event, tracked)
    );
END
$$;
COMMENT ON FUNCTION cortex.make_tracker(text, text, text) IS 'Part of track_table: makes one trigger function.';

-- MARK: TRUNCATE

CREATE FUNCTION cortex.table_truncated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format(
        'INSERT INTO cortex.deleted_rows AS d (kind, key, version, epoch) '
        'SELECT %1$L, %2$s, o.version + 1, coalesce((SELECT m.epoch FROM cortex.system_mode m), 1) FROM public.%1$I o '
        'ON CONFLICT (kind, key) DO UPDATE SET version = greatest(d.version, excluded.version), '
        'deleted_at = excluded.deleted_at, epoch = excluded.epoch',
        TG_TABLE_NAME, TG_ARGV[1]
    );
    INSERT INTO cortex.cache_state AS c DEFAULT VALUES
    ON CONFLICT (singleton) DO UPDATE SET epoch = c.epoch + 1, changed_at = now();
    INSERT INTO cortex.change_feed (kind, key, version, op) VALUES (TG_TABLE_NAME, '', 0, 'truncate');
    INSERT INTO public.audit_logs (event_type, summary, severity, security_impact, occurred_at, details)
    VALUES (
        TG_ARGV[0] || '.truncated', 'all rows of ' || TG_TABLE_NAME || ' were removed', 'critical', 'bulk deletion',
        clock_timestamp(), json_strip_nulls(json_build_object(
            'kind', TG_TABLE_NAME, 'operation', 'truncate', 'role', session_user,
            'principal', nullif(current_setting('cortex.principal', true), '')
        ))
    );
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION cortex.table_truncated() IS 'Remembers the versions of all rows, moves the cache epoch, feeds and audits.';

-- MARK: The tracked tables

DO $$
BEGIN
    PERFORM cortex.track_table('agents', 'agent', agent => '{agent_id,agent_id}');
    PERFORM cortex.track_table('agent_aliases', 'agent_alias', agent => '{agent_id,agent_id}');
    PERFORM cortex.track_table(
        'agent_runs', 'agent_run', agent => '{agent_id_raw,agent_id}', task => '{task_id_raw,task_id}',
        status => 'run_status'
    );
    PERFORM cortex.track_table('tasks', 'task', task => '{task_id,task_id}', status => 'task_status');
    PERFORM cortex.track_table('task_lineage', 'task_lineage', task => '{child_task_id_raw,child_task_id}');
    PERFORM cortex.track_table('task_handoffs', 'handoff', task => '{task_id_raw,task_id}', status => 'handoff_status');
    PERFORM cortex.track_table('assets', 'asset', asset => '{asset_id,asset_id}');
    PERFORM cortex.track_table('asset_lineage', 'asset_lineage', asset => '{downstream_raw,downstream_asset_id}');
    PERFORM cortex.track_table('documents', 'document');
    PERFORM cortex.track_table('users', 'user', impact => 'access');
    PERFORM cortex.track_table('api_keys', 'api_key', impact => 'access');
    PERFORM cortex.track_table('governance_policies', 'policy', impact => 'policy');
    PERFORM cortex.track_table(
        'policy_violations', 'violation', agent => '{agent_raw,agent_id}', task => '{task_id_raw,task_id}',
        asset => '{asset_id_raw,asset_id}', impact => 'policy'
    );
    PERFORM cortex.track_table(
        'token_budget_history', 'token_budget', agent => '{agent_raw,agent_id}', task => '{task_id_raw,task_id}'
    );
END
$$;

-- MARK: audit_logs is append-only

CREATE FUNCTION cortex.audit_row_kept() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    before public.audit_logs := OLD;
BEGIN
    -- A deleted row takes its references with it; the names as written stay.
    IF NEW.agent_id IS NULL THEN before.agent_id := NULL; END IF;
    IF NEW.task_id IS NULL THEN before.task_id := NULL; END IF;
    IF NEW.asset_id IS NULL THEN before.asset_id := NULL; END IF;
    -- Sealing fills the chain columns once.
    IF OLD.chain_seq IS NULL AND NEW.chain_seq IS NOT NULL THEN
        before.chain_seq := NEW.chain_seq;
        before.row_hash := NEW.row_hash;
        before.chain_hash := NEW.chain_hash;
    END IF;
    IF before::text IS DISTINCT FROM NEW::text THEN
        RAISE EXCEPTION 'audit_logs is append-only: row % cannot be changed', OLD.id
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION cortex.audit_row_kept() IS 'Refuses changes of audit rows other than sealing and the loss of a reference.';

CREATE FUNCTION cortex.audit_rows_kept() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM old_rows o WHERE NOT EXISTS (
            SELECT FROM cortex.audit_pruned p WHERE p.audit_id = o.id AND p.pruned_by = pg_current_xact_id()
        )
    ) THEN
        RAISE EXCEPTION 'audit_logs is append-only: rows cannot be deleted'
            USING ERRCODE = 'insufficient_privilege', HINT = 'public.archive_old_audit_logs removes what has expired.';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION cortex.audit_rows_kept() IS 'Refuses deletions of audit rows that left nothing in cortex.audit_pruned.';

CREATE FUNCTION cortex.audit_table_kept() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'audit_logs is append-only: it cannot be truncated' USING ERRCODE = 'insufficient_privilege',
        HINT = 'TRUNCATE … CASCADE of a table that audit rows refer to would truncate it too; use DELETE.';
END
$$;
COMMENT ON FUNCTION cortex.audit_table_kept() IS 'Refuses TRUNCATE of audit_logs.';

CREATE FUNCTION cortex.audit_row_released() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO cortex.audit_pruned (audit_id, chain_seq, row_hash, chain_hash, reason)
    VALUES (OLD.id, OLD.chain_seq, OLD.row_hash, OLD.chain_hash, 'import');
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    NEW.chain_seq := NULL;
    NEW.row_hash := NULL;
    NEW.chain_hash := NULL;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION cortex.audit_row_released() IS 'A sealed row that the loader changes or removes leaves its hashes behind; the changed row is sealed anew.';

CREATE TRIGGER kept BEFORE UPDATE ON public.audit_logs
    FOR EACH ROW WHEN (current_user <> 'cortex_loader') EXECUTE FUNCTION cortex.audit_row_kept();
CREATE TRIGGER rows_kept AFTER DELETE ON public.audit_logs REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT WHEN (current_user <> 'cortex_loader') EXECUTE FUNCTION cortex.audit_rows_kept();
CREATE TRIGGER table_kept BEFORE TRUNCATE ON public.audit_logs
    FOR EACH STATEMENT EXECUTE FUNCTION cortex.audit_table_kept();
CREATE TRIGGER released BEFORE UPDATE OR DELETE ON public.audit_logs
    FOR EACH ROW WHEN (current_user = 'cortex_loader' AND OLD.chain_seq IS NOT NULL)
    EXECUTE FUNCTION cortex.audit_row_released();
CREATE TRIGGER version BEFORE UPDATE ON public.audit_logs
    FOR EACH ROW WHEN (current_user = 'cortex_loader') EXECUTE FUNCTION cortex.next_version();

-- MARK: Mode

CREATE FUNCTION cortex.mode_changes_epoch() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'a change of the system mode needs a new epoch, above %', OLD.epoch
        USING ERRCODE = 'check_violation';
END
$$;
COMMENT ON FUNCTION cortex.mode_changes_epoch() IS 'Refuses a mode without a new epoch.';
CREATE TRIGGER epoch BEFORE UPDATE ON cortex.system_mode
    FOR EACH ROW WHEN (NEW.epoch < OLD.epoch OR (NEW.mode <> OLD.mode AND NEW.epoch = OLD.epoch))
    EXECUTE FUNCTION cortex.mode_changes_epoch();

CREATE FUNCTION cortex.mode_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO public.audit_logs (event_type, summary, severity, occurred_at, details)
    VALUES (
        'migration.mode_changed', 'mode changed from ' || OLD.mode || ' to ' || NEW.mode, 'medium', clock_timestamp(),
        json_build_object(
            'from', OLD.mode, 'to', NEW.mode, 'epoch', NEW.epoch, 'by', NEW.changed_by, 'role', session_user
        )
    );
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION cortex.mode_changed() IS 'Audits changes of the system mode.';
CREATE TRIGGER audited AFTER UPDATE ON cortex.system_mode
    FOR EACH ROW WHEN (OLD.mode <> NEW.mode) EXECUTE FUNCTION cortex.mode_changed();

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA cortex FROM PUBLIC;

"""###,
verify: ###"""
DO $$
DECLARE
    missing text;
BEGIN
    SELECT string_agg(t || '.' || wanted, ', ') INTO missing
    FROM unnest(ARRAY[
        'agents', 'agent_aliases', 'agent_runs', 'tasks', 'task_lineage', 'task_handoffs', 'assets', 'asset_lineage',
        'documents', 'users', 'api_keys', 'governance_policies', 'policy_violations', 'token_budget_history'
    ]) AS t
    CROSS JOIN unnest(ARRAY['version', 'inserted', 'updated', 'deleted', 'inserted_by_loader', 'truncated']) AS wanted
    WHERE NOT EXISTS (
        SELECT FROM pg_trigger g
        WHERE g.tgrelid = to_regclass('public.' || t) AND g.tgname = wanted AND g.tgenabled = 'O'
    );
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'triggers are missing or disabled: %', missing;
    END IF;
    SELECT string_agg(wanted, ', ') INTO missing
    FROM unnest(ARRAY['kept', 'rows_kept', 'table_kept', 'released', 'version']) AS wanted
    WHERE NOT EXISTS (
        SELECT FROM pg_trigger g
        WHERE g.tgrelid = 'public.audit_logs'::regclass AND g.tgname = wanted AND g.tgenabled = 'O'
    );
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'triggers of audit_logs are missing or disabled: %', missing;
    END IF;
    SELECT string_agg(wanted, ', ') INTO missing
    FROM unnest(ARRAY['epoch', 'audited']) AS wanted
    WHERE NOT EXISTS (
        SELECT FROM pg_trigger g
        WHERE g.tgrelid = 'cortex.system_mode'::regclass AND g.tgname = wanted AND g.tgenabled = 'O'
    );
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'triggers of system_mode are missing or disabled: %', missing;
    END IF;
    -- Whatever may be changed is tracked: a reference that no deletion clears would stop the deletion.
    SELECT string_agg(f.conrelid::regclass || ' (' || f.conname || ')', ', ') INTO missing
    FROM pg_constraint f
    JOIN pg_attribute child ON child.attrelid = f.conrelid AND child.attnum = f.conkey[1]
    JOIN pg_class parent ON parent.oid = f.confrelid
    LEFT JOIN pg_proc p ON p.pronamespace = 'cortex'::regnamespace AND p.proname = parent.relname || '_deleted'
    WHERE f.contype = 'f' AND f.confdeltype = 'a' AND f.connamespace = 'public'::regnamespace
        AND (p.oid IS NULL OR position(format('SET %I = NULL', child.attname) IN p.prosrc) = 0);
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'references that no trigger clears: %', missing;
    END IF;
END
$$;

"""###,
down: ###"""
SET LOCAL client_min_messages = warning;  -- the triggers that go with their functions

DO $$
DECLARE
    made regprocedure;
BEGIN
    FOR made IN
        SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'cortex'::regnamespace ORDER BY p.proname
    LOOP
        EXECUTE format('DROP FUNCTION %s CASCADE', made);
    END LOOP;
END
$$;

RESET client_min_messages;

"""###
),
SchemaStep(
number: 7,
name: "functions",
up: ###"""
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

"""###,
verify: ###"""
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

"""###,
down: ###"""
DROP FUNCTION public.deleted_since(bigint);
DROP FUNCTION public.archive_old_audit_logs(interval, int);
DROP FUNCTION public.search_assets(text, text, text, text, text, int, text);
DROP FUNCTION public.sensitivity_rank(text);
DROP FUNCTION public.agent_utilization(text);
DROP FUNCTION public.get_asset_lineage(text, text, int);
DROP FUNCTION public.get_task_lineage(text, int);
DROP FUNCTION public.get_task_hierarchy(text, int);

-- What `up` took from everybody also hit the functions of 0004: they had it before.
GRANT EXECUTE ON FUNCTION
    public.cut_text(text, int), public.joined_texts(text[]), public.short_texts(text[]),
    public.search_document(text, text, text, text), public.safe_jsonb(json)
TO PUBLIC;

"""###
),
SchemaStep(
number: 8,
name: "views",
up: ###"""
-- Views run as their reader (security_invoker), so that row security holds through them.

CREATE VIEW public.active_tasks_by_master WITH (security_invoker = true) AS
SELECT coalesce(l.agent_id, m.name) AS master,
    count(*) AS tasks,
    count(*) FILTER (WHERE m.task_status = 'pending') AS pending,
    count(*) FILTER (WHERE m.task_status = 'in_progress') AS in_progress,
    count(*) FILTER (WHERE m.task_status = 'blocked') AS blocked,
    count(*) FILTER (WHERE m.task_priority = 'critical') AS critical,
    count(*) FILTER (WHERE m.deadline_at < now()) AS overdue,
    min(m.created_at) AS oldest_created_at
FROM (
    SELECT t.task_status, t.task_priority, t.deadline_at, t.created_at,
        coalesce(
            t.master_agent_id, t.master_raw,
            CASE WHEN a.agent_type = 'master' THEN a.agent_id ELSE a.master_agent_id END
        ) AS name
    FROM public.tasks t LEFT JOIN public.agents a ON a.agent_id = t.assigned_to
    WHERE t.task_status IN ('pending', 'in_progress', 'blocked')
) m
LEFT JOIN public.agent_aliases l ON l.alias = m.name
GROUP BY 1;
COMMENT ON VIEW public.active_tasks_by_master IS 'Open tasks by master: the task''s own, else the assignee''s; linked spellings count as one. NULL: no master is known.';

CREATE VIEW public.worker_efficiency WITH (security_invoker = true) AS
SELECT r.agent_id, a.specialization, a.master_agent_id,
    count(*) AS runs,
    count(*) FILTER (WHERE r.run_status = 'completed') AS completed,
    count(*) FILTER (WHERE r.run_status = 'failed') AS failed,
    round(
        count(*) FILTER (WHERE r.run_status = 'completed')::numeric
        / nullif(count(*) FILTER (WHERE r.run_status IN ('completed', 'failed', 'cancelled')), 0), 4
    ) AS success_rate,
    round(avg(coalesce(r.duration_minutes, extract(epoch FROM r.completed_at - r.started_at) / 60)), 2) AS avg_minutes,
    sum(r.tokens_used) AS tokens_used,
    round(
        sum(r.tokens_used) / nullif(sum(r.token_budget) FILTER (WHERE r.tokens_used IS NOT NULL), 0), 4
    ) AS budget_used
FROM public.agent_runs r JOIN public.agents a ON a.agent_id = r.agent_id
GROUP BY r.agent_id, a.specialization, a.master_agent_id;
COMMENT ON VIEW public.worker_efficiency IS 'Runs of each agent that has any. success_rate: completed of those that ended; budget_used: a share of the budgets of runs that report tokens.';

CREATE VIEW public.asset_catalog_summary WITH (security_invoker = true) AS
SELECT a.asset_type, a.namespace, a.sensitivity,
    count(*) AS assets,
    count(DISTINCT a.owner) AS owners,
    count(*) FILTER (WHERE a.health_status IS NOT NULL) AS with_health_status,
    max(a.last_modified_at) AS last_modified_at
FROM public.assets a
GROUP BY a.asset_type, a.namespace, a.sensitivity;
COMMENT ON VIEW public.asset_catalog_summary IS 'Assets by type, namespace and sensitivity; of those that the reader may see.';

CREATE VIEW public.recent_security_events WITH (security_invoker = true) AS
SELECT l.id, l.occurred_at, l.event_type, l.severity, l.security_impact, l.summary,
    coalesce(l.agent_id, l.agent_raw) AS agent, coalesce(l.task_id, l.task_id_raw) AS task,
    coalesce(l.asset_id, l.asset_id_raw) AS asset, l.ip_address, l.compliance_tags
FROM public.audit_logs l
WHERE (l.severity IN ('high', 'critical') OR l.security_impact IS NOT NULL)
    AND l.occurred_at > now() - interval '7 days'
ORDER BY l.occurred_at DESC;
COMMENT ON VIEW public.recent_security_events IS 'Audit rows of the last 7 days that are of severity high or critical or concern security, newest first.';

"""###,
verify: ###"""
DO $$
DECLARE
    missing text;
BEGIN
    SELECT string_agg(name, ', ') INTO missing
    FROM unnest(ARRAY[
        'active_tasks_by_master', 'worker_efficiency', 'asset_catalog_summary', 'recent_security_events'
    ]) AS name
    WHERE NOT EXISTS (
        SELECT FROM pg_class c
        WHERE c.oid = to_regclass('public.' || name) AND c.relkind = 'v' AND c.reloptions @> '{security_invoker=true}'
    );
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'views are missing or do not run as their reader: %', missing;
    END IF;
END
$$;

"""###,
down: ###"""
DROP VIEW public.recent_security_events;
DROP VIEW public.asset_catalog_summary;
DROP VIEW public.worker_efficiency;
DROP VIEW public.active_tasks_by_master;

"""###
),
SchemaStep(
number: 9,
name: "grants",
up: ###"""
-- Grants: what each role needs and no more. The list in the verification must equal what the database holds.

-- MARK: PUBLIC has nothing

DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format(
        'GRANT CONNECT ON DATABASE %I TO cortex_owner, cortex_api, cortex_readonly, cortex_relay, cortex_backup, '
        'cortex_exporter', current_database()
    );
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO cortex_loader', current_database());
END
$$;
REVOKE ALL ON SCHEMA public, cortex, source, staging, extensions FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA cortex FROM PUBLIC;

-- MARK: cortex_api

GRANT USAGE ON SCHEMA public, cortex, extensions TO cortex_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON
    public.agents, public.agent_aliases, public.agent_runs, public.tasks, public.task_lineage, public.task_handoffs,
    public.assets, public.asset_lineage, public.documents, public.users, public.api_keys, public.governance_policies,
    public.policy_violations, public.token_budget_history
TO cortex_api;
GRANT SELECT ON
    public.audit_logs, public.event_types, public.active_tasks_by_master, public.worker_efficiency,
    public.asset_catalog_summary, public.recent_security_events
TO cortex_api;
GRANT INSERT (
    event_key, event_type, agent_raw, agent_id, task_id_raw, task_id, asset_id_raw, asset_id, summary, details,
    severity, severity_raw, security_impact, compliance_tags, ip_address, user_agent, occurred_at, occurred_at_raw
) ON public.audit_logs TO cortex_api;
GRANT SELECT ON
    cortex.system_mode, cortex.cache_state, cortex.change_feed, cortex.relay_progress, cortex.deleted_rows,
    cortex.audit_checkpoints, cortex.schema_migrations
TO cortex_api;
-- An instance ends a freeze whose lease has run out; mode changes are audited.
GRANT UPDATE ON cortex.system_mode TO cortex_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON cortex.idempotency_keys TO cortex_api;
GRANT SELECT, INSERT, UPDATE ON cortex.runs, cortex.run_steps TO cortex_api;
GRANT EXECUTE ON FUNCTION
    public.cut_text(text, int), public.joined_texts(text[]), public.short_texts(text[]),
    public.search_document(text, text, text, text), public.safe_jsonb(json), public.sensitivity_rank(text),
    public.get_task_hierarchy(text, int), public.get_task_lineage(text, int), public.get_asset_lineage(text, text, int),
    public.agent_utilization(text), public.search_assets(text, text, text, text, text, int, text),
    public.deleted_since(bigint)
TO cortex_api;

-- MARK: cortex_readonly

GRANT USAGE ON SCHEMA public, extensions TO cortex_readonly;
GRANT SELECT ON
    public.agents, public.agent_aliases, public.agent_runs, public.tasks, public.task_lineage, public.task_handoffs,
    public.assets, public.asset_lineage, public.documents, public.governance_policies, public.policy_violations,
    public.token_budget_history, public.audit_logs, public.event_types, public.active_tasks_by_master,
    public.worker_efficiency, public.asset_catalog_summary, public.recent_security_events
TO cortex_readonly;
GRANT SELECT (
    user_id, username, email, full_name, role, is_active, created_at, created_at_raw, last_login_at, last_login_at_raw,
    metadata, version, imported_version, source_record_id
) ON public.users TO cortex_readonly;
GRANT EXECUTE ON FUNCTION
    public.cut_text(text, int), public.joined_texts(text[]), public.short_texts(text[]),
    public.search_document(text, text, text, text), public.safe_jsonb(json), public.sensitivity_rank(text),
    public.get_task_hierarchy(text, int), public.get_task_lineage(text, int), public.get_asset_lineage(text, text, int),
    public.agent_utilization(text), public.search_assets(text, text, text, text, text, int, text)
TO cortex_readonly;

-- MARK: cortex_relay

GRANT USAGE ON SCHEMA public, cortex TO cortex_relay;
GRANT SELECT ON
    public.agents, public.agent_aliases, public.agent_runs, public.tasks, public.task_lineage, public.task_handoffs,
    public.assets, public.asset_lineage, public.documents, public.governance_policies, public.policy_violations,
    public.token_budget_history, public.audit_logs
TO cortex_relay;
GRANT UPDATE (chain_seq, row_hash, chain_hash) ON public.audit_logs TO cortex_relay;
GRANT SELECT, DELETE ON cortex.change_feed TO cortex_relay;
GRANT SELECT, INSERT, UPDATE ON cortex.relay_progress, cortex.cache_state TO cortex_relay;
GRANT SELECT, DELETE ON cortex.idempotency_keys TO cortex_relay;
GRANT SELECT ON cortex.system_mode, cortex.deleted_rows, cortex.audit_pruned TO cortex_relay;
GRANT SELECT, INSERT ON cortex.audit_checkpoints TO cortex_relay;
GRANT EXECUTE ON FUNCTION public.archive_old_audit_logs(interval, int), public.deleted_since(bigint) TO cortex_relay;

-- MARK: cortex_loader

GRANT USAGE ON SCHEMA public, cortex, source, staging TO cortex_loader;
GRANT SELECT, INSERT, UPDATE, DELETE ON
    public.agents, public.agent_aliases, public.agent_runs, public.tasks, public.task_lineage, public.task_handoffs,
    public.assets, public.asset_lineage, public.documents, public.users, public.governance_policies,
    public.policy_violations, public.token_budget_history, public.audit_logs
TO cortex_loader;
GRANT USAGE ON SEQUENCE public.audit_logs_id_seq TO cortex_loader;
GRANT INSERT ON cortex.change_feed TO cortex_loader;
GRANT SELECT ON cortex.deleted_rows, cortex.system_mode TO cortex_loader;
GRANT SELECT ON ALL TABLES IN SCHEMA source TO cortex_loader;
GRANT EXECUTE ON FUNCTION
    public.cut_text(text, int), public.joined_texts(text[]), public.short_texts(text[]),
    public.search_document(text, text, text, text), public.safe_jsonb(json)
TO cortex_loader;
-- Tables that the migrating role makes there during a load.
ALTER DEFAULT PRIVILEGES IN SCHEMA staging GRANT SELECT ON TABLES TO cortex_loader;

-- MARK: cortex_backup

GRANT USAGE ON SCHEMA public, cortex, source, staging, extensions TO cortex_backup;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO cortex_backup;
GRANT SELECT ON ALL TABLES IN SCHEMA cortex TO cortex_backup;
GRANT SELECT ON ALL TABLES IN SCHEMA source TO cortex_backup;
GRANT SELECT ON ALL SEQUENCES IN SCHEMA public, cortex TO cortex_backup;
ALTER DEFAULT PRIVILEGES IN SCHEMA staging GRANT SELECT ON TABLES TO cortex_backup;

-- MARK: Row security
--
-- Binds cortex_readonly and personal logins. The owner is not bound; the policy of the service roles is constant and
-- disappears when a query is planned, so their searches still use the indexes.

ALTER TABLE public.assets ENABLE ROW LEVEL SECURITY;
CREATE POLICY open_rows ON public.assets FOR SELECT TO PUBLIC
    USING (sensitivity IS NULL OR sensitivity IN ('public', 'internal'));
CREATE POLICY service_roles ON public.assets FOR ALL TO cortex_api, cortex_loader, cortex_relay, cortex_backup
    USING (true) WITH CHECK (true);

"""###,
verify: ###"""
-- The committed list of grants, by role and privileges. It must equal what the database holds, both ways.

DO $$
DECLARE
    differences text;
BEGIN
    WITH acl AS (
        SELECT 'schema ' || n.nspname AS object, a.grantee, a.privilege_type FROM pg_namespace n
        CROSS JOIN LATERAL aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) AS a
        WHERE n.nspname IN ('public', 'cortex', 'source', 'staging', 'extensions') AND a.grantee <> n.nspowner
        UNION ALL
        SELECT CASE c.relkind WHEN 'S' THEN 'sequence ' WHEN 'v' THEN 'view ' ELSE 'table ' END
            || n.nspname || '.' || c.relname, a.grantee, a.privilege_type
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        CROSS JOIN LATERAL aclexplode(c.relacl) AS a
        WHERE n.nspname IN ('public', 'cortex', 'source') AND c.relkind IN ('r', 'v', 'S', 'm', 'p', 'f')
            AND c.oid IS DISTINCT FROM to_regclass('cortex.schema_catalogue')  -- belongs to the runner
            AND a.grantee <> c.relowner
        UNION ALL
        SELECT 'columns ' || n.nspname || '.' || c.relname || ' ' || string_agg(t.attname, ',' ORDER BY t.attnum),
            a.grantee, a.privilege_type
        FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        CROSS JOIN LATERAL aclexplode(t.attacl) AS a
        WHERE n.nspname IN ('public', 'cortex', 'source') AND a.grantee <> c.relowner
        GROUP BY n.nspname, c.relname, a.grantee, a.privilege_type
        UNION ALL
        SELECT 'function ' || n.nspname || '.' || p.proname || '(' || oidvectortypes(p.proargtypes) || ')',
            a.grantee, a.privilege_type
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        CROSS JOIN LATERAL aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS a
        WHERE n.nspname IN ('public', 'cortex') AND a.grantee <> p.proowner
        UNION ALL
        SELECT 'database', a.grantee, a.privilege_type FROM pg_database d
        CROSS JOIN LATERAL aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) AS a
        WHERE d.datname = current_database() AND a.grantee <> d.datdba
        UNION ALL
        SELECT 'future tables in ' || n.nspname, a.grantee, a.privilege_type
        FROM pg_default_acl x JOIN pg_namespace n ON n.oid = x.defaclnamespace
        CROSS JOIN LATERAL aclexplode(x.defaclacl) AS a WHERE a.grantee <> x.defaclrole
    ),
    actual AS (
        SELECT coalesce(r.rolname, 'PUBLIC')::text AS grantee, object,
            string_agg(DISTINCT privilege_type, ',' ORDER BY privilege_type) AS privileges
        FROM acl LEFT JOIN pg_roles r ON r.oid = acl.grantee GROUP BY 1, 2
    ),
    committed (grantee, privileges, objects) AS (VALUES
        ('cortex_api', 'INSERT', ARRAY[
            'columns public.audit_logs event_key,event_type,agent_raw,agent_id,task_id_raw,task_id,asset_id_raw,asset_id,summary,details,severity,severity_raw,security_impact,compliance_tags,ip_address,user_agent,occurred_at,occurred_at_raw'
        ]),
        ('cortex_api', 'CONNECT', ARRAY[
            'database'
        ]),
        ('cortex_api', 'EXECUTE', ARRAY[
            'function public.agent_utilization(text)', 'function public.cut_text(text, integer)',
            'function public.deleted_since(bigint)', 'function public.get_asset_lineage(text, text, integer)',
            'function public.get_task_hierarchy(text, integer)', 'function public.get_task_lineage(text, integer)',
            'function public.joined_texts(text[])', 'function public.safe_jsonb(json)',
            'function public.search_assets(text, text, text, text, text, integer, text)',
            'function public.search_document(text, text, text, text)', 'function public.sensitivity_rank(text)',
            'function public.short_texts(text[])'
        ]),
        ('cortex_api', 'USAGE', ARRAY[
            'schema cortex', 'schema extensions', 'schema public'
        ]),
        ('cortex_api', 'SELECT', ARRAY[
            'table cortex.audit_checkpoints', 'table cortex.cache_state', 'table cortex.change_feed',
            'table cortex.deleted_rows', 'table cortex.relay_progress', 'table cortex.schema_migrations',
            'table public.audit_logs', 'table public.event_types', 'view public.active_tasks_by_master',
            'view public.asset_catalog_summary', 'view public.recent_security_events',
            'view public.worker_efficiency'
        ]),
        ('cortex_api', 'DELETE,INSERT,SELECT,UPDATE', ARRAY[
            'table cortex.idempotency_keys', 'table public.agent_aliases', 'table public.agent_runs',
            'table public.agents', 'table public.api_keys', 'table public.asset_lineage', 'table public.assets',
            'table public.documents', 'table public.governance_policies', 'table public.policy_violations',
            'table public.task_handoffs', 'table public.task_lineage', 'table public.tasks',
            'table public.token_budget_history', 'table public.users'
        ]),
        ('cortex_api', 'INSERT,SELECT,UPDATE', ARRAY[
            'table cortex.run_steps', 'table cortex.runs'
        ]),
        ('cortex_api', 'SELECT,UPDATE', ARRAY[
            'table cortex.system_mode'
        ]),
        ('cortex_backup', 'CONNECT', ARRAY[
            'database'
        ]),
        ('cortex_backup', 'SELECT', ARRAY[
            'future tables in staging', 'sequence cortex.audit_checkpoints_checkpoint_id_seq',
            'sequence cortex.audit_pruned_pruned_id_seq', 'sequence cortex.change_feed_id_seq',
            'sequence public.audit_logs_id_seq', 'table cortex.audit_checkpoints', 'table cortex.audit_pruned',
            'table cortex.cache_state', 'table cortex.change_feed', 'table cortex.deleted_rows',
            'table cortex.idempotency_keys', 'table cortex.relay_progress', 'table cortex.run_steps',
            'table cortex.runs', 'table cortex.schema_migrations', 'table cortex.system_mode',
            'table public.agent_aliases', 'table public.agent_runs', 'table public.agents',
            'table public.api_keys', 'table public.asset_lineage', 'table public.assets',
            'table public.audit_logs', 'table public.documents', 'table public.event_types',
            'table public.governance_policies', 'table public.policy_violations', 'table public.task_handoffs',
            'table public.task_lineage', 'table public.tasks', 'table public.token_budget_history',
            'table public.users', 'table source.blob_chunks', 'table source.blobs', 'table source.files',
            'table source.findings', 'table source.imports', 'table source.records',
            'view public.active_tasks_by_master', 'view public.asset_catalog_summary',
            'view public.recent_security_events', 'view public.worker_efficiency'
        ]),
        ('cortex_backup', 'USAGE', ARRAY[
            'schema cortex', 'schema extensions', 'schema public', 'schema source', 'schema staging'
        ]),
        ('cortex_exporter', 'CONNECT', ARRAY[
            'database'
        ]),
        ('cortex_loader', 'TEMPORARY', ARRAY[
            'database'
        ]),
        ('cortex_loader', 'EXECUTE', ARRAY[
            'function public.cut_text(text, integer)', 'function public.joined_texts(text[])',
            'function public.safe_jsonb(json)', 'function public.search_document(text, text, text, text)',
            'function public.short_texts(text[])'
        ]),
        ('cortex_loader', 'SELECT', ARRAY[
            'future tables in staging', 'table cortex.deleted_rows', 'table cortex.system_mode',
            'table source.blob_chunks', 'table source.blobs', 'table source.files', 'table source.findings',
            'table source.imports', 'table source.records'
        ]),
        ('cortex_loader', 'USAGE', ARRAY[
            'schema cortex', 'schema public', 'schema source', 'schema staging',
            'sequence public.audit_logs_id_seq'
        ]),
        ('cortex_loader', 'INSERT', ARRAY[
            'table cortex.change_feed'
        ]),
        ('cortex_loader', 'DELETE,INSERT,SELECT,UPDATE', ARRAY[
            'table public.agent_aliases', 'table public.agent_runs', 'table public.agents',
            'table public.asset_lineage', 'table public.assets', 'table public.audit_logs',
            'table public.documents', 'table public.governance_policies', 'table public.policy_violations',
            'table public.task_handoffs', 'table public.task_lineage', 'table public.tasks',
            'table public.token_budget_history', 'table public.users'
        ]),
        ('cortex_owner', 'CONNECT', ARRAY[
            'database'
        ]),
        ('cortex_readonly', 'SELECT', ARRAY[
            'columns public.users user_id,username,email,full_name,role,is_active,created_at,created_at_raw,last_login_at,last_login_at_raw,metadata,version,imported_version,source_record_id',
            'table public.agent_aliases', 'table public.agent_runs', 'table public.agents',
            'table public.asset_lineage', 'table public.assets', 'table public.audit_logs',
            'table public.documents', 'table public.event_types', 'table public.governance_policies',
            'table public.policy_violations', 'table public.task_handoffs', 'table public.task_lineage',
            'table public.tasks', 'table public.token_budget_history', 'view public.active_tasks_by_master',
            'view public.asset_catalog_summary', 'view public.recent_security_events',
            'view public.worker_efficiency'
        ]),
        ('cortex_readonly', 'CONNECT', ARRAY[
            'database'
        ]),
        ('cortex_readonly', 'EXECUTE', ARRAY[
            'function public.agent_utilization(text)', 'function public.cut_text(text, integer)',
            'function public.get_asset_lineage(text, text, integer)',
            'function public.get_task_hierarchy(text, integer)', 'function public.get_task_lineage(text, integer)',
            'function public.joined_texts(text[])', 'function public.safe_jsonb(json)',
            'function public.search_assets(text, text, text, text, text, integer, text)',
            'function public.search_document(text, text, text, text)', 'function public.sensitivity_rank(text)',
            'function public.short_texts(text[])'
        ]),
        ('cortex_readonly', 'USAGE', ARRAY[
            'schema extensions', 'schema public'
        ]),
        ('cortex_relay', 'UPDATE', ARRAY[
            'columns public.audit_logs chain_seq,row_hash,chain_hash'
        ]),
        ('cortex_relay', 'CONNECT', ARRAY[
            'database'
        ]),
        ('cortex_relay', 'EXECUTE', ARRAY[
            'function public.archive_old_audit_logs(interval, integer)', 'function public.deleted_since(bigint)'
        ]),
        ('cortex_relay', 'USAGE', ARRAY[
            'schema cortex', 'schema public'
        ]),
        ('cortex_relay', 'INSERT,SELECT', ARRAY[
            'table cortex.audit_checkpoints'
        ]),
        ('cortex_relay', 'SELECT', ARRAY[
            'table cortex.audit_pruned', 'table cortex.deleted_rows', 'table cortex.system_mode',
            'table public.agent_aliases', 'table public.agent_runs', 'table public.agents',
            'table public.asset_lineage', 'table public.assets', 'table public.audit_logs',
            'table public.documents', 'table public.governance_policies', 'table public.policy_violations',
            'table public.task_handoffs', 'table public.task_lineage', 'table public.tasks',
            'table public.token_budget_history'
        ]),
        ('cortex_relay', 'INSERT,SELECT,UPDATE', ARRAY[
            'table cortex.cache_state', 'table cortex.relay_progress'
        ]),
        ('cortex_relay', 'DELETE,SELECT', ARRAY[
            'table cortex.change_feed', 'table cortex.idempotency_keys'
        ])
    ),
    wanted AS (
        SELECT grantee, object, privileges FROM committed CROSS JOIN unnest(objects) AS object
    )
    SELECT string_agg(
        format('%s on %s: %s instead of %s', coalesce(a.grantee, w.grantee), coalesce(a.object, w.object),
            coalesce(a.privileges, 'nothing'), coalesce(w.privileges, 'nothing')),
        '; ' ORDER BY coalesce(a.grantee, w.grantee), coalesce(a.object, w.object)
    ) INTO differences
    FROM actual a FULL JOIN wanted w USING (grantee, object)
    WHERE a.privileges IS DISTINCT FROM w.privileges;
    IF differences IS NOT NULL THEN
        RAISE EXCEPTION 'grants differ from the committed list: %', differences;
    END IF;
    IF NOT (SELECT relrowsecurity FROM pg_class WHERE oid = 'public.assets'::regclass)
        OR (SELECT count(*) FROM pg_policy WHERE polrelid = 'public.assets'::regclass) <> 2
    THEN
        RAISE EXCEPTION 'row security of public.assets is not as it should be';
    END IF;
END
$$;

"""###,
down: ###"""
DROP POLICY service_roles ON public.assets;
DROP POLICY open_rows ON public.assets;
ALTER TABLE public.assets DISABLE ROW LEVEL SECURITY;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'cortex_owner', 'cortex_api', 'cortex_readonly', 'cortex_relay', 'cortex_backup', 'cortex_exporter',
        'cortex_loader'
    ] LOOP
        CONTINUE WHEN to_regrole(name) IS NULL;
        EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA staging REVOKE ALL ON TABLES FROM %I', name);
        EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM %I', name);
        EXECUTE format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA public, cortex FROM %I', name);
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA public, cortex, source, staging FROM %I', name);
        EXECUTE format('REVOKE ALL ON SCHEMA public, cortex, source, staging, extensions FROM %I', name);
        EXECUTE format('REVOKE ALL ON DATABASE %I FROM %I', current_database(), name);
    END LOOP;
    EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO PUBLIC', current_database());
END
$$;
GRANT USAGE ON SCHEMA public TO PUBLIC;

"""###
),
SchemaStep(
number: 10,
name: "document_search",
up: ###"""
-- Parts of ids and titles of documents. Words are found by documents_search (0005); a part of an id is no word, and ids
-- are what people of another team's tree have at hand.

CREATE INDEX documents_id_trigrams ON public.documents USING gin (id extensions.gin_trgm_ops);
CREATE INDEX documents_title_trigrams ON public.documents USING gin (left(title, 4096) extensions.gin_trgm_ops);

"""###,
verify: ###"""
DO $$
DECLARE
    missing text;
BEGIN
    SELECT string_agg(name, ', ') INTO missing
    FROM unnest(ARRAY['documents_id_trigrams', 'documents_title_trigrams']) AS name
    WHERE to_regclass('public.' || name) IS NULL;
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'indexes are missing in schema public: %', missing;
    END IF;
END
$$;

"""###,
down: ###"""
DROP INDEX public.documents_title_trigrams;
DROP INDEX public.documents_id_trigrams;

"""###
),
SchemaStep(
number: 11,
name: "sync_state",
up: ###"""
-- What the sync middleware needs of its state: a count of drains, the database that the state belongs to, and numbers
-- that never fall. No grants: those on the tables (0009) hold for new columns too.

-- MARK: Cache state

ALTER TABLE cortex.cache_state
    ADD COLUMN drains bigint NOT NULL DEFAULT 0,
    ADD COLUMN home text;
COMMENT ON COLUMN cortex.cache_state.epoch IS 'Part of every private cache key. Milliseconds since 1970 when it last moved, or one more than before, whichever is more: a database made anew or restored never meets entries of an earlier one.';
COMMENT ON COLUMN cortex.cache_state.drains IS 'How often the relay had passed on all that its snapshot saw. Instances date the counts by their own clocks; that bounds how old a cached answer can be.';
COMMENT ON COLUMN cortex.cache_state.drained_at IS 'When drains last rose, by this server''s clock: for people and monitoring, nothing rests on it.';
COMMENT ON COLUMN cortex.cache_state.home IS 'The database that this row was written in: system identifier, timeline, database oid. In a restored copy it is another one, and the relay moves epoch and timeline of events.';
COMMENT ON COLUMN cortex.relay_progress.position IS 'Everything visible in this snapshot was passed on; NULL before the first pass, and in a restored copy to be taken for NULL.';
COMMENT ON COLUMN cortex.idempotency_keys.headers IS 'What the answer said besides its body, as an object: the version of the row.';

CREATE FUNCTION cortex.cache_state_rises() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'epoch and drains of the cache state only rise, from % and %', OLD.epoch, OLD.drains
        USING ERRCODE = 'check_violation';
END
$$;
COMMENT ON FUNCTION cortex.cache_state_rises() IS 'Refuses an epoch or a count of drains below the last one: instances take no notice of it.';
CREATE TRIGGER rises BEFORE UPDATE ON cortex.cache_state
    FOR EACH ROW WHEN (NEW.epoch < OLD.epoch OR NEW.drains < OLD.drains)
    EXECUTE FUNCTION cortex.cache_state_rises();
REVOKE EXECUTE ON FUNCTION cortex.cache_state_rises() FROM PUBLIC;

-- MARK: TRUNCATE
--
-- The relay moves the epoch when it meets the row in the feed. The trigger used to, but a move has to wait for the
-- transactions that write in the old epoch, and its row lock stopped the relay until the end of the TRUNCATE.

CREATE OR REPLACE FUNCTION cortex.table_truncated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format(
        'INSERT INTO cortex.deleted_rows AS d (kind, key, version, epoch) '
        'SELECT %1$L, %2$s, o.version + 1, coalesce((SELECT m.epoch FROM cortex.system_mode m), 1) FROM public.%1$I o '
        'ON CONFLICT (kind, key) DO UPDATE SET version = greatest(d.version, excluded.version), '
        'deleted_at = excluded.deleted_at, epoch = excluded.epoch',
        TG_TABLE_NAME, TG_ARGV[1]
    );
    INSERT INTO cortex.change_feed (kind, key, version, op) VALUES (TG_TABLE_NAME, '', 0, 'truncate');
    INSERT INTO public.audit_logs (event_type, summary, severity, security_impact, occurred_at, details)
    VALUES (
        TG_ARGV[0] || '.truncated', 'all rows of ' || TG_TABLE_NAME || ' were removed', 'critical', 'bulk deletion',
        clock_timestamp(), json_strip_nulls(json_build_object(
            'kind', TG_TABLE_NAME, 'operation', 'truncate', 'role', session_user,
            'principal', nullif(current_setting('cortex.principal', true), '')
        ))
    );
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION cortex.table_truncated() IS 'Remembers the versions of all rows, feeds and audits; the relay moves the cache epoch when it passes the row on.';

"""###,
verify: ###"""
DO $$
BEGIN
    PERFORM epoch, drains, home FROM cortex.cache_state;
    IF to_regprocedure('cortex.cache_state_rises()') IS NULL OR NOT EXISTS (
        SELECT FROM pg_trigger WHERE tgrelid = 'cortex.cache_state'::regclass AND tgname = 'rises'
    ) THEN
        RAISE EXCEPTION 'the cache state may fall: trigger "rises" is missing';
    END IF;
    IF position('cortex.cache_state' IN pg_get_functiondef('cortex.table_truncated()'::regprocedure)) > 0 THEN
        RAISE EXCEPTION 'TRUNCATE moves the cache epoch itself instead of leaving that to the relay';
    END IF;
END
$$;

"""###,
down: ###"""
CREATE OR REPLACE FUNCTION cortex.table_truncated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format(
        'INSERT INTO cortex.deleted_rows AS d (kind, key, version, epoch) '
        'SELECT %1$L, %2$s, o.version + 1, coalesce((SELECT m.epoch FROM cortex.system_mode m), 1) FROM public.%1$I o '
        'ON CONFLICT (kind, key) DO UPDATE SET version = greatest(d.version, excluded.version), '
        'deleted_at = excluded.deleted_at, epoch = excluded.epoch',
        TG_TABLE_NAME, TG_ARGV[1]
    );
    INSERT INTO cortex.cache_state AS c DEFAULT VALUES
    ON CONFLICT (singleton) DO UPDATE SET epoch = c.epoch + 1, changed_at = now();
    INSERT INTO cortex.change_feed (kind, key, version, op) VALUES (TG_TABLE_NAME, '', 0, 'truncate');
    INSERT INTO public.audit_logs (event_type, summary, severity, security_impact, occurred_at, details)
    VALUES (
        TG_ARGV[0] || '.truncated', 'all rows of ' || TG_TABLE_NAME || ' were removed', 'critical', 'bulk deletion',
        clock_timestamp(), json_strip_nulls(json_build_object(
            'kind', TG_TABLE_NAME, 'operation', 'truncate', 'role', session_user,
            'principal', nullif(current_setting('cortex.principal', true), '')
        ))
    );
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION cortex.table_truncated() IS 'Remembers the versions of all rows, moves the cache epoch, feeds and audits.';

DROP TRIGGER rises ON cortex.cache_state;
DROP FUNCTION cortex.cache_state_rises();
COMMENT ON COLUMN cortex.idempotency_keys.headers IS NULL;
COMMENT ON COLUMN cortex.relay_progress.position IS 'Everything visible in this snapshot was passed on; NULL before the first pass.';
COMMENT ON COLUMN cortex.cache_state.drained_at IS 'When the relay last had passed on every visible change; bounds how old a cached answer can be.';
COMMENT ON COLUMN cortex.cache_state.epoch IS 'Part of every private cache key. Starts as milliseconds since 1970, so that a database made anew or restored never meets entries of an earlier one; moves by one.';
ALTER TABLE cortex.cache_state DROP COLUMN home, DROP COLUMN drains;

"""###
),
SchemaStep(
number: 12,
name: "access",
up: ###"""
-- Keys that belong to no user: those of programs, and the first administrator's. No row in users is invented for them.

ALTER TABLE public.api_keys ALTER COLUMN user_id DROP NOT NULL;
COMMENT ON COLUMN public.api_keys.user_id IS 'Whose key it is; it is not valid while that user is disabled. NULL: a program''s, or the first administrator''s.';
COMMENT ON COLUMN public.api_keys.scopes IS 'What its holder may do: read, write, admin (which includes the others).';
ALTER TABLE public.api_keys ADD CONSTRAINT api_keys_scopes
    CHECK (scopes <@ ARRAY['read', 'write', 'admin'] AND array_position(scopes, NULL) IS NULL);

"""###,
verify: ###"""
DO $$
BEGIN
    IF (
        SELECT attnotnull FROM pg_attribute
        WHERE attrelid = 'public.api_keys'::regclass AND attname = 'user_id'
    ) THEN
        RAISE EXCEPTION 'a key has to belong to a user';
    END IF;
    IF NOT EXISTS (
        SELECT FROM pg_constraint
        WHERE conrelid = 'public.api_keys'::regclass AND conname = 'api_keys_scopes' AND convalidated
    ) THEN
        RAISE EXCEPTION 'nothing holds the scopes of keys to those that there are';
    END IF;
END
$$;

"""###,
down: ###"""
-- A key without a user has no place in the schema before: it is not valid any more.
ALTER TABLE public.api_keys DROP CONSTRAINT api_keys_scopes;
DELETE FROM public.api_keys WHERE user_id IS NULL;
ALTER TABLE public.api_keys ALTER COLUMN user_id SET NOT NULL;
COMMENT ON COLUMN public.api_keys.user_id IS NULL;
COMMENT ON COLUMN public.api_keys.scopes IS NULL;

"""###
),
SchemaStep(
number: 13,
name: "catalog_grants",
up: ###"""
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

"""###,
verify: ###"""
-- The committed list of grants, by role and privileges. It must equal what the database holds, both ways.

DO $$
DECLARE
    differences text;
BEGIN
    WITH acl AS (
        SELECT 'schema ' || n.nspname AS object, a.grantee, a.privilege_type FROM pg_namespace n
        CROSS JOIN LATERAL aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) AS a
        WHERE n.nspname IN ('public', 'cortex', 'source', 'staging', 'extensions') AND a.grantee <> n.nspowner
        UNION ALL
        SELECT CASE c.relkind WHEN 'S' THEN 'sequence ' WHEN 'v' THEN 'view ' ELSE 'table ' END
            || n.nspname || '.' || c.relname, a.grantee, a.privilege_type
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        CROSS JOIN LATERAL aclexplode(c.relacl) AS a
        WHERE n.nspname IN ('public', 'cortex', 'source') AND c.relkind IN ('r', 'v', 'S', 'm', 'p', 'f')
            AND c.oid IS DISTINCT FROM to_regclass('cortex.schema_catalogue')  -- belongs to the runner
            AND a.grantee <> c.relowner
        UNION ALL
        SELECT 'columns ' || n.nspname || '.' || c.relname || ' ' || string_agg(t.attname, ',' ORDER BY t.attnum),
            a.grantee, a.privilege_type
        FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        CROSS JOIN LATERAL aclexplode(t.attacl) AS a
        WHERE n.nspname IN ('public', 'cortex', 'source') AND a.grantee <> c.relowner
        GROUP BY n.nspname, c.relname, a.grantee, a.privilege_type
        UNION ALL
        SELECT 'function ' || n.nspname || '.' || p.proname || '(' || oidvectortypes(p.proargtypes) || ')',
            a.grantee, a.privilege_type
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        CROSS JOIN LATERAL aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS a
        WHERE n.nspname IN ('public', 'cortex') AND a.grantee <> p.proowner
        UNION ALL
        SELECT 'database', a.grantee, a.privilege_type FROM pg_database d
        CROSS JOIN LATERAL aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) AS a
        WHERE d.datname = current_database() AND a.grantee <> d.datdba
        UNION ALL
        SELECT 'future tables in ' || n.nspname, a.grantee, a.privilege_type
        FROM pg_default_acl x JOIN pg_namespace n ON n.oid = x.defaclnamespace
        CROSS JOIN LATERAL aclexplode(x.defaclacl) AS a WHERE a.grantee <> x.defaclrole
    ),
    actual AS (
        SELECT coalesce(r.rolname, 'PUBLIC')::text AS grantee, object,
            string_agg(DISTINCT privilege_type, ',' ORDER BY privilege_type) AS privileges
        FROM acl LEFT JOIN pg_roles r ON r.oid = acl.grantee GROUP BY 1, 2
    ),
    committed (grantee, privileges, objects) AS (VALUES
        ('cortex_api', 'INSERT', ARRAY[
            'columns public.audit_logs event_key,event_type,agent_raw,agent_id,task_id_raw,task_id,asset_id_raw,asset_id,summary,details,severity,severity_raw,security_impact,compliance_tags,ip_address,user_agent,occurred_at,occurred_at_raw'
        ]),
        ('cortex_api', 'CONNECT', ARRAY[
            'database'
        ]),
        ('cortex_api', 'EXECUTE', ARRAY[
            'function cortex.task_records(text)',
            'function public.agent_utilization(text)', 'function public.cut_text(text, integer)',
            'function public.deleted_since(bigint)', 'function public.get_asset_lineage(text, text, integer)',
            'function public.get_task_hierarchy(text, integer)', 'function public.get_task_lineage(text, integer)',
            'function public.joined_texts(text[])', 'function public.safe_jsonb(json)',
            'function public.search_assets(text, text, text, text, text, integer, text)',
            'function public.search_document(text, text, text, text)', 'function public.sensitivity_rank(text)',
            'function public.short_texts(text[])'
        ]),
        ('cortex_api', 'USAGE', ARRAY[
            'schema cortex', 'schema extensions', 'schema public'
        ]),
        ('cortex_api', 'SELECT', ARRAY[
            'table cortex.audit_checkpoints', 'table cortex.cache_state', 'table cortex.change_feed',
            'table cortex.deleted_rows', 'table cortex.feed_batches', 'table cortex.relay_progress',
            'table cortex.schema_migrations',
            'table public.audit_logs', 'table public.event_types', 'view public.active_tasks_by_master',
            'view public.asset_catalog_summary', 'view public.recent_security_events',
            'view public.worker_efficiency'
        ]),
        ('cortex_api', 'DELETE,INSERT,SELECT,UPDATE', ARRAY[
            'table cortex.idempotency_keys', 'table public.agent_aliases', 'table public.agent_runs',
            'table public.agents', 'table public.api_keys', 'table public.asset_lineage', 'table public.assets',
            'table public.documents', 'table public.governance_policies', 'table public.policy_violations',
            'table public.task_handoffs', 'table public.task_lineage', 'table public.tasks',
            'table public.token_budget_history', 'table public.users'
        ]),
        ('cortex_api', 'INSERT,SELECT,UPDATE', ARRAY[
            'table cortex.run_steps', 'table cortex.runs'
        ]),
        ('cortex_api', 'SELECT,UPDATE', ARRAY[
            'table cortex.system_mode'
        ]),
        ('cortex_backup', 'CONNECT', ARRAY[
            'database'
        ]),
        ('cortex_backup', 'SELECT', ARRAY[
            'future tables in staging', 'sequence cortex.audit_checkpoints_checkpoint_id_seq',
            'sequence cortex.audit_pruned_pruned_id_seq', 'sequence cortex.change_feed_id_seq',
            'sequence public.audit_logs_id_seq', 'table cortex.audit_checkpoints', 'table cortex.audit_pruned',
            'table cortex.cache_state', 'table cortex.change_feed', 'table cortex.deleted_rows',
            'table cortex.feed_batches', 'table cortex.idempotency_keys', 'table cortex.relay_progress',
            'table cortex.run_steps',
            'table cortex.runs', 'table cortex.schema_migrations', 'table cortex.system_mode',
            'table public.agent_aliases', 'table public.agent_runs', 'table public.agents',
            'table public.api_keys', 'table public.asset_lineage', 'table public.assets',
            'table public.audit_logs', 'table public.documents', 'table public.event_types',
            'table public.governance_policies', 'table public.policy_violations', 'table public.task_handoffs',
            'table public.task_lineage', 'table public.tasks', 'table public.token_budget_history',
            'table public.users', 'table source.blob_chunks', 'table source.blobs', 'table source.files',
            'table source.findings', 'table source.imports', 'table source.records',
            'view public.active_tasks_by_master', 'view public.asset_catalog_summary',
            'view public.recent_security_events', 'view public.worker_efficiency'
        ]),
        ('cortex_backup', 'USAGE', ARRAY[
            'schema cortex', 'schema extensions', 'schema public', 'schema source', 'schema staging'
        ]),
        ('cortex_exporter', 'CONNECT', ARRAY[
            'database'
        ]),
        ('cortex_loader', 'TEMPORARY', ARRAY[
            'database'
        ]),
        ('cortex_loader', 'EXECUTE', ARRAY[
            'function public.cut_text(text, integer)', 'function public.joined_texts(text[])',
            'function public.safe_jsonb(json)', 'function public.search_document(text, text, text, text)',
            'function public.short_texts(text[])'
        ]),
        ('cortex_loader', 'SELECT', ARRAY[
            'future tables in staging', 'table cortex.deleted_rows', 'table cortex.system_mode',
            'table source.blob_chunks', 'table source.blobs', 'table source.files', 'table source.findings',
            'table source.imports', 'table source.records'
        ]),
        ('cortex_loader', 'USAGE', ARRAY[
            'schema cortex', 'schema public', 'schema source', 'schema staging',
            'sequence public.audit_logs_id_seq'
        ]),
        ('cortex_loader', 'INSERT', ARRAY[
            'table cortex.change_feed'
        ]),
        ('cortex_loader', 'DELETE,INSERT,SELECT,UPDATE', ARRAY[
            'table public.agent_aliases', 'table public.agent_runs', 'table public.agents',
            'table public.asset_lineage', 'table public.assets', 'table public.audit_logs',
            'table public.documents', 'table public.governance_policies', 'table public.policy_violations',
            'table public.task_handoffs', 'table public.task_lineage', 'table public.tasks',
            'table public.token_budget_history', 'table public.users'
        ]),
        ('cortex_owner', 'CONNECT', ARRAY[
            'database'
        ]),
        ('cortex_readonly', 'SELECT', ARRAY[
            'columns public.users user_id,username,email,full_name,role,is_active,created_at,created_at_raw,last_login_at,last_login_at_raw,metadata,version,imported_version,source_record_id',
            'table public.agent_aliases', 'table public.agent_runs', 'table public.agents',
            'table public.asset_lineage', 'table public.assets', 'table public.audit_logs',
            'table public.documents', 'table public.event_types', 'table public.governance_policies',
            'table public.policy_violations', 'table public.task_handoffs', 'table public.task_lineage',
            'table public.tasks', 'table public.token_budget_history', 'view public.active_tasks_by_master',
            'view public.asset_catalog_summary', 'view public.recent_security_events',
            'view public.worker_efficiency'
        ]),
        ('cortex_readonly', 'CONNECT', ARRAY[
            'database'
        ]),
        ('cortex_readonly', 'EXECUTE', ARRAY[
            'function public.agent_utilization(text)', 'function public.cut_text(text, integer)',
            'function public.get_asset_lineage(text, text, integer)',
            'function public.get_task_hierarchy(text, integer)', 'function public.get_task_lineage(text, integer)',
            'function public.joined_texts(text[])', 'function public.safe_jsonb(json)',
            'function public.search_assets(text, text, text, text, text, integer, text)',
            'function public.search_document(text, text, text, text)', 'function public.sensitivity_rank(text)',
            'function public.short_texts(text[])'
        ]),
        ('cortex_readonly', 'USAGE', ARRAY[
            'schema extensions', 'schema public'
        ]),
        ('cortex_relay', 'UPDATE', ARRAY[
            'columns public.audit_logs chain_seq,row_hash,chain_hash'
        ]),
        ('cortex_relay', 'CONNECT', ARRAY[
            'database'
        ]),
        ('cortex_relay', 'EXECUTE', ARRAY[
            'function public.archive_old_audit_logs(interval, integer)', 'function public.deleted_since(bigint)'
        ]),
        ('cortex_relay', 'USAGE', ARRAY[
            'schema cortex', 'schema public'
        ]),
        ('cortex_relay', 'INSERT,SELECT', ARRAY[
            'table cortex.audit_checkpoints'
        ]),
        ('cortex_relay', 'SELECT', ARRAY[
            'table cortex.audit_pruned', 'table cortex.deleted_rows', 'table cortex.system_mode',
            'table public.agent_aliases', 'table public.agent_runs', 'table public.agents',
            'table public.asset_lineage', 'table public.assets', 'table public.audit_logs',
            'table public.documents', 'table public.governance_policies', 'table public.policy_violations',
            'table public.task_handoffs', 'table public.task_lineage', 'table public.tasks',
            'table public.token_budget_history'
        ]),
        ('cortex_relay', 'INSERT,SELECT,UPDATE', ARRAY[
            'table cortex.cache_state', 'table cortex.relay_progress'
        ]),
        ('cortex_relay', 'DELETE,INSERT,SELECT', ARRAY[
            'table cortex.feed_batches'
        ]),
        ('cortex_relay', 'DELETE,SELECT', ARRAY[
            'table cortex.change_feed', 'table cortex.idempotency_keys'
        ])
    ),
    wanted AS (
        SELECT grantee, object, privileges FROM committed CROSS JOIN unnest(objects) AS object
    )
    SELECT string_agg(
        format('%s on %s: %s instead of %s', coalesce(a.grantee, w.grantee), coalesce(a.object, w.object),
            coalesce(a.privileges, 'nothing'), coalesce(w.privileges, 'nothing')),
        '; ' ORDER BY coalesce(a.grantee, w.grantee), coalesce(a.object, w.object)
    ) INTO differences
    FROM actual a FULL JOIN wanted w USING (grantee, object)
    WHERE a.privileges IS DISTINCT FROM w.privileges;
    IF differences IS NOT NULL THEN
        RAISE EXCEPTION 'grants differ from the committed list: %', differences;
    END IF;
    IF NOT (SELECT relrowsecurity FROM pg_class WHERE oid = 'public.assets'::regclass)
        OR (SELECT count(*) FROM pg_policy WHERE polrelid = 'public.assets'::regclass) <> 2
    THEN
        RAISE EXCEPTION 'row security of public.assets is not as it should be';
    END IF;
END
$$;

"""###,
down: ###"""
DROP FUNCTION cortex.task_records(text);
DROP TABLE cortex.feed_batches;

"""###
),
SchemaStep(
number: 14,
name: "million_rows",
up: ###"""
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

"""###,
verify: ###"""
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

"""###,
down: ###"""
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

DROP INDEX public.assets_name_folded;
DROP INDEX public.task_handoffs_unknown_task_id;
DROP INDEX public.agent_runs_unknown_task_id;
DROP INDEX public.agent_runs_unknown_agent_id;
DROP INDEX public.tasks_unknown_parent_task_id;
DROP INDEX public.tasks_unknown_master_agent_id;
DROP INDEX public.tasks_unknown_assigned_to;

"""###
),
]
}
