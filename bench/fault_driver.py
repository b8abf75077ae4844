"""Faults of the driver: its clock, its time, interruptions that must change no decision, nodes that lack a disk."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import family
from bench.commands import environment
from bench.stage import NAME, Fault, Running, Seen, Stage
from bench.tally import compare, tally

LONG = 150  # epochs that outlast a budget of seconds
MAY_MOUNT = not os.geteuid() and shutil.which("unshare") is not None
NOT_PLAYED = Seen("(not played: mounting needs root)", 0)
PRUNERS = {"hyperband": "hyperband", "asha": "asha", "median": "{median: {startup_trials: 2}}"}
CUT_AT = (12, 30, 45, 60)  # lines of the journal that tell of trials
RUNGS = """
dataset: {demo: {num_train: 140, num_val: 70, num_test: 7}}
budget: {trials: 9}
sampler: random
pruner: PRUNER
base: {image_size: 32, augment: none, backbone: {tiny_cnn: {width: 4, depth: 3}}, batch_size: 32, epochs: 27}
space: {optimizer.lr: {grid: [1.0e-3, 3.0e-3, 1.0e-9, 1.0e-2, 2.0e-3, 1.0e-8, 5.0e-3, 1.0e-7, 8.0e-3]}}
"""


def uptime_above_budget(stage: Stage) -> Seen:
    """The machine has been up for longer than the sweep may take."""
    budget = int(min(600.0, time.monotonic() / 2))
    ran = stage.sweep("--time-budget", f"{budget}s")
    return Seen(ran.saw("trial 0"), ran.code, stage.lost())


def budget_then_continued(stage: Stage) -> Seen:
    """The budget stops a trial, and the same command goes on from there."""
    stage.write_space(epochs=LONG)
    ran = stage.sweep("--time-budget", "3s")
    stopped = [trial.epochs for trial in stage.record().trials if trial.outcome == "interrupted"]
    again = stage.sweep()
    counts = tally(stage.sweep_folder)
    lost = stage.lost() if again.code == 0 else again.saw("error:")
    if counts["resumed"] != len(stopped):
        lost = f"stopped after {stopped} epochs, resumed {counts['resumed']}"
    return Seen(f"{ran.saw('time budget .* is spent')}; then {counts['resumed']} resumed", ran.code, lost)


def interrupted_at_rungs(stage: Stage) -> Seen:
    """Ctrl-C again and again under pruners: every decision is that of a sweep left alone."""
    wrong = []
    for name, pruner in PRUNERS.items():
        whole, cut = _rungs(stage.folder / f"{name}-whole", pruner), _rungs(stage.folder / f"{name}-cut", pruner)
        whole.sweep()
        for lines in CUT_AT:
            _interrupt_at(cut, lines)
        ran = cut.sweep()
        differ = compare(whole.record(), cut.record())["differ"]
        if ran.code or differ or cut.lost(9) != "nothing":
            wrong.append(f"{name}: {differ} differ, lost {cut.lost(9)}, exit code {ran.code}")
    return Seen(ran.saw("going on with"), ran.code, "; ".join(wrong) or "nothing")


def _interrupt_at(stage: Stage, lines: int) -> None:
    """Ctrl-C when the journal tells so much of trials."""
    running = stage.start()
    running.until(lambda: _num_lines(stage) >= lines)
    running.signal(signal.SIGINT)
    running.wait()


def _rungs(folder: Path, pruner: str) -> Stage:
    stage = Stage(folder)
    (folder / f"{NAME}.yaml").write_text(RUNGS.replace("PRUNER", pruner))
    return stage


def _num_lines(stage: Stage) -> int:
    """Lines of the journal that tell of trials."""
    written = stage.journal.read_bytes() if stage.journal.exists() else b""
    return written.count(b"\n") - written.count(b'"lease"')


def two_at_once(stage: Stage) -> Seen:
    """Two drivers go on at the same moment, on a disk without file locks: the lease lets one of them drive."""
    if not MAY_MOUNT:
        return NOT_PLAYED
    stage.write_space(epochs=LONG)
    stage.sweep("--trials", "1")
    both = [_start_with_a_lock_of_its_own(stage, name) for name in ("one", "two")]
    ran = sorted((running.wait() for running in both), key=lambda one: one.code)
    codes = [one.code for one in ran]
    lost = stage.lost() if codes == [0, 2] else f"exit codes {codes}"
    return Seen(ran[1].saw("error: .*is being run by"), codes[1], lost)


def _start_with_a_lock_of_its_own(stage: Stage, name: str) -> Running:
    own = Stage(stage.folder / name, stage.variables, runs_folder=stage.runs, epochs=LONG)
    lock = own.folder / "lock"
    lock.touch()
    script = f'mount --bind "{lock}" "{stage.sweep_folder / "driver.lock"}" && exec "$@"'
    return Running(own, ["unshare", "--mount", "sh", "-c", script, "sh", *own.sweep_command()], None)


def lone_disk(stage: Stage) -> Seen:
    """A cluster whose only node with processors does not have the disk of the results."""
    with _cluster_without(stage, stage.runs) as address:
        if address is None:
            return NOT_PLAYED
        ran = stage.sweep("--launcher", "ray", "--address", address)
    again = stage.sweep("--launcher", "inline")
    lost = stage.lost() if again.code == 0 else f"on one machine: {again.code} {again.saw('error:')}"
    return Seen(ran.saw("error: .*is not on this node"), ran.code, lost)


@contextmanager
def _cluster_without(stage: Stage, folder: Path) -> Iterator[str | None]:
    """A head without processors, and a node of two that sees an empty disk in the place of `folder`; its address."""
    folder.mkdir(exist_ok=True)
    port = 20_000 + os.getpid() % 10_000
    address = f"127.0.0.1:{port}"
    ray = str(Path(sys.executable).with_name("ray"))
    head = [
        ray,
        "start",
        "--head",
        f"--port={port}",
        "--num-cpus=0",
        "--include-dashboard=false",
        "--disable-usage-stats",
    ]
    node = [ray, "start", f"--address={address}", "--num-cpus=2", "--disable-usage-stats"]
    alone = ["unshare", "--mount", "sh", "-c", f'mount -t tmpfs tmpfs "{folder}" && exec "$@"', "sh", *node]
    where = {**environment(stage.folder, **stage.variables), "RAY_AUTH_MODE": "disabled"}
    if not MAY_MOUNT:
        yield None
        return
    try:
        started = [subprocess.run(line, env=where, capture_output=True, check=False) for line in (head, alone)]
        yield address if not any(done.returncode for done in started) else None
    finally:
        family.kill(family.members())


FAULTS: dict[str, Fault] = {
    "uptime above the budget": uptime_above_budget,
    "time budget, then continued": budget_then_continued,
    "interrupted at rungs": interrupted_at_rungs,
    "two drivers at once": two_at_once,
    "lone disk": lone_disk,
}
