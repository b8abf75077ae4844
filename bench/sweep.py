"""What a sweep costs beyond training: slot-seconds per epoch of `ferray sweep` over those of a bare PyTorch loop.

    python -m bench.sweep [--trials 24] [--epochs 4] [--quick]

prints one JSON document. The sweep: ResNet-18 at 64 px on `demo`, trials of seconds each, TPE and Hyperband, 2 slots of
one core on an embedded Ray cluster, journal store and offline W&B on, in a folder of its own that goes away. The bare
process (`bench/bare.py`) then trains the same configurations for the same numbers of epochs, one after another.

`ratio` is the sweep's slot-seconds per epoch over the bare process's seconds per epoch. Slot-seconds run, in each slot,
from the start of its first epoch to the moment the last trial wrote its last file: set-up of later trials, checkpoints,
messages, W&B and a slot that idles at the end are in it; starting and ending the sweep are stated apart (`startup_s`,
`closing_s`).

How many threads the bare process gets decides what the ratio says, so there are three; the first is the figure:
- `one_thread`, alone on the machine. A slot is one core, so one core's work is compared with one core's work.
- `default_threads`, alone: what a user gets who sets nothing, all cores. Against this the ratio can be 1 only where two
  threads train twice as fast as one; it charges the sweep for cores that torch cannot use on small batches either.
- `side_by_side`: as many one-thread processes at a time as there are slots, without any ferray. What it has above
  `one_thread` is the machine: shared caches, memory and sibling threads. No launcher can be below it.
The order is sweep, bare, ..., bare, sweep, so that a machine that slows down or speeds up treats both alike.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.processes import Watch
from ferray.study.history import load_sweep
from ferray.study.records import SweepRecord
from ferray.system.cores import num_cores

SLOTS = 2
TARGET = 2.0
LOOK_EVERY_S = 0.2
NAME = "bench"
SPACE = """
dataset: {{demo: {{num_train: {images}, num_val: 70, num_test: 7}}}}
budget: {{trials: {trials}}}
base: {{backbone: {{timm: {{name: resnet18}}}}, image_size: 64, augment: light, batch_size: 32, epochs: {epochs}}}
space:
  optimizer.lr: {{log_uniform: [1.0e-4, 1.0e-2]}}
  optimizer.weight_decay: {{log_uniform: [1.0e-5, 1.0e-1]}}
  head.dropout: {{uniform: [0.0, 0.5]}}
"""


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


def per_epoch(measured: list[dict[str, Any]], key: str) -> float:
    """The mean of `key` over several measurements, by epochs."""
    return float(sum(part[key] * part["epochs"] for part in measured) / sum(part["epochs"] for part in measured))


def ratios(sweeps: list[dict[str, Any]], bare: dict[str, list[dict[str, Any]]]) -> dict[str, float]:
    """The sweep's slot-seconds per epoch over each bare measurement's, and the same for processor time."""
    cost = per_epoch(sweeps, "slot_s_per_epoch")
    found = {name: cost / per_epoch(measured, "s_per_epoch") for name, measured in bare.items()}
    return {**found, "cpu": per_epoch(sweeps, "cpu_s_per_epoch") / per_epoch(bare["one_thread"], "cpu_s_per_epoch")}


def measure(folder: Path, *, trials: int, epochs: int, images: int, twice: bool) -> dict[str, Any]:
    """Everything, in an order that is the same read backwards."""
    space = folder / f"{NAME}.yaml"
    space.write_text(SPACE.format(trials=trials, epochs=epochs, images=images))
    figures, jobs = run_sweep(folder / "first", space)
    sweeps = [figures]
    bare: dict[str, list[dict[str, Any]]] = {"one_thread": [run_bare(folder, jobs, threads=1)]}
    bare["side_by_side"] = [run_bare(folder, jobs, threads=1, processes=SLOTS)]
    bare["default_threads"] = [run_bare(folder, jobs, threads=None)]
    if twice:
        bare["one_thread"].append(run_bare(folder, jobs, threads=1))
        sweeps.append(run_sweep(folder / "second", space)[0])
    found = ratios(sweeps, bare)
    return {"ratio": found["one_thread"], "target": TARGET, "ratios": found, "sweeps": sweeps, "bare": bare}


def machine() -> dict[str, Any]:
    packages = {name: version(name) for name in ("torch", "timm", "ray", "optuna", "wandb")}
    return {"cpus": num_cores(), "python": platform.python_version(), **packages}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--trials", type=int, default=24)
    parser.add_argument("--epochs", type=int, default=4, help="of a trial that is not pruned")
    parser.add_argument("--quick", action="store_true", help="4 tiny trials, each side once: to see that it works")
    given = parser.parse_args()
    size = (
        {"trials": 4, "epochs": 2, "images": 70}
        if given.quick
        else {"trials": given.trials, "epochs": given.epochs, "images": 140}
    )
    with tempfile.TemporaryDirectory(prefix="ferray-bench-") as folder:
        figures = measure(Path(folder), **size, twice=not given.quick)
    what = {"benchmark": "sweep", **size, "slots": SLOTS, "val_images": 70, "machine": machine()}
    print(json.dumps({**what, **figures}, indent=2))


if __name__ == "__main__":
    main()
