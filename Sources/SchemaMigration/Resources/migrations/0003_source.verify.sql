DO $$
DECLARE
    missing text;
BEGIN
    SELECT string_agg(name, ', ') INTO missing
    FROM unnest(ARRAY[
        'imports', 'blobs', 'blob_chunks', 'files', 'records', 'findings', 'files_path', 'files_import_id',
        'files_container', 'files_sha256', 'records_file_id', 'records_natural_id', 'findings_rule',
        'findings_file_id', 'findings_record_id'
    ]) AS name
    WHERE to_regclass('source.' || name) IS NULL;
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'tables or indexes are missing in schema source: %', missing;
    END IF;
    IF to_regnamespace('staging') IS NULL THEN
        RAISE EXCEPTION 'schema staging is missing';
    END IF;
END
$$;
