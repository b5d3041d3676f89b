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
