"""`cortex serve` over an embedded stack, and requests to it."""

import http.client
import json
import os
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import quote, urlsplit

from peers import free_port, processor_seconds


def busy_share(seconds):
    """The share of all processors' time that was not idle during so many seconds."""
    def times():
        fields = [int(each) for each in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
        return sum(fields), fields[3] + fields[4]
    before = times()
    time.sleep(seconds)
    after = times()
    return 1 - (after[1] - before[1]) / max(after[0] - before[0], 1)


class Service:
    """One instance, for as long as the block runs; `settings` are environment variables of its own."""

    def __init__(self, server, home, **settings):
        self.server, self.home, self.settings = server, Path(home), settings

    def __enter__(self):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        start = time.monotonic()
        self.process = subprocess.Popen(
            [self.server.cortex, "serve", "--port", str(self.port), "--quiet"],
            env=dict(self.server.environment, CORTEX_KEY_RATE="0", **self.settings), stdout=subprocess.DEVNULL,
        )
        while not self.is_ready():
            if self.process.poll() is not None:
                raise SystemExit(f"bench: cortex serve ended with {self.process.returncode}")
            if time.monotonic() > start + 60:
                raise SystemExit("bench: cortex serve was not ready within 60 s")
            time.sleep(0.005)
        self.start_seconds = time.monotonic() - start
        self.key = (self.home / "secrets" / "admin.key").read_text().strip()
        self.authorization = f"Authorization: Bearer {self.key}"
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)

    def is_ready(self):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False

    def settle(self):
        """Waits until what follows an import is done: the published view is made, which takes all cores."""
        for _ in range(90):
            if busy_share(2) < 0.2:
                return
        raise SystemExit("bench: the machine is not quiet three minutes after the service was started")

    def open(self):
        """A connection that is kept."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def ask(self, connection, path, method="GET", body=None, **headers):
        """An answer that has to be good: its body and its headers."""
        name, value = self.authorization.split(": ", 1)
        connection.request(method, path, body, {name: value, **headers})
        answer = connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise SystemExit(f"bench: {method} {path} was answered with {answer.status}: {text[:300]}")
        return text, answer.headers

    def ids(self, kind, id_field, count):
        """The first ids of a kind."""
        connection, path, found = self.open(), f"/api/{kind}?limit=500", []
        while path and len(found) < count:
            text, headers = self.ask(connection, path)
            found += [document[id_field] for document in json.loads(text)[kind]]
            links = [link for link in (headers["Link"] or "").split(",") if 'rel="next"' in link]
            target = urlsplit(links[0].split(">")[0].split("<")[1]) if links else None
            path = f"{target.path}?{target.query}" if target else None
        return found[:count]

    def latencies(self, paths, method="GET", body=None, **headers):
        """Milliseconds of each request, one after the other on one connection."""
        connection, times = self.open(), []
        for path in paths:
            start = time.perf_counter()
            self.ask(connection, path, method, body, **headers)
            times.append((time.perf_counter() - start) * 1000)
        return times

    def processor_seconds(self):
        return processor_seconds(self.process.pid)

    def resident_mib(self):
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        return 0.0


def path_of(kind, document_id):
    return f"/api/{kind}/{quote(document_id, safe='')}"


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))]
