"""Faults of W&B, against a stand-in for its server that the real client talks to.

A tracker must not hurt: whatever its server does, the sweep takes the time it takes without one, the store has
everything, the user is told once, and the key is in no file.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import psutil

from bench import family
from bench.stage import TRIALS, Fault, Ran, Running, Seen, Stage
from ferray.testing.wandb_server import WandbServer

KEY = "5ec2e7" + "0123456789abcdef" * 2 + "ab"
EPOCHS = 60
MOST_SLOWER = 1.3  # in one process, on a machine that others use too
START_S = 5.0  # of importing wandb and starting its service, which the first trial's epochs share the processor with
CHILD = "ferray.track.wandb_runs.child"
ONLINE = ("--tracker", "wandb", "--no-publish")
TOLD = "W&B:|warning:"
AT_THE_END = "still uploading|still busy|not uploaded whole"  # how far it is, and what is left to `ferray sync`


def _variables(stage: Stage, url: str, key: str = KEY) -> None:
    home = stage.folder / "home"
    home.mkdir(exist_ok=True)
    stage.variables |= {"WANDB_BASE_URL": url, "WANDB_API_KEY": key, "WANDB_MODE": "online", "HOME": str(home)}


def _judge(stage: Stage, ran: Ran, said: str, *, wants: str = "") -> Seen:
    """What was lost: trials, time against the same sweep without W&B, the key to a file, silence or chatter."""
    told = [line for line in ran.err.splitlines() if line.startswith(("W&B:", "warning:", "wandb:"))]
    words = [line for line in told if not re.search(AT_THE_END, line)]
    wrong = [wants] if wants else []
    if stage.lost() != "nothing":
        wrong.append(stage.lost())
    if len(words) > 1:
        wrong.append(f"{len(words)} warnings")
    if leaks := _files_with_key(stage, ran):
        wrong.append(f"the key is in {leaks}")
    took, without = _span_s(stage), _span_without_s(stage)
    if took > MOST_SLOWER * without + START_S:
        wrong.append("the trials took longer")
    times = f"trials took {took:.0f} s, without W&B {without:.0f} s; closing {_closing_s(stage, ran):.0f} s"
    return Seen(f"{said} ({times})", ran.code, "; ".join(wrong) or "nothing")


def _span_s(stage: Stage) -> float:
    """From the first trial's first epoch to the last one's end, by the files they wrote."""
    histories = sorted(path.stat().st_mtime for path in stage.sweep_folder.glob("trials/*/history.jsonl"))
    configs = sorted(path.stat().st_mtime for path in stage.sweep_folder.glob("trials/*/config.json"))
    return histories[-1] - configs[0]


def _span_without_s(stage: Stage) -> float:
    """The same sweep without W&B, right afterwards."""
    quiet = Stage(stage.folder / "quiet")
    quiet.write_space(epochs=EPOCHS)
    quiet.sweep()
    return _span_s(quiet)


def _closing_s(stage: Stage, ran: Ran) -> float:
    ended = max(path.stat().st_mtime for path in stage.sweep_folder.glob("trials/*/best.pt"))
    return ran.ended - ended


def _files_with_key(stage: Stage, ran: Ran) -> list[str]:
    found = ["the output"] if KEY in ran.out + ran.err else []
    for path in stage.folder.rglob("*"):
        if path.is_file() and KEY.encode() in path.read_bytes():
            found.append(str(path.relative_to(stage.folder)))
    return found


def _start(stage: Stage, server: WandbServer | None, url: str = "") -> Running:
    stage.write_space(epochs=EPOCHS)
    _variables(stage, server.url if server else url)
    return stage.start(*ONLINE)


def _when_one_has_ended(stage: Stage, server: WandbServer, act: Callable[[], object]) -> Ran:
    """Run the sweep, and do that to the server once a trial has ended and W&B has heard of it."""
    running = _start(stage, server)
    running.until(lambda: stage.num_ended() >= 1 and server.record.runs)
    act()
    return running.wait()


def from_the_start(stage: Stage, **fault: Any) -> Seen:
    """Its server is like this all along."""
    with WandbServer(**fault) as server:
        ran = _start(stage, server).wait()
    return _judge(stage, ran, ran.saw(TOLD))


def in_the_middle(stage: Stage, act: Callable[[WandbServer], object]) -> Seen:
    """What is done to its server once a trial has ended."""
    with WandbServer() as server:
        ran = _when_one_has_ended(stage, server, lambda: act(server))
    return _judge(stage, ran, ran.saw(TOLD))


def well(stage: Stage) -> Seen:
    """No fault: every trial is a run with a row an epoch."""
    with WandbServer() as server:
        ran = _start(stage, server).wait()
        epochs = [sum("val/uar" in row for row in rows) for rows in server.record.rows.values()]
    wants = "" if epochs == [EPOCHS] * TRIALS else f"W&B has epochs {epochs}"
    return _judge(stage, ran, "(nothing)", wants=wants)


def down_at_start(stage: Stage) -> Seen:
    with WandbServer() as server:
        url = server.url
    ran = _start(stage, None, url).wait()
    return _judge(stage, ran, ran.saw("W&B: offline"))


def synced_later(stage: Stage) -> Seen:
    """Down at start; `ferray sync` brings it all when the server is back."""
    with WandbServer() as server:
        url = server.url
    ran = _start(stage, None, url).wait()
    with WandbServer() as server:
        _variables(stage, server.url)
        synced = stage.ferray("sync")
        epochs = [sum("val/uar" in row for row in rows) for rows in server.record.rows.values()]
    wants = "" if (synced.code, epochs) == (0, [EPOCHS] * TRIALS) else f"sync: {synced.code}, W&B has epochs {epochs}"
    return _judge(stage, ran, synced.saw("runs made"), wants=wants)


def malformed_key(stage: Stage) -> Seen:
    with WandbServer() as server:
        _variables(stage, server.url, key="not-a-key")
        stage.write_space(epochs=EPOCHS)
        ran = stage.sweep(*ONLINE)
    return _judge(stage, ran, ran.saw(TOLD))


def service_killed(stage: Stage) -> Seen:
    """W&B's own process, which the client talks to, dies."""

    def kill_it() -> None:
        family.kill([process for process in family.members() if "wandb-core" in "".join(_words(process)[:1])])

    return in_the_middle(stage, lambda _: kill_it())


def process_killed(stage: Stage) -> Seen:
    """The driver's own process for W&B, in which the client is, dies; the sweep's end brings the runs up."""

    def kill_it() -> None:
        family.kill([process for process in family.members() if CHILD in _words(process)])

    with WandbServer() as server:
        ran = _when_one_has_ended(stage, server, kill_it)
        epochs = [sum("val/uar" in row for row in rows) for rows in server.record.rows.values()]
    wants = "" if epochs == [EPOCHS] * TRIALS else f"W&B has epochs {epochs}"
    return _judge(stage, ran, ran.saw(TOLD), wants=wants)


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def disk_full(stage: Stage) -> Seen:
    """Its folder is on a disk of its own, which fills up."""
    folder = stage.sweep_folder / "wandb"
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        return Seen("(not played: mounting needs root)", 0)
    try:
        with WandbServer() as server:
            ran = _start(stage, server).wait()
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)
    return _judge(stage, ran, ran.saw(TOLD))


def no_folder(stage: Stage) -> Seen:
    """Its folder cannot be made: there is a file of that name."""
    stage.sweep_folder.mkdir(parents=True)
    (stage.sweep_folder / "wandb").write_text("a file")
    return from_the_start(stage)


def unbuildable(stage: Stage) -> Seen:
    """A tracker that cannot be built: the sweep goes on without it, and leaves no lease that keeps others out."""
    ran = stage.sweep("--tracker", "unbuildable", "--trials", "2")
    again = stage.sweep()
    lost = stage.lost() if again.code == 0 else f"the next command: {again.code} {again.saw('error:')}"
    return Seen(ran.saw("warning: .*left out"), ran.code, lost)


def driver_killed(stage: Stage) -> Seen:
    """The trial that goes on continues its run: no step twice."""
    with WandbServer() as server:
        running = _start(stage, server)
        running.until(stage.is_under_way)
        running.kill_everything()
        running.wait()
        ran = stage.sweep(*ONLINE)
        twice = {run: _twice(rows) for run, rows in server.record.rows.items() if _twice(rows)}
        runs = len(server.record.runs)
    wants = f"epochs sent twice: {twice}" if twice else ""
    if runs != TRIALS:
        wants = f"{runs} runs of {TRIALS} trials"
    return _judge(stage, ran, "(killed, then nothing)", wants=wants)


def _twice(rows: list[dict[str, object]]) -> list[object]:
    epochs = Counter(row["epoch"] for row in rows if "val/uar" in row)
    return [epoch for epoch, count in epochs.items() if count > 1]


FAULTS: dict[str, Fault] = {
    "W&B well": well,
    "W&B down at start": down_at_start,
    "W&B down, synced later": synced_later,
    "W&B down in the middle": partial(in_the_middle, act=WandbServer.stop),
    "W&B slow": partial(from_the_start, delay_s=10),
    "W&B slow in the middle": partial(in_the_middle, act=lambda server: setattr(server, "delay_s", 10.0)),
    "W&B answers 500": partial(from_the_start, error=500),
    "W&B answers 500 in the middle": partial(in_the_middle, act=lambda server: setattr(server, "error", 500)),
    "W&B wrong key": partial(from_the_start, refuses_key=True),
    "W&B malformed key": malformed_key,
    "W&B service killed": service_killed,
    "W&B process killed": process_killed,
    "W&B disk full": disk_full,
    "W&B folder is a file": no_folder,
    "W&B run continued": driver_killed,
    "tracker that cannot be built": unbuildable,
}
