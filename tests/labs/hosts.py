"""Hosts on one machine: namespaces with an address, a folder of their own and links that can be cut. Needs root.

Each host has a network, a process table, a name and mounts of its own: `/tmp`, `/home` and `/dev/shm` are its own
memory, so nothing that a program writes there is seen by another host. What lies elsewhere, this checkout and its
Python among it, is the machine's. All hosts end with the process that made them, however it ends.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SEEN = (ROOT, Path(sys.prefix), Path(sys.base_prefix))  # by every host, wherever on the machine they lie
TOOLS = ("ip", "nsenter", "setpriv", "unshare")
HOME = "/home/user"
SHARED = "/mnt/shared"
START_LIMIT_S = 20.0
_WITH_ITS_PARENT = ("setpriv", "--pdeathsig", "KILL", "unshare", "--fork", "--kill-child")


def why_no_hosts() -> str:
    """Why this machine can make no hosts, "" where it can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "needs root on Linux"
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        return f"needs {', '.join(missing)} (iproute2, util-linux)"
    done = subprocess.run(["unshare", "--net", "--mount", "--pid", "--fork", "true"], capture_output=True, check=False)
    return "" if done.returncode == 0 else "may not make namespaces here"


@dataclass(frozen=True)
class Host:
    """One of them; `name` is known to all hosts of the laboratory."""

    number: int
    name: str
    address: str
    pid: int  # of its first process, as the machine sees it
    switch: int

    def run(self, script: str, *, check: bool = True, timeout_s: float = 300) -> str:
        """What a bash script prints on this host; RuntimeError with its words where it fails."""
        done = subprocess.run(self._command(script), capture_output=True, text=True, timeout=timeout_s, check=False)
        if check and done.returncode:
            raise RuntimeError(f"{self.name}: {script}\n{done.stdout}{done.stderr}")
        return done.stdout

    def start(self, script: str, log: Path) -> subprocess.Popen[bytes]:
        """Run a bash script on this host beside everything else, its words into `log`, a file of the machine."""
        with log.open("ab") as words:
            return subprocess.Popen(
                self._command(script), stdout=words, stderr=words, stdin=subprocess.DEVNULL, start_new_session=True
            )

    def path(self, path: str) -> Path:
        """A path of this host's as this process reaches it."""
        return Path(f"/proc/{self.pid}/root") / path.lstrip("/")

    def cut(self) -> None:
        """Have its packets, and those to it, be lost, as where a cable is pulled out of the switch."""
        _in(self.switch, "ip", "link", "set", f"port{self.number}", "down")

    def heal(self) -> None:
        _in(self.switch, "ip", "link", "set", f"port{self.number}", "up")

    def kill(self) -> None:
        """End all its processes at once, as a power cut does."""
        os.kill(self.pid, signal.SIGKILL)

    def _command(self, script: str) -> list[str]:
        enter = ["nsenter", "--target", str(self.pid), "--mount", "--pid", "--net", "--uts"]
        return [*enter, "env", "-i", *(f"{key}={value}" for key, value in _environment().items()), "bash", "-c", script]


@contextmanager
def hosts(number: int, folder: Path, *, shared: Path | None = None) -> Iterator[list[Host]]:
    """So many hosts on one switch, `node1` first; `folder` is the laboratory's own.

    Where `shared` is given every host sees it as SHARED; otherwise no folder is seen by two of them.
    """
    names = {f"10.77.0.{each}": f"node{each}" for each in range(1, number + 1)}
    table = folder / "hosts"
    table.write_text("127.0.0.1 localhost\n" + "".join(f"{address} {name}\n" for address, name in names.items()))
    switch = subprocess.Popen([*_WITH_ITS_PARENT, "--net", "sleep", "infinity"])
    inits: list[subprocess.Popen[bytes]] = []
    try:
        _until(lambda: _has_own(switch.pid, "net"), "the switch does not start")
        _in(switch.pid, "ip", "link", "add", "switch", "type", "bridge")
        _in(switch.pid, "ip", "link", "set", "switch", "up")
        made = []
        for each, (address, name) in enumerate(names.items(), start=1):
            init, host = _made(each, name, address, switch=switch.pid, folder=folder, shared=shared)
            inits.append(init)
            made.append(host)
        yield made
    finally:
        for process in (*inits, switch):
            process.kill()
            process.wait()


def _made(
    number: int, name: str, address: str, *, switch: int, folder: Path, shared: Path | None
) -> tuple[subprocess.Popen[bytes], Host]:
    ready = folder / f"{name}.ready"
    ready.unlink(missing_ok=True)
    script = folder / f"{name}.sh"
    script.write_text(_first_process(name, table=folder / "hosts", ready=ready, shared=shared))
    namespaces = ["--net", "--mount", "--uts", "--pid", "--mount-proc"]
    with (folder / f"{name}.log").open("wb") as log:
        init = subprocess.Popen([*_WITH_ITS_PARENT, *namespaces, "bash", str(script)], stdout=log, stderr=log)
    _until(lambda: ready.exists() and ready.stat().st_size > 0, f"{name} does not start: `{folder / f'{name}.log'}`")
    child = int(Path(f"/proc/{init.pid}/task/{init.pid}/children").read_text().split()[0])
    _in(switch, "ip", "link", "add", f"port{number}", "type", "veth", "peer", "name", "eth0", "netns", str(child))
    _in(switch, "ip", "link", "set", f"port{number}", "master", "switch", "up")
    for words in ("link set lo up", f"addr add {address}/24 dev eth0", "link set eth0 up"):
        _in(child, "ip", *words.split())
    return init, Host(number, name, address, child, switch)


def _first_process(name: str, *, table: Path, ready: Path, shared: Path | None) -> str:
    """The script that is a host's process 1: its mounts, and then nothing but the burial of its orphans."""
    seen = [(path, path, "ro") for path in SEEN] + ([(shared, Path(SHARED), "rw")] if shared else [])
    keep = [f"mkdir /mnt/kept{at}; mount --bind '{path}' /mnt/kept{at}" for at, (path, _, _) in enumerate(seen)]
    back = [
        f"mkdir -p '{path}'; mount --bind -o {mode} /mnt/kept{at} '{path}'" for at, (_, path, mode) in enumerate(seen)
    ]
    own = [f"mount -t tmpfs -o mode=1777,size=4g tmpfs {folder}" for folder in ("/tmp", "/home", "/dev/shm")]
    return "\n".join(
        [
            "set -e",
            f"exec 9>'{ready}'",
            "mount --make-rprivate /",
            f"hostname {name}",
            f"mount --bind '{table}' /etc/hosts",
            "mount -t tmpfs tmpfs /mnt",
            *keep,
            *own,
            f"mkdir {HOME}",
            *back,
            "echo ready >&9",
            "exec 9>&-",
            "while :; do sleep 3600 & wait $!; done",
        ]
    )


def _environment() -> dict[str, str]:
    """Of every command on a host: nothing of the machine's own but where ferray and its Python lie."""
    return {
        "HOME": HOME,
        "USER": "root",
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "PATH": f"{Path(sys.executable).parent}:/usr/sbin:/usr/bin:/sbin:/bin",
        "PYTHONPATH": str(ROOT),
        "RAY_USAGE_STATS_ENABLED": "0",
        "NO_ALBUMENTATIONS_UPDATE": "1",
        "WANDB_MODE": "offline",
        "OMP_NUM_THREADS": "1",
    }


def _in(pid: int, *command: str) -> None:
    """Run a command in the network of a process."""
    subprocess.run(["nsenter", "--target", str(pid), "--net", *command], check=True, timeout=20)


def _has_own(pid: int, kind: str) -> bool:
    """Whether a process has left the namespace of this kind that it began in."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/ns/{kind}").readlink() != Path(f"/proc/self/ns/{kind}").readlink()
    return False


def _until(claim: Callable[[], bool], otherwise: str) -> None:
    """Wait for a claim to come true; RuntimeError with these words where it takes too long."""
    ends = time.monotonic() + START_LIMIT_S
    while not claim():
        if time.monotonic() > ends:
            raise RuntimeError(otherwise)
        time.sleep(0.05)
