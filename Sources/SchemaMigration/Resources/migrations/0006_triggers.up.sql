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
