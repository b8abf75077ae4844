"""Faults around Ray: tokens, addresses, clusters that are small, late or gone, memory that runs out on the node."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from bench import family
from bench.commands import environment
from bench.fault_kills import RAY
from bench.stage import Fault, Ran, Seen, Stage

CLUSTER = 5  # the exit code
TOKEN, WRONG = "0123456789abcdef" * 2, "f" * 32
EPOCHS = 80
LONG = 300  # epochs that last while memory is filled, which takes seconds
ROOM_BYTES = 4 * 2**30  # what a sweep of two workers takes and a little more
EATEN_S = 3
STARTED_WITHIN_S = 60.0
SILENCE_S = 15
_EAT = "import sys, time; eaten = bytearray(b'x') * int(sys.argv[1]); time.sleep(float(sys.argv[2]))"


def memory_monitor(stage: Stage) -> Seen:
    """The node runs out of memory for a moment, and Ray kills a worker in the middle of a step."""
    memory = psutil.virtual_memory()
    most = memory.total - memory.available + ROOM_BYTES
    stage.variables |= {"RAY_memory_usage_threshold": f"{most / memory.total}", "RAY_memory_monitor_refresh_ms": "200"}
    stage.write_space(epochs=LONG)
    running = stage.start(*RAY)
    running.until(stage.is_under_way)
    missing = psutil.virtual_memory().available - (memory.total - most) + ROOM_BYTES // 8
    subprocess.run([sys.executable, "-c", _EAT, str(max(0, missing)), str(EATEN_S)], check=True)
    ran = running.wait()
    return Seen(ran.saw("the node ran out of memory and Ray killed the worker"), ran.code, _lost(stage, ran, 0))


def control_store_killed(stage: Stage) -> Seen:
    """Ray's own, of a sweep that is under way."""
    stage.write_space(epochs=EPOCHS)
    running = stage.start(*RAY)
    running.until(stage.is_under_way)
    running.kill_one(lambda: family.titled(family.CONTROL_STORE))
    return _gone_on(stage, running.wait(), "error: Ray has died")


def cluster_goes_away(stage: Stage) -> Seen:
    stage.write_space(epochs=EPOCHS)
    with _head(stage, cpus=2) as address:
        running = stage.start(*RAY, "--address", address)
        running.until(stage.is_under_way)
        family.kill(family.titled(family.CONTROL_STORE))
        ran = running.wait()
        _forget_token(stage)
        return _gone_on(stage, ran, "error: .*has not answered")


def wrong_token(stage: Stage) -> Seen:
    with _head(stage, cpus=0) as address:
        stage.variables["RAY_AUTH_TOKEN"] = WRONG
        return _refused(stage, "error: .*refuses our token", "--address", address)


def no_token(stage: Stage) -> Seen:
    with _head(stage, cpus=0) as address:
        _forget_token(stage)
        return _refused(stage, "error: .*wants a token", "--address", address)


def dead_address(stage: Stage) -> Seen:
    return _refused(stage, "error: nothing answers at", "--address", "127.0.0.1:9")


def head_alone(stage: Stage) -> Seen:
    with _head(stage, cpus=0) as address:
        seen = _refused(stage, "hint: .*--wait 30m", "--address", address)
        waited = _refused(stage, "error: no node of the cluster had", "--address", address, "--wait", "5s")
        return Seen(waited.said, waited.exit_code, waited.lost if seen.is_well else f"{seen.said}, {seen.lost}")


def node_joins(stage: Stage) -> Seen:
    """A head alone, and a node that joins while the sweep waits."""
    with _head(stage, cpus=0) as address:
        running = stage.start(*RAY, "--address", address, "--wait", "5m")
        running.until(lambda: running.has_said("waiting up to"))
        _ray(stage, "start", f"--address={address}", "--num-cpus=2")
        ran = running.wait()
        return Seen(ran.saw("waiting up to 300 s for the first slot"), ran.code, _lost(stage, ran, 0))


def part_of_two_gpus(stage: Stage) -> Seen:
    return _refused(stage, "error: `--gpus-per-trial` is `1.5`", "--gpus-per-trial", "1.5", code=2)


def unused_address(stage: Stage) -> Seen:
    """RAY_ADDRESS names a cluster, and nobody asked for it."""
    stage.variables["RAY_ADDRESS"] = "127.0.0.1:9"
    ran = stage.sweep(*RAY)
    return Seen(ran.saw("RAY_ADDRESS is .* and is not used"), ran.code, _lost(stage, ran, 0))


def busy_cluster(stage: Stage) -> Seen:
    """Another sweep holds the only core for longer than `--trial-timeout`: who waits for it is not silent."""
    with _head(stage, cpus=1) as address:
        stage.write_space(epochs=5 * LONG, trials=1)
        first = stage.start(*RAY, "--address", address)
        first.until(lambda: any(stage.sweep_folder.glob("trials/*/history.jsonl")))
        second = Stage(stage.folder / "second", variables=stage.variables)
        ran = second.sweep(*RAY, "--address", address, "--trial-timeout", f"{SILENCE_S}s")
        lost = stage.lost(1) if first.wait().code == 0 else "the first sweep"
        hung = "a trial, to silence" if "no word for" in ran.err + ran.out else _lost(second, ran, 0)
        return Seen(ran.saw("waiting for 1 core"), ran.code, lost if hung == "nothing" else hung)


def cpu_quota(stage: Stage) -> Seen:
    """A control group that may use one core of the machine's."""
    group = _group_of_one_core()
    if group is None:
        return Seen("(not played: control groups need root)", 0)

    def enter() -> None:
        (group / "cgroup.procs").write_text(str(os.getpid()))

    ran = stage.sweep(*RAY, "--dry-run", before=enter)
    group.rmdir()
    return Seen(ran.saw("slots: 1 trial at a time"), ran.code)


def no_home(stage: Stage) -> Seen:
    """A home that is not there and a locale that nobody installed."""
    stage.variables |= {"HOME": "/proc/nobody", "LANG": "xx_XX.UTF-8", "LC_ALL": "xx_XX.UTF-8"}
    ran = stage.sweep(*RAY)
    return Seen(ran.saw("faults: val/uar"), ran.code, _lost(stage, ran, 0))


def _group_of_one_core() -> Path | None:
    """Of either version; None where we may not make one."""
    for root, name, quota in (("cpu", "cpu.cfs_quota_us", "100000"), (".", "cpu.max", "100000 100000")):
        group = Path("/sys/fs/cgroup") / root / f"ferray-{os.getpid()}"
        with suppress(OSError):
            group.mkdir()
            (group / name).write_text(quota)
            return group
    return None


def _lost(stage: Stage, ran: Ran, code: int) -> str:
    return stage.lost() if ran.code == code else f"exit code {ran.code}: {ran.saw('error:')}"


def _gone_on(stage: Stage, ran: Ran, said: str) -> Seen:
    """The same command, on a Ray of its own."""
    again = stage.sweep(*RAY)
    lost = _lost(stage, again, 0) if ran.code == CLUSTER else f"exit code {ran.code}"
    return Seen(ran.saw(said), ran.code, lost)


def _refused(stage: Stage, said: str, *options: str, code: int = CLUSTER) -> Seen:
    ran = stage.sweep(*RAY, *options)
    begun = "a sweep was begun" if any(stage.sweep_folder.glob("trials/*")) else "nothing"
    return Seen(ran.saw(said), ran.code, begun if ran.code == code else f"exit code {ran.code}")


@contextmanager
def _head(stage: Stage, *, cpus: int) -> Iterator[str]:
    """A head that wants a token, which the stage has; its address."""
    port = 20_000 + os.getpid() % 10_000
    stage.variables |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": TOKEN}
    try:
        _ray(stage, "start", "--head", f"--port={port}", f"--num-cpus={cpus}", "--include-dashboard=false")
        yield f"127.0.0.1:{port}"
    finally:
        family.kill(family.members())
        time.sleep(1)


def _ray(stage: Stage, *arguments: str) -> None:
    ray = str(Path(sys.executable).with_name("ray"))
    where = environment(stage.folder, **stage.variables)
    command = [ray, *arguments, "--disable-usage-stats"]
    subprocess.run(command, env=where, capture_output=True, check=True, timeout=STARTED_WITHIN_S)


def _forget_token(stage: Stage) -> None:
    stage.variables.pop("RAY_AUTH_TOKEN", None)
    stage.variables["RAY_AUTH_MODE"] = "disabled"


FAULTS: dict[str, Fault] = {
    "memory monitor": memory_monitor,
    "control store killed": control_store_killed,
    "cluster goes away": cluster_goes_away,
    "wrong token": wrong_token,
    "no token": no_token,
    "dead address": dead_address,
    "head alone": head_alone,
    "node joins": node_joins,
    "busy cluster": busy_cluster,
    "CPU quota": cpu_quota,
    "no home": no_home,
    "part of two GPUs": part_of_two_gpus,
    "RAY_ADDRESS unused": unused_address,
}
