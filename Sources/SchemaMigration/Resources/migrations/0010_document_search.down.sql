DROP INDEX public.documents_title_trigrams;
DROP INDEX public.documents_id_trigrams;
