"""What one more trial costs a sweep on real Ray, whatever it trains: the slope of wall time between 50 and 250 trials.

    python -m bench.trial_start [--pairs 2] [--quick]

prints one JSON document. `ferray sweep` as a user has it, TPE and Hyperband, journal store and offline W&B on, two
slots; only the workers' trainings are taken out (`bench/idle_trainable.py`), so that a trial is asked, sent to a warm
worker, reports one epoch, is judged, recorded, closed and shown. `a_trial` is the difference of the commands' seconds
over 200 trials, median of pairs that take turns; of the processors' seconds in the details `driver` is the command's
own process, `workers` the two that train nothing, `services` Ray's and W&B's.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

from bench.commands import environment
from bench.processes import Watch
from bench.record import Record, recording

FEW, MANY = 50, 250
PAIRS = 2
LOOK_EVERY_S = 0.2
AT_MOST_S = 0.1
SPACE = """
name: idle
dataset: {demo: {num_train: 70, num_val: 70, num_test: 7}}
base: {backbone: tiny_cnn, image_size: 16, augment: none, epochs: 1}
space:
  optimizer.lr: {log_uniform: [1.0e-5, 1.0e-1]}
  head.dropout: {uniform: [0.0, 0.5]}
"""


def run(folder: Path, trials: int) -> dict[str, float]:
    """Seconds of the command that sweeps so many trials, and processor seconds of what ran for it."""
    space = folder / "idle.yaml"
    folder.mkdir(parents=True)
    space.write_text(SPACE)
    command = [sys.executable, "-m", "bench.idle_sweep", "sweep", str(space), "--trials", str(trials), "--quiet"]
    options = ["--output", str(folder), "--max-concurrent", "2", "--cpus-per-trial", "1", "--device", "cpu"]
    started = time.perf_counter()
    own = environment(folder, WANDB_MODE="offline")
    with subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL, env=own) as process:
        watch = Watch(process.pid)
        while process.poll() is None:
            watch.look()
            time.sleep(LOOK_EVERY_S)
    if process.returncode:
        raise SystemExit(f"the sweep failed with exit code {process.returncode}")
    return {"trials": trials, "wall_s": time.perf_counter() - started, **watch.cpu_s()}


def slopes(few: dict[str, float], many: dict[str, float]) -> dict[str, float]:
    """What a trial costs, by what was measured of a short and a long sweep."""
    trials = many["trials"] - few["trials"]
    return {name: (many[name] - few[name]) / trials for name in few if name != "trials"}


def measure(quick: bool = False, num_pairs: int = PAIRS) -> Record:
    numbers = (4, 8) if quick else (FEW, MANY)
    pairs: list[dict[str, Any]] = []
    with recording("trial_start", quick=quick) as record, tempfile.TemporaryDirectory(prefix="fb-") as folder:
        names = count()
        for pair in range(1 if quick else num_pairs):
            order = numbers if pair % 2 == 0 else numbers[::-1]
            sweeps = [run(Path(folder) / str(next(names)), trials) for trials in order]
            pairs.append({"sweeps": sweeps, "a_trial": slopes(*sorted(sweeps, key=lambda sweep: sweep["trials"]))})
        record.state("a_trial", median(pair["a_trial"]["wall_s"] for pair in pairs), "s", at_most=AT_MOST_S)
        cpu = [sum(value for name, value in pair["a_trial"].items() if name != "wall_s") for pair in pairs]
        record.state("a_trial_cpu", median(cpu), "s of processors")
        record.details["pairs"] = pairs
    return record.document()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=PAIRS)
    parser.add_argument("--quick", action="store_true", help="4 and 8 trials, once: to see that it works")
    given = parser.parse_args()
    print(json.dumps(measure(given.quick, given.pairs), indent=2))


if __name__ == "__main__":
    main()
