-- Keys that belong to no user: those of programs, and the first administrator's. No row in users is invented for them.

ALTER TABLE public.api_keys ALTER COLUMN user_id DROP NOT NULL;
COMMENT ON COLUMN public.api_keys.user_id IS 'Whose key it is; it is not valid while that user is disabled. NULL: a program''s, or the first administrator''s.';
COMMENT ON COLUMN public.api_keys.scopes IS 'What its holder may do: read, write, admin (which includes the others).';
ALTER TABLE public.api_keys ADD CONSTRAINT api_keys_scopes
    CHECK (scopes <@ ARRAY['read', 'write', 'admin'] AND array_position(scopes, NULL) IS NULL);
