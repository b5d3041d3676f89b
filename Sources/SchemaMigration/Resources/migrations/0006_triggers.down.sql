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
