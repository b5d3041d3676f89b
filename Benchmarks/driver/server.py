"""An embedded PostgreSQL in a temporary home, by the program's own means."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


class Session:
    """A psql that is given statements through a pipe."""

    DONE = "statement done"

    def __init__(self, url):
        self.process = subprocess.Popen(
            ["psql", "-qXAt", "-v", "ON_ERROR_STOP=1", url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def run(self, statement):
        """Runs a statement and waits for its end."""
        self.process.stdin.write(f"{statement};\n\\echo {self.DONE}\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line.strip() == self.DONE:
                return
        raise SystemExit(f"bench: psql refused {statement}")


class Server:
    def __init__(self, cortex, home):
        self.cortex = str(cortex)
        self.environment = dict(os.environ, CORTEX_HOME=str(home))

    def __enter__(self):
        self.run("up", "--quiet")
        postgres = json.loads(self.run("status", "--output", "json"))["postgres"]
        self.owner, self.superuser, self.version = postgres["url"], postgres["superuser_url"], postgres["version"]
        return self

    def __exit__(self, *_):
        self.run("down", "--purge", "--yes", "--quiet", checks=False)

    def run(self, *arguments, checks=True):
        return subprocess.run(
            [self.cortex, *arguments], env=self.environment, check=checks, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ).stdout

    def url(self, database):
        return re.sub(r"/cortex\?", f"/{database}?", self.owner)

    def sql(self, database, *statements):
        """Runs statements one by one and gives the lines that they print."""
        command = ["psql", "-qXAt", "-v", "ON_ERROR_STOP=1", self.url(database), "-c", "SET client_min_messages = error"]
        for statement in statements:
            command += ["-c", statement]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()

    def timed(self, database, *statements):
        """Runs statements and gives the seconds that psql says they took."""
        lines = self.sql(database, "\\timing on", *statements)
        times = [re.match(r"Time: ([\d.]+) ms", line) for line in lines]
        return sum(float(time.group(1)) for time in times if time) / 1000

    def session(self, database):
        """A psql that stays, for statements one by one."""
        return Session(self.url(database))

    def settle(self):
        """Writes out what is dirty, so that one measurement does not pay for the one before."""
        subprocess.run(["psql", "-qX", self.superuser, "-c", "CHECKPOINT"], check=True)

    def make_database(self, database):
        self.sql("cortex", f"DROP DATABASE IF EXISTS {database} WITH (FORCE)", f"CREATE DATABASE {database}")

    def migrate(self, tree, database, keeps=False):
        """A whole `cortex migrate` with what it cost; into an empty database unless `keeps`."""
        if not keeps:
            self.make_database(database)
        self.settle()
        start = time.monotonic()
        process = subprocess.Popen(
            [self.cortex, "migrate", "--source", str(tree), "--target", self.url(database), "--no-cutover", "--yes",
             "--progress", "none", "--output", "json"],
            env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )
        summary = json.loads(process.stdout.read())
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise SystemExit(f"bench: cortex migrate of {tree} ended with {process.returncode}: {summary}")
        report = json.loads(Path(re.sub(r"\.md$", ".json", summary["report"])).read_text())
        phases = {}
        for timing in report["timings"]:
            phases[timing["phase"]] = phases.get(timing["phase"], 0) + timing["seconds"]
        return {
            "seconds": seconds,
            "cpu_seconds": usage.ru_utime + usage.ru_stime,
            "peak_mib": usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10),
            "records": sum(line["read"] for line in report["ledger"]),
            "phases": phases,
            "load_average": os.getloadavg()[0],
        }
