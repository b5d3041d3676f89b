-- A key without a user has no place in the schema before: it is not valid any more.
ALTER TABLE public.api_keys DROP CONSTRAINT api_keys_scopes;
DELETE FROM public.api_keys WHERE user_id IS NULL;
ALTER TABLE public.api_keys ALTER COLUMN user_id SET NOT NULL;
COMMENT ON COLUMN public.api_keys.user_id IS NULL;
COMMENT ON COLUMN public.api_keys.scopes IS NULL;
