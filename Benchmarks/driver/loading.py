"""The tasks of one file into a table like `public.tasks`, against `psql \\copy` of the same rows, ready-made."""

import json
import subprocess
import time

DATABASE = "bench_loading"


class Loading:
    def __init__(self, server, measure, file, path, work):
        self.server, self.measure, self.file, self.path = server, str(measure), file, path
        self.ready = work / "rows.copy"
        server.make_database(DATABASE)
        server.run("schema", "up", "--target", server.url(DATABASE))
        self.columns = ", ".join(server.sql(
            DATABASE,
            "SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = 'public.tasks'::regclass "
            "AND attnum > 0 AND attgenerated = '' ORDER BY attnum",
        ))
        self.make(indexed=False)
        self.rows = self.load()
        self.copy("TO")

    def round(self):
        """Each way once, ours and the peer in turns; seconds."""
        return {
            "ours_then_indexes": self.timed(self.load_then_index, self.make(indexed=True)),
            "psql_indexed": self.timed(self.copy, "FROM", indexed=True),
            "ours_indexed": self.timed(self.load, indexed=True),
            "psql_bare": self.timed(self.copy, "FROM", indexed=False),
            "ours_bare": self.timed(self.load, indexed=False),
        }

    def timed(self, action, *arguments, indexed=None):
        if indexed is not None:
            self.make(indexed)
        self.server.settle()
        start = time.monotonic()
        action(*arguments)
        return time.monotonic() - start

    def make(self, indexed):
        """Makes the table anew, empty, with all the indexes of `public.tasks` or none; gives the secondary ones."""
        self.server.sql(
            DATABASE,
            "DROP TABLE IF EXISTS loaded",
            "CREATE TABLE loaded (LIKE public.tasks INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED"
            + (" INCLUDING INDEXES)" if indexed else ")"),
        )
        return [line.split("\t") for line in self.server.sql(
            DATABASE,
            "SELECT indexrelid::regclass || E'\\t' || pg_get_indexdef(indexrelid) FROM pg_index "
            "WHERE indrelid = 'loaded'::regclass AND NOT indisunique ORDER BY indexrelid",
        )]

    def load_then_index(self, secondary):
        """What a migration into an empty target does: the table without its secondary indexes, then those."""
        self.server.sql(DATABASE, *[f"DROP INDEX {name}" for name, _ in secondary])
        self.load()
        definitions = [definition for _, definition in secondary]
        self.server.sql(DATABASE, "SET maintenance_work_mem = '256MB'", *definitions)

    def load(self):
        done = subprocess.run(
            [self.measure, "load", str(self.file), self.path, self.server.url(DATABASE), "loaded"],
            check=True, stdout=subprocess.PIPE,
        )
        return int(json.loads(done.stdout)["rows"])

    def copy(self, direction):
        self.server.sql(DATABASE, f"\\copy loaded ({self.columns}) {direction} '{self.ready}'")
