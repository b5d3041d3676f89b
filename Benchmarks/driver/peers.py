"""The peers of the service: nginx with a constant, nginx with Lua and Redis, Express with Redis. All from Debian packages."""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

PEERS = Path(__file__).resolve().parent.parent / "peers"
MODULES = Path("/usr/lib/nginx/modules")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(port, process, seconds=20):
    """Waits until somebody listens."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise SystemExit(f"bench: {process.args[0]} ended with {process.returncode} before it listened")
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit(f"bench: {process.args[0]} did not listen on {port} within {seconds} s")


def tree_of(pid):
    """A process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid] + [each for child in children for each in tree_of(int(child))]


def processor_seconds(pid):
    """What a process and its children have used, in the program and in the kernel."""
    total = 0
    for each in tree_of(pid):
        fields = Path(f"/proc/{each}/stat").read_text().rsplit(") ", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


class Peers:
    """Redis with the documents and the three peers, for as long as the block runs."""

    def __init__(self, folder, documents):
        self.folder, self.documents = Path(folder), documents
        self.processes = []
        self.pids = {}

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self):
        redis, constant, lua, express = (free_port() for _ in range(4))
        self.run(["redis-server", "--port", str(redis), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
                  "--dir", str(self.folder)], redis)
        self.fill(redis)
        # A body of the median size stands for the constant; in single quotes, dollars would be variables.
        bodies = sorted(self.documents.values(), key=len)
        body = "x" * len(bodies[len(bodies) // 2].encode())
        text = (PEERS / "nginx.conf").read_text()
        for name, value in {
            "modules": MODULES, "folder": self.folder, "constant": constant, "lua": lua, "redis": redis, "body": body,
            "user": "user root;" if os.getuid() == 0 else "",
        }.items():
            text = text.replace(f"@{name}@", str(value))
        configuration = self.folder / "nginx.conf"
        configuration.write_text(text)
        nginx = self.run(["nginx", "-c", str(configuration), "-e", str(self.folder / "error.log")], constant)
        wait_for(lua, nginx)
        node = self.run(["node", str(PEERS / "express.js"), str(express), str(redis)], express,
                        NODE_PATH="/usr/share/nodejs", NODE_ENV="production")
        self.pids = {"constant": nginx.pid, "lua": nginx.pid, "express": node.pid}
        self.urls = {name: f"http://127.0.0.1:{port}" for name, port in
                     [("constant", constant), ("lua", lua), ("express", express)]}

    def run(self, command, port, **environment):
        program = shutil.which(command[0]) or shutil.which(command[0], path="/usr/sbin")
        if program is None:
            raise SystemExit(f"bench: {command[0]} is missing: scripts/setup --bench installs the peers")
        process = subprocess.Popen([program, *command[1:]], env=dict(os.environ, **environment),
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.processes.append(process)
        wait_for(port, process)
        return process

    def fill(self, port):
        with socket.create_connection(("127.0.0.1", port)) as client:
            commands = bytearray()
            for key, body in self.documents.items():
                parts = [b"SET", key.encode(), body.encode()]
                commands += b"*3\r\n" + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
            client.sendall(commands)
            wanted, seen = len(self.documents) * len(b"+OK\r\n"), 0
            while seen < wanted:
                seen += len(client.recv(1 << 16))

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            process.wait()
