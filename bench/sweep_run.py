"""A sweep of ferray's and bare trainings of the same configurations, as processes of their own, and what they took."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.processes import Watch
from ferray.study.history import load_sweep
from ferray.study.records import SweepRecord

SLOTS = 2
LOOK_EVERY_S = 0.2
NAME = "bench"


@dataclass(frozen=True)
class TrialTimes:
    """When a trial's first epoch began and its last file was written, by the time of day, and its epochs' own time."""

    began: float
    ended: float
    epochs: int
    epoch_s: float


def slot_seconds(trials: list[TrialTimes], slots: int) -> float:
    """Seconds that the slots were held: each from its first epoch to the end of the last trial."""
    end = max(trial.ended for trial in trials)
    return sum(end - began for began in sorted(trial.began for trial in trials)[:slots])


def idle_tail_s(trials: list[TrialTimes], slots: int) -> float:
    """Seconds that slots stood empty at the end, waiting for the last trial."""
    ends = sorted(trial.ended for trial in trials)[-slots:]
    return sum(ends[-1] - end for end in ends)


def first_epochs(folder: Path, known: dict[str, float]) -> dict[str, float]:
    """`known` and the starts of first epochs that are new: a history's first change less what the epoch took."""
    for history in folder.glob(f"{NAME}/trials/*/history.jsonl"):
        line = history.read_text().partition("\n")[0] if history.parent.name not in known else ""
        if line:
            known[history.parent.name] = history.stat().st_mtime - json.loads(line)["metrics"]["seconds"]
    return known


def trial_times(folder: Path, began: float) -> TrialTimes:
    epochs = [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]
    ended = max(file.stat().st_mtime for file in folder.iterdir())
    return TrialTimes(began, ended, len(epochs), sum(epoch["metrics"]["seconds"] for epoch in epochs))


def summarise(trials: list[TrialTimes], slots: int) -> dict[str, float]:
    """The figures of one sweep that its trials' times give."""
    held, epochs = slot_seconds(trials, slots), sum(trial.epochs for trial in trials)
    outside = held - sum(trial.epoch_s for trial in trials)
    tail = idle_tail_s(trials, slots)
    return {
        "trials": len(trials),
        "epochs": epochs,
        "slot_s": held,
        "slot_s_per_epoch": held / epochs,
        "inside_epochs_s_per_epoch": sum(trial.epoch_s for trial in trials) / epochs,
        "outside_epochs_s_per_trial": (outside - tail) / len(trials),
        "trials_per_s_of_overhead": len(trials) / (outside - tail) if outside > tail else float("inf"),
        "idle_tail_s": tail,
    }


def best_value(folder: Path) -> float:
    """The best validation UAR of any epoch of a sweep's trials, whatever became of them."""
    lines = [line for file in folder.glob("trials/*/history.jsonl") for line in file.read_text().splitlines()]
    return max(float(json.loads(line)["metrics"]["val/uar"]) for line in lines)


def run_sweep(folder: Path, space: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Run the sweep below `folder`: its figures, and the configurations and epochs it trained."""
    ferray = [sys.executable, "-c", "from ferray.cli import main; main()"]
    command = [*ferray, "sweep", str(space), "--output", str(folder), "--quiet"]
    load, started, begins = os.getloadavg()[0], time.time(), dict[str, float]()
    options = ["--max-concurrent", str(SLOTS), "--device", "cpu", "--cpus-per-trial", "1"]
    with subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL, env=environment(space.parent)) as process:
        watch = Watch(process.pid)
        while process.poll() is None:
            begins = first_epochs(folder, begins)
            watch.look()
            time.sleep(LOOK_EVERY_S)
    exited = time.time()
    if process.returncode:
        raise SystemExit(f"the sweep failed with exit code {process.returncode}")
    trials = [
        trial_times(folder / NAME / "trials" / name, began) for name, began in first_epochs(folder, begins).items()
    ]
    first, last = min(trial.began for trial in trials), max(trial.ended for trial in trials)
    figures = {
        **summarise(trials, SLOTS),
        "cpu_s_per_epoch": watch.cpu_s_between(first, last) / sum(trial.epochs for trial in trials),
        "wall_s": exited - started,
        "best": best_value(folder / NAME),
        "startup_s": first - started,
        "closing_s": exited - last,
        "peak_rss_gib": watch.peaks_gib(),
        "load_before": load,
    }
    return figures, trained(load_sweep(folder / NAME))


def trained(record: SweepRecord) -> list[dict[str, Any]]:
    """What the bare process has to train as well; a sweep with a failed trial measures nothing."""
    failed = [f"trial {trial.number}: {trial.message}" for trial in record.trials if trial.state == "failed"]
    if failed:
        raise SystemExit("\n".join(failed))
    return [{"config": trial.config, "epochs": trial.epochs} for trial in record.trials]


def run_bare(folder: Path, jobs: list[dict[str, Any]], *, threads: int | None, processes: int = 1) -> dict[str, Any]:
    """Train the jobs in so many bare processes at a time; seconds are process-seconds, as slot-seconds are."""
    load = os.getloadavg()[0]
    bare = [sys.executable, "-m", "bench.bare"]
    shares = [jobs[start::processes] for start in range(processes)]
    running = []
    for index, share in enumerate(shares):
        file = folder / f"jobs-{index}.json"
        file.write_text(json.dumps(share))
        command = [*bare, str(file), *(["--threads", str(threads)] if threads else [])]
        running.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment(folder)))
    done = [json.loads(process.communicate()[0]) for process in running]
    epochs = sum(part["epochs"] for part in done)
    return {
        "threads": done[0]["threads"],
        "epochs": epochs,
        "s_per_epoch": sum(part["seconds"] for part in done) / epochs,
        "cpu_s_per_epoch": sum(part["cpu_s"] for part in done) / epochs,
        "peak_rss_gib": max(part["peak_rss_gib"] for part in done),
        "load_before": load,
    }


def environment(folder: Path) -> dict[str, str]:
    """The user's, less what sets threads; W&B offline; packs in the benchmark's own folder."""
    kept = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    return {**kept, "WANDB_MODE": "offline", "FERRAY_CACHE": str(folder / "cache")}
