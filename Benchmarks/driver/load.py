"""wrk, and what it says."""

import json
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).resolve().parent.parent / "peers" / "random.lua"


def wrk(url, paths, seconds, connections, method="GET", body="", headers=()):
    """The figures of a run with one thread: requests a second, and latencies in milliseconds; all answers must be good."""
    done = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(SCRIPT), url, "--",
         str(paths), method, body, *headers],
        check=True, stdout=subprocess.PIPE, text=True,
    )
    figures = json.loads([line for line in done.stdout.splitlines() if line.startswith("{")][0])
    if figures["failed"] or figures["refused"] or not figures["requests"]:
        raise SystemExit(f"bench: not every request to {url} was answered well: {figures}")
    return {
        "per_second": figures["requests"] / (figures["microseconds"] / 1e6),
        "requests": figures["requests"],
        **{name: figures[name] / 1000 for name in ("p50", "p95", "p99")},
    }
