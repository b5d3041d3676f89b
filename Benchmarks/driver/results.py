"""The printed table, and the file of raw figures."""

import datetime
import json
import os
import platform
import statistics
import subprocess
from pathlib import Path


class Table:
    def __init__(self):
        self.rows = []

    def add(self, work, figures, unit, floor, goal, less_is_better=False):
        """A row: the median of figures against a floor and a goal."""
        figure = statistics.median(figures)

        def meets(limit):
            return figure <= limit if less_is_better else figure >= limit

        verdict = "goal met" if meets(goal) else "floor met" if meets(floor) else "NOT MET"
        self.rows.append({"work": work, "figure": figure, "figures": figures, "unit": unit, "floor": floor,
                          "goal": goal, "verdict": verdict})

    def text(self):
        lines = [f"{'work':<56}{'figure':>9}{'floor':>8}{'goal':>8}  verdict"]
        for row in self.rows:
            spread = f" ({min(row['figures']):.2f} to {max(row['figures']):.2f})" if len(row["figures"]) > 1 else ""
            lines.append(f"{row['work']:<56}{row['figure']:>9.2f}{row['floor']:>8.4g}{row['goal']:>8.4g}  "
                         f"{row['verdict']:<10}{row['unit']}{spread}")
        return "\n".join(lines)


def machine():
    """What the figures were measured on."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = names[0] if names else model
    swift = subprocess.run(["swift", "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "memory_mib": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20,
        "system": f"{platform.system()} {platform.release()}",
        "swift": swift.stdout.splitlines()[0] if swift.stdout else "unknown",
        "load_average_at_start": os.getloadavg()[0],
    }


def write(folder, table, raw, name="loading"):
    """Keeps the raw figures and the table; gives the file."""
    now = datetime.datetime.now(datetime.timezone.utc)
    folder.mkdir(exist_ok=True)
    file = folder / f"{name}-{now:%Y%m%d-%H%M%S}.json"
    result = {"date": now.isoformat(timespec="seconds"), **raw, "table": table.rows,
              "load_average_at_end": os.getloadavg()[0]}
    file.write_text(json.dumps(result, indent=1) + "\n")
    return file
