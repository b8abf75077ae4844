"""A real head of a Ray cluster on loopback, behind a token, as `ray start --head` starts it; ended with its workers."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from ferray.cluster.head import Head
from ferray.errors import ClusterError

STARTS_WITHIN_S = 600


@dataclass(frozen=True)
class RealHead:
    """Where it answers, the token it asks for, and its process."""

    head: Head
    process: psutil.Process

    def processes(self) -> list[psutil.Process]:
        """All of the cluster's, drivers of jobs included."""
        return [self.process, *self.process.children(recursive=True)]

    def folders(self) -> dict[str, str]:
        """The working folder of each process by its command line; those that end meanwhile are passed over."""
        found = {}
        for process in self.processes():
            with suppress(psutil.Error):
                found[" ".join(process.cmdline())] = process.cwd()
        return found


@contextmanager
def real_head(num_cpus: int, **environment: str) -> Iterator[RealHead]:
    """The head, with more in its environment; its temporary files lie in a folder with a short path."""
    folder = Path(tempfile.mkdtemp(prefix="head-", dir="/tmp"))
    token = secrets.token_hex(32)
    dashboard, *ports = free_ports(4)
    options = [f"--num-cpus={num_cpus}", f"--temp-dir={folder}/r", "--dashboard-host=127.0.0.1"]
    options += [f"--dashboard-port={dashboard}", f"--port={ports[0]}", f"--dashboard-agent-listen-port={ports[1]}"]
    options += [
        f"--ray-client-server-port={ports[2]}",
        "--node-ip-address=127.0.0.1",
        "--object-store-memory=100000000",
    ]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    own = {"HOME": str(folder), "PATH": path, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token}
    own |= {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_USAGE_STATS_ENABLED": "0"}  # the first: loopback alone
    command = [sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block", *options]
    with (folder / "said").open("w") as said:
        started = subprocess.Popen(command, env={**os.environ, **own, **environment}, stdout=said, stderr=said)
    running = RealHead(Head(f"http://127.0.0.1:{dashboard}", token), psutil.Process(started.pid))
    try:
        _wait_for(running, folder)
        yield running
    finally:
        for process in reversed(running.processes()):
            with suppress(psutil.NoSuchProcess):
                process.kill()
        started.wait()
        shutil.rmtree(folder, ignore_errors=True)


def free_ports(count: int) -> list[int]:
    """So many ports of the loopback that nobody listens on now."""
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


def _wait_for(running: RealHead, folder: Path) -> None:
    until = time.monotonic() + STARTS_WITHIN_S
    while running.process.is_running() and time.monotonic() < until:
        try:
            running.head.get("/api/jobs/")
            return
        except ClusterError:
            time.sleep(0.2)
    raise AssertionError(f"no head: {(folder / 'said').read_text()}")
