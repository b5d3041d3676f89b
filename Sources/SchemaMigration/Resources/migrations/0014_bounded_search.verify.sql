DO $$
BEGIN
    IF to_regclass('public.assets_name_folded') IS NULL THEN
        RAISE EXCEPTION 'index assets_name_folded is missing in schema public';
    END IF;
    PERFORM FROM public.search_assets('verify');
END
$$;
