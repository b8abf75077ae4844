"""Who gets at an embedded sweep while it runs: its owner, and nobody else on the machine or beyond."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

SPACE = """
dataset: {demo: {num_train: 70, num_val: 35, num_test: 35}}
budget: {trials: 4}
sampler: random
base: {image_size: 32, augment: none, backbone: {tiny_cnn: {width: 4, depth: 3}}, batch_size: 8, epochs: 10000}
space: {optimizer.lr: {log_uniform: [1e-5, 1e-1]}}
"""
# What the environment of whoever starts a sweep may hold, and nothing else should.
SECRETS = {
    "AWS_ACCESS_KEY_ID": "id-of-a-key-0123456789",
    "AWS_SECRET_ACCESS_KEY": "secret-of-aws-0123456789",
    "AWS_SESSION_TOKEN": "session-of-aws-0123456789",
    "PGPASSWORD": "password-of-a-store-0123456789",
    "HF_TOKEN": "token-of-a-hub-0123456789",
}
OPTION = "timeout=61"  # of the store's URL, in the place of a password, which SQLite has none of
# What a second user of the machine tries. A folder is given open only where it can be listed.
ATTACK = """
import json, os, sys
from pathlib import Path

processes, folders, gcs = json.loads(sys.argv[1])
seen = {"told": [], "opened": [], "joined": ""}
for pid in processes:
    for name in ("environ", "cmdline"):
        try:
            seen["told"].append((Path("/proc") / str(pid) / name).read_bytes().decode(errors="replace"))
        except OSError:
            pass
for folder in folders:
    try:
        seen["opened"].extend(str(path) for path in Path(folder).iterdir())
    except PermissionError:
        pass
from ray._raylet import GcsClient

try:
    seen["joined"] = f"{len(GcsClient(address=gcs).get_all_node_info(timeout=120))} node"
except Exception as error:
    seen["joined"] = f"{type(error).__name__}: {error}"
print(json.dumps(seen))
"""


@dataclass(frozen=True)
class Running:
    """A sweep in its training: its processes and what lies around it."""

    driver: psutil.Process
    session: Path
    run: Path
    gcs: str  # host and port
    token: str

    def processes(self) -> list[psutil.Process]:
        """The driver and all that it started and that is there now, whoever its parent has become: the token tells."""
        return [self.driver, *(process for process in psutil.process_iter() if self.token in environment_of(process))]

    def words(self) -> str:
        """The one argument of `ATTACK`."""
        return json.dumps([[process.pid for process in self.processes()], [str(self.session), str(self.run)], self.gcs])


@pytest.fixture(scope="module")
def ground() -> Iterator[Path]:
    """A folder that everybody may enter, which pytest's own are not."""
    folder = Path(tempfile.mkdtemp(prefix="doors-", dir="/tmp"))
    folder.chmod(0o755)
    (folder / "t").mkdir()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def sweep(ground: Path, shared_cache: Path) -> Iterator[Running]:
    """An embedded sweep whose workers are in their epochs."""
    (ground / "tiny.yaml").write_text(SPACE)
    store = f"sqlite:///{ground}/store.db?{OPTION}"
    words = ["sweep", str(ground / "tiny.yaml"), "--output", str(ground / "runs"), "--storage", store]
    environment = {**os.environ, **SECRETS, "FERRAY_CACHE": str(shared_cache), "TMPDIR": str(ground / "t")}
    command = [sys.executable, "-m", "cli", *words]
    with (ground / "said").open("w") as said, subprocess.Popen(command, env=environment, stderr=said) as driver:
        try:
            wait_for_epochs(driver, ground)
            yield look_at(driver.pid, ground)
        finally:
            for process in [*psutil.Process(driver.pid).children(recursive=True), driver]:
                process.kill()


def wait_for_epochs(driver: subprocess.Popen[bytes], ground: Path) -> None:
    until = time.monotonic() + 600
    while driver.poll() is None and time.monotonic() < until:
        if any(ground.glob("runs/tiny/trials/*/history.jsonl")):
            return
        time.sleep(0.2)
    raise AssertionError(f"the sweep did not get that far: {(ground / 'said').read_text()}")


def look_at(driver: int, ground: Path) -> Running:
    processes = [psutil.Process(driver), *psutil.Process(driver).children(recursive=True)]
    (gcs,) = (process for process in processes if process.name() == "gcs_server")
    port = next(part.laddr.port for part in gcs.net_connections("tcp") if part.status == "LISTEN")
    (session,) = (ground / "t").glob("ferray-*")
    return Running(
        psutil.Process(driver), session, ground / "runs/tiny", f"127.0.0.1:{port}", gcs.environ()["RAY_AUTH_TOKEN"]
    )


@pytest.fixture(scope="module")
def stranger() -> Iterator[str]:
    """A second user of this machine."""
    if os.geteuid() != 0 or shutil.which("useradd") is None:
        pytest.skip("only root can make a second user")
    name = f"ferray{secrets.token_hex(4)}"
    subprocess.run(["useradd", "--no-create-home", name], check=True)
    yield name
    subprocess.run(["userdel", name], check=True)


def attack(sweep: Running, user: str | None, **environment: str) -> dict[str, Any]:
    """What the user, or the owner, gets at."""
    python = sys.executable if user is None else python_of(user)
    home = {"HOME": "/nonexistent", "PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [python, "-c", ATTACK, sweep.words()]
    who: dict[str, Any] = {} if user is None else {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}
    done = subprocess.run(command, cwd="/", env=home | environment, capture_output=True, text=True, timeout=600, **who)
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def python_of(user: str) -> str:
    """An interpreter of this version that the user may run, since this one may lie in somebody's home."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        try:
            subprocess.run([python, "-c", ""], cwd="/", user=user, extra_groups=[], check=True)
        except (OSError, subprocess.CalledProcessError):
            continue
        return python
    pytest.skip(f"no {version} that another user may run")


def environment_of(process: psutil.Process) -> str:
    """What a process was given when it began; "" for one of another user or one that has ended."""
    with contextlib.suppress(psutil.Error):
        return "\0".join(process.environ().values())
    return ""


def doors(processes: Iterable[psutil.Process]) -> list[tuple[str, str]]:
    """Every port that waits for others, TCP or UDP: the name of its process, and the address that it is bound to."""
    return [
        (process.name(), part.laddr.ip.removeprefix("::ffff:"))
        for process in processes
        if process.is_running()
        for part in process.net_connections("inet")
        if not part.raddr
    ]


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_port_open_to_all_is_found_by_the_scan(kind: socket.SocketKind) -> None:
    with socket.socket(socket.AF_INET, kind) as port:
        port.bind(("0.0.0.0", 0))
        if kind is socket.SOCK_STREAM:
            port.listen()
        assert "0.0.0.0" in {ip for _, ip in doors([psutil.Process()])}


@pytest.mark.ray
def test_nothing_listens_beyond_loopback(sweep: Running) -> None:
    found = doors(sweep.processes())
    assert {"gcs_server", "raylet"} <= {name for name, _ in found}
    assert {ip for _, ip in found} <= {"127.0.0.1", "::1"}


@pytest.mark.ray
@pytest.mark.parametrize("secret", ["RAY_AUTH_TOKEN", *SECRETS])
def test_a_secret_is_in_no_file_and_no_argument(sweep: Running, ground: Path, secret: str) -> None:
    value = {**SECRETS, "RAY_AUTH_TOKEN": sweep.token}[secret]
    folders = (sweep.session, sweep.run)
    written = [ground / "store.db", *(path for folder in folders for path in folder.rglob("*") if path.is_file())]
    assert len(value) > 20
    assert [path for path in written if value.encode() in path.read_bytes()] == []
    assert [process for process in sweep.processes() if value in " ".join(process.cmdline())] == []


@pytest.mark.ray
def test_no_command_line_holds_what_may_be_the_password_of_a_store(sweep: Running) -> None:
    shown = [" ".join(process.cmdline()) for process in sweep.processes()]
    assert any("store.db" in line for line in shown)
    assert [line for line in shown if OPTION in line] == []


@pytest.mark.ray
def test_the_owner_gets_everywhere(sweep: Running) -> None:
    seen = attack(sweep, None, RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=sweep.token)
    assert seen["joined"] == "1 node"
    assert any(sweep.token in told for told in seen["told"])
    assert seen["opened"]


@pytest.mark.ray
@pytest.mark.parametrize("token", [{}, {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "a" * 64}])
def test_a_second_user_neither_joins_nor_reads(sweep: Running, stranger: str, token: dict[str, str]) -> None:
    seen = attack(sweep, stranger, **token)
    assert seen["joined"].startswith("AuthenticationError")
    assert not any(sweep.token in told for told in seen["told"])
    assert seen["opened"] == []
