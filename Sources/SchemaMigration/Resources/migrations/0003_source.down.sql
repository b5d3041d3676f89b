DROP SCHEMA staging CASCADE;
DROP TABLE source.findings;
DROP TABLE source.records;
DROP TABLE source.files;
DROP TABLE source.blob_chunks;
DROP TABLE source.blobs;
DROP TABLE source.imports;
DROP SCHEMA source;
