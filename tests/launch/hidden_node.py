"""A Ray cluster whose head trains nothing and whose other node does not see the head's folder of sweeps."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ferray.system.environment import with_variables

START_WITHIN_S = 600.0


def why_not() -> str:
    """Why this machine cannot hide a folder from a process; "" where it can."""
    if shutil.which("unshare") is None:
        return "there is no `unshare`"
    tried = subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False)
    return "" if tried.returncode == 0 else "hiding a folder from a node takes root"


@contextmanager
def cluster_that_hides(folder: Path, scratch: Path) -> Iterator[str]:
    """The address of its head; `scratch` is a short path for Ray's own files.

    Processes of the node have it in their command lines. A token is wanted, which the environment holds meanwhile.
    """
    port = _free_port()
    head = ["--head", f"--port={port}", "--num-cpus=0", "--include-dashboard=false", f"--temp-dir={scratch}"]
    node = [f"--address=127.0.0.1:{port}", "--num-cpus=1"]
    hidden = f'mount -t tmpfs none "{folder}" && exec "$@"'
    with _token(), _started([], head), _started(["unshare", "--mount", "sh", "-c", hidden, "sh"], node):
        yield f"127.0.0.1:{port}"


@contextmanager
def _token() -> Iterator[None]:
    from ferray.launch._clusters import read_token_anew

    try:
        with with_variables({"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}):
            yield
    finally:
        read_token_anew()  # or the next cluster of this process meets a driver that wants this one's token


@contextmanager
def _started(around: list[str], options: list[str]) -> Iterator[None]:
    """A node of Ray's. It is there when it says how it is stopped."""
    ray = [sys.executable, "-c", "from ray.scripts.scripts import main; main()", "start", "--block"]
    command = [*around, *ray, "--node-ip-address=127.0.0.1", "--object-store-memory=104857600", *options]
    environment = {**os.environ, "RAY_USAGE_STATS_ENABLED": "0", "PYTHONUNBUFFERED": "1"}
    said = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command, env=environment, **said) as process:
        drained = threading.Thread(target=_drain, args=(process.stdout, is_there := threading.Event()))
        drained.start()
        try:
            assert is_there.wait(START_WITHIN_S), "Ray does not start"
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            drained.join()


def _drain(lines: Iterable[str], is_there: threading.Event) -> None:
    """Read all that a node says, or it waits for a reader; what it says last at its start is heard."""
    for line in lines:
        if "Ray runtime started" in line:
            is_there.set()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
