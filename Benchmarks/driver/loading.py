"""The tasks of one file into a table like `public.tasks`, against `psql \\copy` of the same rows, ready-made."""

import json
import subprocess
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor

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
        self.rows = int(self.load()["rows"])
        self.copy("TO")

    def round(self):
        """Each way once, ours and the peer in turns; seconds, without the start of the programs on both sides."""
        return {
            "ours_then_indexes": self.load_then_index(),
            "psql_indexed": self.fresh(indexed=True) and self.copy("FROM"),
            "ours_indexed": self.fresh(indexed=True) and self.load()["seconds"],
            "psql_bare": self.fresh(indexed=False) and self.copy("FROM"),
            "ours_bare": self.fresh(indexed=False) and self.load()["seconds"],
        }

    def fresh(self, indexed):
        self.make(indexed)
        self.server.settle()
        return True

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

    def load_then_index(self):
        """What a migration into an empty target does: the table without its secondary indexes, then those."""
        secondary = self.make(indexed=True)
        self.server.settle()
        dropping = self.server.timed(DATABASE, "DROP INDEX " + ", ".join(name for name, _ in secondary))
        loading = self.load()["seconds"]
        return dropping + loading + self.make_indexes([definition for _, definition in secondary])

    def make_indexes(self, definitions):
        """As the program does: two sessions, each takes the next one, those first that take longest."""
        waiting = deque(sorted(definitions, key=lambda text: " gin " not in text))

        def work(session):
            while True:
                try:
                    session.run(waiting.popleft())
                except IndexError:
                    return

        with self.server.session(DATABASE) as one, self.server.session(DATABASE) as other:
            for session in one, other:
                session.run("SET maintenance_work_mem = '256MB'")
            start = time.monotonic()
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(work, (one, other)))
            return time.monotonic() - start

    def load(self):
        done = subprocess.run(
            [self.measure, "load", str(self.file), self.path, self.server.url(DATABASE), "loaded"],
            check=True, stdout=subprocess.PIPE,
        )
        return json.loads(done.stdout)

    def copy(self, direction):
        return self.server.timed(DATABASE, f"\\copy loaded ({self.columns}) {direction} '{self.ready}'")
