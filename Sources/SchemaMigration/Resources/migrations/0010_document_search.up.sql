-- Parts of ids and titles of documents. Words are found by documents_search (0005); a part of an id is no word, and ids
-- are what people of another team's tree have at hand.

CREATE INDEX documents_id_trigrams ON public.documents USING gin (id extensions.gin_trgm_ops);
CREATE INDEX documents_title_trigrams ON public.documents USING gin (left(title, 4096) extensions.gin_trgm_ops);
