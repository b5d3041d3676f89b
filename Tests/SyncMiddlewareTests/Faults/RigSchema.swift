import Domain

@testable import SyncMiddleware

/// The rig's own tables in the database under test: what happened, written by triggers in the same transactions.
enum RigSchema {
    /// The tables, the mode of a service that writes to PostgreSQL, and the rows, some KB each.
    static func script(keys: Int) -> String {
        """
        UPDATE cortex.system_mode SET mode = 'postgres', epoch = epoch + 1;
        INSERT INTO public.tasks (task_id, title, description)
        SELECT 'task-' || n, 'first-' || n, repeat('0123456789abcdef', 512) FROM generate_series(0, \(keys - 1)) n;
        CREATE SCHEMA rig;

        -- The body of a row as the middleware makes it, whatever the time zone of the session.
        CREATE FUNCTION rig.body(id text) RETURNS text LANGUAGE sql STABLE SET timezone = 'UTC'
        AS $$ SELECT \(DocumentQueries.body(of: .tasks, alias: "t")) FROM public.tasks t WHERE t.task_id = id $$;
        CREATE FUNCTION rig.digest(id text) RETURNS text LANGUAGE sql STABLE
        AS $$ SELECT encode(sha256(convert_to(rig.body(id), 'UTF8')), 'hex') $$;

        -- Every committed version of a row with its mark, and the marks that the worker without the middleware used. At the
        -- end of the transaction: a recreated row has its version only then.
        CREATE TABLE rig.ledger (
            key text, version bigint, mark text, is_deletion bool, digest text, PRIMARY KEY (key, version)
        );
        CREATE TABLE rig.claims (mark text PRIMARY KEY);
        CREATE TABLE rig.noise (n int);
        INSERT INTO rig.ledger SELECT task_id, version, title, false, rig.digest(task_id) FROM public.tasks;
        CREATE FUNCTION rig.note() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' THEN
                -- A removal has no title: its mark is the idempotency key, or what another program calls itself.
                INSERT INTO rig.ledger VALUES (
                    OLD.task_id, OLD.version + 1,
                    coalesce(
                        (SELECT k.key FROM cortex.idempotency_keys k WHERE k.xmin = pg_current_xact_id()::xid),
                        current_setting('cortex.principal', true), ''
                    ), true, NULL
                );
            ELSE
                INSERT INTO rig.ledger
                SELECT task_id, version, title, false, rig.digest(task_id) FROM public.tasks WHERE task_id = NEW.task_id
                ON CONFLICT DO NOTHING;
            END IF;
            RETURN NULL;
        END $$;
        CREATE CONSTRAINT TRIGGER rig AFTER INSERT OR UPDATE OR DELETE ON public.tasks DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION rig.note();

        -- What each step of the relay's position passes, from its first position on.
        CREATE TABLE rig.passed (place bigserial, id bigint, step bigint);
        CREATE TABLE rig.numbered (step bigserial, count bigint);
        CREATE FUNCTION rig.pass() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            this bigint;
        BEGIN
            INSERT INTO rig.numbered (count) VALUES (NEW.seq - OLD.seq) RETURNING step INTO this;
            INSERT INTO rig.passed (id, step)
            SELECT f.id, this FROM cortex.change_feed f
            WHERE f.xid >= pg_snapshot_xmin(OLD.position)
                AND NOT pg_visible_in_snapshot(f.xid, OLD.position) AND pg_visible_in_snapshot(f.xid, NEW.position)
            ORDER BY f.id;
            RETURN NULL;
        END $$;
        CREATE TRIGGER rig AFTER UPDATE ON cortex.relay_progress FOR EACH ROW
        WHEN (OLD.position IS NOT NULL AND OLD.timeline = NEW.timeline
            AND OLD.position::text IS DISTINCT FROM NEW.position::text)
        EXECUTE FUNCTION rig.pass();
        -- Where the relay begins: what is visible there is not passed.
        CREATE TABLE rig.beginning (position pg_snapshot);
        CREATE FUNCTION rig.begin() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            DELETE FROM rig.beginning;
            INSERT INTO rig.beginning VALUES (NEW.position);
            RETURN NULL;
        END $$;
        CREATE TRIGGER rig_begin AFTER UPDATE ON cortex.relay_progress FOR EACH ROW
        WHEN (OLD.timeline <> NEW.timeline) EXECUTE FUNCTION rig.begin();
        """
    }
}
