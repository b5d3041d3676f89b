"""The trees that are migrated: made-up ones of a size, an empty one, one large file, and the real one."""

import json
import os
import subprocess
from pathlib import Path


class Trees:
    def __init__(self, cortex, work):
        self.cortex, self.work = str(cortex), work

    def generated(self, tasks):
        """The tree of `cortex example-tree` with so many tasks."""
        tree = self.work / f"tree-{tasks}"
        if not tree.exists():
            subprocess.run(
                [self.cortex, "example-tree", "--tasks", str(tasks), "--seed", "1", "--to", str(tree), "--quiet"],
                check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )
        return tree

    def empty(self):
        tree = self.work / "empty"
        (tree / "coordination").mkdir(parents=True)
        return tree

    def many_files(self, count):
        """So many files of one record each."""
        tree = self.work / "many"
        for number in range(count):
            folder = tree / "coordination/worker-specs/completed" / str(number // 500)
            if number % 500 == 0:
                folder.mkdir(parents=True)
            spec = {"worker_id": f"worker-{number}", "worker_type": "scan-worker", "status": "completed",
                    "task_id": f"task-{number}", "created_at": "2025-11-01T10:00:00Z"}
            (folder / f"worker-{number}.json").write_text(json.dumps(spec, indent=2))
        return tree

    def large_file(self, size):
        """One file of at least so many bytes: an event a line."""
        tree = self.work / "large"
        folder = tree / "coordination/events"
        folder.mkdir(parents=True)
        written, number = 0, 0
        with open(folder / "events.jsonl", "w", encoding="utf-8") as file:
            while written < size:
                number += 1
                event = {"event_id": f"event-{number}", "event_type": "task.updated", "timestamp": "2025-11-01T10:00:00Z",
                         "actor": "worker-1", "details": {"text": "x" * 4_000, "number": number}}
                written += file.write(json.dumps(event) + "\n")
        return tree

    @staticmethod
    def real():
        """The real tree among the shared fixtures, looked for as the tests do; else the example project."""
        top = Path(__file__).resolve().parents[2]
        roots = [Path(os.environ["CORTEX_SHARED"])] if "CORTEX_SHARED" in os.environ else []
        for root in roots + [parent / "shared" for parent in top.parents]:
            tree = root / "fixtures/cortex-tree"
            if tree.exists():
                return tree
        return top / "examples/coordination-project"

    @staticmethod
    def measure(program, *arguments):
        """The figures of one measurement in process."""
        done = subprocess.run([str(program), *map(str, arguments)], check=True, stdout=subprocess.PIPE)
        return json.loads(done.stdout)
