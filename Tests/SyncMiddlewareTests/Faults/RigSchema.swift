/// The rig's own tables in the database under test: what happened, written by triggers in the same transactions.
enum RigSchema {
    /// The tables, the mode of a service that writes to PostgreSQL, and the rows, some KB each.
    static func script(keys: Int) -> String {
        """
        UPDATE cortex.system_mode SET mode = 'postgres', epoch = epoch + 1;
        INSERT INTO public.tasks (task_id, title, description)
        SELECT 'task-' || n, 'first-' || n, repeat('0123456789abcdef', 512) FROM generate_series(0, \(keys - 1)) n;
        CREATE SCHEMA rig;

        -- Every committed version of a row with its mark, and the marks that the worker without the middleware used.
        CREATE TABLE rig.ledger (key text, version bigint, mark text, PRIMARY KEY (key, version));
        CREATE TABLE rig.claims (mark text PRIMARY KEY);
        CREATE TABLE rig.noise (n int);
        INSERT INTO rig.ledger SELECT task_id, version, title FROM public.tasks;
        CREATE FUNCTION rig.note() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO rig.ledger VALUES (NEW.task_id, NEW.version, NEW.title);
            RETURN NULL;
        END $$;
        CREATE TRIGGER rig AFTER INSERT OR UPDATE ON public.tasks FOR EACH ROW EXECUTE FUNCTION rig.note();

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
