"""Faults of the store: two drivers, leases, torn and old journals, disks that are full, read-only or somewhere else."""

from __future__ import annotations

import json
import resource
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import optuna

from bench.stage import NAME, TRIALS, Fault, Seen, Stage
from ferray.study.records import LEASE_ATTR, SPEC_ATTR
from ferray.study.store import open_store

LONG = 150  # epochs that outlast the start of another command
NOT_PLAYED = Seen("(not played: mounting needs root)", 0)


def second_driver(stage: Stage) -> Seen:
    """The same command twice at a time, in one folder."""
    stage.write_space(epochs=LONG)
    running = stage.start()
    running.until(lambda: stage.num_ended() >= 1)
    second = Stage(stage.folder / "second", runs_folder=stage.runs, epochs=LONG).sweep()
    first = running.wait()
    return Seen(second.saw("error:"), second.code, stage.lost() if first.code == 0 else f"the first: {first.code}")


def second_driver_elsewhere(stage: Stage) -> Seen:
    """One database, two folders: the lease alone stands between them."""
    url = f"sqlite:///{stage.folder / 'study.db'}"
    stage.write_space(epochs=LONG)
    running = stage.start("--storage", url)
    running.until(lambda: any(stage.sweep_folder.glob("trials/*/history.jsonl")))
    second = Stage(stage.folder / "second", epochs=LONG).sweep("--storage", url)
    first = running.wait()
    held = stage.ferray("trials", "--storage", url).out.count("completed")
    lost = "nothing" if (first.code, held) == (0, TRIALS) else f"{held} of {TRIALS}, the first ends with {first.code}"
    return Seen(second.saw("error:"), second.code, lost)


def lease_of_another_host(stage: Stage) -> Seen:
    """Its driver may live: refused, until the user says that it does not."""
    _hold(stage, seconds_ago=5)
    refused = stage.sweep()
    taken = stage.sweep("--take-over")
    return Seen(
        refused.saw("error: .*elsewhere"), refused.code, stage.lost() if taken.code == 0 else taken.saw("error")
    )


def stale_lease(stage: Stage) -> Seen:
    _hold(stage, seconds_ago=600)
    ran = stage.sweep()
    return Seen(ran.saw("faults: val/uar"), ran.code, stage.lost())


def _hold(stage: Stage, *, seconds_ago: float) -> None:
    """Half a sweep, owned by a process of another host that has last been heard of so long ago."""
    stage.sweep("--trials", "2")
    study = optuna.load_study(study_name=NAME, storage=open_store(stage.sweep_folder))
    lease = {"token": "another", "host": "elsewhere", "pid": 1, "born": 0.0, "renewed": time.time() - seconds_ago}
    study.set_user_attr(LEASE_ATTR, lease)


def torn_journal(stage: Stage) -> Seen:
    stage.sweep("--trials", "2")
    with stage.journal.open("ab") as file:
        file.write(b'{"op_code":5,"worker_id":"0x1","study_')
    ran = stage.sweep()
    return Seen(ran.saw("faults: val/uar"), ran.code, stage.lost())


def damaged_journal(stage: Stage) -> Seen:
    """A line in the middle is not what was written: nobody goes on from that."""
    stage.sweep("--trials", "2")
    whole = stage.journal.read_bytes()
    lines = whole.split(b"\n")
    stage.journal.write_bytes(b"\n".join([*lines[:5], lines[5][:10] + b"\0\0", *lines[6:]]))
    ran = stage.sweep()
    stage.journal.write_bytes(whole)
    return Seen(ran.saw("error:"), ran.code, _after_mending(stage))


def older_schema(stage: Stage) -> Seen:
    stage.sweep("--trials", "2")
    study = optuna.load_study(study_name=NAME, storage=open_store(stage.sweep_folder))
    facts: dict[str, Any] = study.user_attrs[SPEC_ATTR]
    study.set_user_attr(SPEC_ATTR, {**facts, "schema": 0})
    ran = stage.sweep()
    study.set_user_attr(SPEC_ATTR, facts)
    return Seen(ran.saw("error: .*schema"), ran.code, _after_mending(stage))


def moved_folder(stage: Stage) -> Seen:
    """The sweeps' folder goes to another disk, between two commands."""
    stage.sweep("--trials", "2")
    moved = stage.folder / "elsewhere"
    stage.runs.rename(moved)
    stage.runs_folder = moved
    ran = stage.sweep()
    board = stage.ferray("leaderboard", "--json")
    checkpoints = [
        moved / NAME / trial["checkpoint"] for trial in json.loads(board.out)["trials"] if trial["checkpoint"]
    ]
    gone = [path for path in checkpoints if not path.is_file()]
    return Seen(ran.saw("best checkpoint: .*elsewhere"), ran.code, f"checkpoints: {gone}" if gone else stage.lost())


def disk_full(stage: Stage) -> Seen:
    """The disk fills up while trials run; with some of it freed, the same command goes on."""
    with small_disk(stage, "size=400k") as disk:
        if disk is None:
            return _file_size_limit(stage)
        stage.runs_folder = disk / "runs"
        stage.sweep("--trials", "1")
        filler = disk / "filler"
        _fill(filler)
        full = stage.sweep()
        filler.unlink()
        lost = _after_mending(stage)
        return Seen(full.saw("error:"), full.code, lost)


def _after_mending(stage: Stage) -> str:
    """What is lost when the same command runs again."""
    again = stage.sweep()
    return stage.lost() if again.code == 0 else f"after mending: {again.code} {again.saw('error:')}"


def _fill(path: Path) -> None:
    """Write until nothing more goes in."""
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(512))
        except OSError:
            return


def _file_size_limit(stage: Stage) -> Seen:
    """For those who may not mount: no file may grow beyond some kilobytes."""
    stage.sweep("--trials", "2")
    limit = stage.journal.stat().st_size + 600
    full = stage.sweep(before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    lost = _after_mending(stage)
    return Seen(full.saw("error:"), full.code, lost)


def read_only(stage: Stage) -> Seen:
    """Remounted read-only: the sweep is refused, what there is can be read, and it goes on later."""
    with small_disk(stage, "size=4m") as disk:
        if disk is None:
            return NOT_PLAYED
        stage.runs_folder = disk / "runs"
        stage.sweep("--trials", "2")
        _remount(disk, "ro")
        refused, board = stage.sweep(), stage.ferray("leaderboard")
        _remount(disk, "rw")
        lost = _after_mending(stage)
        return Seen(refused.saw("error:"), refused.code, lost if board.code == 0 else f"leaderboard: {board.code}")


def disk_full_meanwhile(stage: Stage) -> Seen:
    """The disk fills up while trials run: what they lacked room for is not held against them."""
    with small_disk(stage, "size=4m") as disk:
        if disk is None:
            return NOT_PLAYED
        stage.runs_folder = disk / "runs"
        stage.write_space(epochs=LONG)
        running = stage.start()
        running.until(lambda: stage.num_ended() >= 1)
        _fill(disk / "filler")
        ran = running.wait()
        (disk / "filler").unlink()
        return Seen(ran.saw("error:"), ran.code, _after_mending(stage))


@contextmanager
def small_disk(stage: Stage, options: str) -> Iterator[Path | None]:
    """A small disk of its own, None where we may not mount one."""
    disk = stage.folder / "disk"
    disk.mkdir()
    mounted = _succeeds("mount", "-t", "tmpfs", "-o", options, "tmpfs", str(disk))
    try:
        yield disk if mounted else None
    finally:
        if mounted:
            _succeeds("umount", "--lazy", str(disk))


def _remount(disk: Path, mode: str) -> None:
    if not _succeeds("mount", "-o", f"remount,{mode}", str(disk)):
        raise OSError(f"{disk} is in use")


def _succeeds(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


FAULTS: dict[str, Fault] = {
    "second driver": second_driver,
    "second driver, other folder": second_driver_elsewhere,
    "lease of another host": lease_of_another_host,
    "stale lease": stale_lease,
    "torn last line": torn_journal,
    "damaged journal": damaged_journal,
    "older schema": older_schema,
    "moved runs folder": moved_folder,
    "disk full": disk_full,
    "disk full meanwhile": disk_full_meanwhile,
    "read-only disk": read_only,
}
