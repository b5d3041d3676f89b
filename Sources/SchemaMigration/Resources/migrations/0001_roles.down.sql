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
