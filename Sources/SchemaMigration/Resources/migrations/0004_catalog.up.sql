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
