-- Schema source: what was there, byte for byte. Schema staging: what a load has read and not yet resolved.
--
-- Keys that files choose (paths, natural ids) have no length limit, and a B-tree refuses entries over 2,704 bytes. Paths
-- have a hash index; natural ids, of which a hostile tree may repeat one a million times, an SP-GiST index: a hash index
-- takes quadratic time for equal values. Foreign keys exist only where a check finds its row in cache: records to files,
-- files to imports. Contents are loaded before their files in other chunks, findings by the million; a check there
-- costs a look-up per row and finds nothing that verification does not.

CREATE SCHEMA source;
COMMENT ON SCHEMA source IS 'What was in the tree: every entry, byte and record. Not readable by the service or by cortex_readonly.';

CREATE TABLE source.imports (
    import_id bigint PRIMARY KEY,
    root text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    tool_version text,
    status text,
    totals jsonb NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE source.imports IS 'Imports of trees; an interrupted one is continued under its number.';
COMMENT ON COLUMN source.imports.root IS 'The tree: an absolute path or a redis URL without its password.';

CREATE TABLE source.blobs (
    sha256 bytea PRIMARY KEY,
    size bigint NOT NULL
);
COMMENT ON TABLE source.blobs IS 'Contents of files, each once.';

CREATE TABLE source.blob_chunks (
    sha256 bytea NOT NULL,
    ordinal int NOT NULL,
    bytes bytea NOT NULL,
    PRIMARY KEY (sha256, ordinal)
);
COMMENT ON TABLE source.blob_chunks IS 'The bytes of a content in pieces of at most 256 KiB, numbered from 0: one large value can be neither dumped nor read in bounded memory.';

CREATE TABLE source.files (
    file_id uuid PRIMARY KEY,
    import_id bigint NOT NULL REFERENCES source.imports DEFERRABLE INITIALLY DEFERRED,
    retired_by bigint,
    entry_type text NOT NULL CONSTRAINT files_entry_type
        CHECK (entry_type IN ('file', 'dir', 'link', 'fifo', 'socket', 'device', 'unreadable')),
    path bytea NOT NULL,
    path_text text NOT NULL,
    link_target bytea,
    container_file_id uuid,
    member_path bytea,
    sha256 bytea,
    size bigint,
    mtime_ns bigint,
    mode int,
    parse_state text CONSTRAINT files_parse_state
        CHECK (parse_state IN ('value', 'values', 'whitespace', 'empty', 'invalid', 'not_json')),
    parse_error text,
    parse_offset bigint,
    parse_line bigint,
    parse_column bigint,
    rule text,
    generation bigint NOT NULL DEFAULT 1
);
COMMENT ON TABLE source.files IS 'Every entry of the tree and every member of an archive in it.';
COMMENT ON COLUMN source.files.import_id IS 'The import that first met the entry with these bytes.';
COMMENT ON COLUMN source.files.retired_by IS 'The import that no longer found the entry; NULL while it is in the tree.';
COMMENT ON COLUMN source.files.path IS 'The path as the file system has it, relative to the root: any byte but NUL.';
COMMENT ON COLUMN source.files.path_text IS 'The path for people: odd bytes escaped, a member after an exclamation mark.';
COMMENT ON COLUMN source.files.container_file_id IS 'The archive that the entry is a member of.';
COMMENT ON COLUMN source.files.sha256 IS 'Of the content: of stored bytes for entries of the tree, of expanded bytes for members.';
COMMENT ON COLUMN source.files.mtime_ns IS 'Modification time, nanoseconds since 1970.';
COMMENT ON COLUMN source.files.rule IS 'The mapping rule that took the file.';
CREATE INDEX files_path ON source.files USING hash (path) WHERE container_file_id IS NULL;
CREATE INDEX files_import_id ON source.files (import_id);
CREATE INDEX files_container ON source.files (container_file_id) WHERE container_file_id IS NOT NULL;
CREATE INDEX files_sha256 ON source.files (sha256) WHERE sha256 IS NOT NULL;

CREATE TABLE source.records (
    record_id uuid PRIMARY KEY,
    file_id uuid NOT NULL REFERENCES source.files DEFERRABLE INITIALLY DEFERRED,
    json_pointer text,
    ordinal bigint,
    byte_start bigint,
    byte_end bigint,
    kind text NOT NULL,
    natural_id text,
    doc jsonb,
    doc_reason text,
    sha256 bytea,
    source_rank int,
    newest_at timestamptz,
    resolution text NOT NULL CONSTRAINT records_resolution
        CHECK (resolution IN ('by_natural_id', 'each', 'each_distinct')),
    outcome text CONSTRAINT records_outcome
        CHECK (outcome IN ('resolved', 'superseded', 'quarantined', 'not_a_record')),
    reason text,
    superseded_by uuid
);
COMMENT ON TABLE source.records IS 'Every record of every file, duplicates and broken ones included. The exact text is the span of the file''s bytes.';
COMMENT ON COLUMN source.records.json_pointer IS 'RFC 6901, inside the top-level value; empty for the value itself.';
COMMENT ON COLUMN source.records.ordinal IS 'Which top-level value of the file, from 0.';
COMMENT ON COLUMN source.records.byte_end IS 'One past the last byte.';
COMMENT ON COLUMN source.records.doc IS 'The record as jsonb, for searching; NULL where jsonb cannot hold it, with doc_reason.';
COMMENT ON COLUMN source.records.sha256 IS 'Of the canonical form: equal records have equal hashes however they are written.';
COMMENT ON COLUMN source.records.source_rank IS 'Rank of the source, the best first: live file, backup, archive, embedded copy.';
COMMENT ON COLUMN source.records.newest_at IS 'The newest time in the record.';
COMMENT ON COLUMN source.records.resolution IS 'How conflicts are decided: by_natural_id one record wins; each stands for itself; each_distinct stands once per content.';
COMMENT ON COLUMN source.records.superseded_by IS 'The record that won.';
CREATE INDEX records_file_id ON source.records (file_id);
CREATE INDEX records_natural_id ON source.records USING spgist (natural_id) WHERE natural_id IS NOT NULL;

CREATE TABLE source.findings (
    finding_id uuid PRIMARY KEY,
    file_id uuid,
    record_id uuid,
    rule text NOT NULL,
    severity text NOT NULL,
    message text NOT NULL,
    pointer text,
    byte_offset bigint,
    line bigint,
    column_number bigint,
    proposal text
);
COMMENT ON TABLE source.findings IS 'What is odd about the data, where, and what would mend it.';
COMMENT ON COLUMN source.findings.rule IS 'The check that found it.';
COMMENT ON COLUMN source.findings.column_number IS 'Bytes from the start of the line, from 1.';
COMMENT ON COLUMN source.findings.proposal IS 'A repair as a byte patch; stored bytes are never changed.';
CREATE INDEX findings_rule ON source.findings (rule);
CREATE INDEX findings_file_id ON source.findings (file_id);
CREATE INDEX findings_record_id ON source.findings (record_id) WHERE record_id IS NOT NULL;

CREATE SCHEMA staging;
COMMENT ON SCHEMA staging IS 'Unlogged tables of a running load, made and dropped by it; empty otherwise.';
