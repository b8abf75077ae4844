"""How soon a sweep is as good as the stock stack is in the end: wall time to its best validation recall, seed by seed.

    python -m bench.time_to_target [--seeds 10] [--trials 16] [--pruner asha] [--middle] [--kept FILE] [--quick]

prints one JSON document. For each seed the stock stack (`bench/stock_stack.py`: Ray Tune, OptunaSearch, ASHA, W&B)
sweeps the space `demo` for its 16 trials, from the start of its process to the end. Its best epoch's value is the
target. Then `ferray sweep demo --seed N` may take half of the wall time that the stock stack took, start and end
included, over the same space and faces on as many slots, and as many trials as it gets done: `reached_s` is when an
epoch of it was first as good as the target. The space's own pruner stops its trials, or the one that is given.
With `--middle` the stock stack begins with the middle of the space too, which a ferray sweep does by itself.

`share` is `reached_s` over the stock stack's whole time, counted as 1 where it was not reached; its median over seeds
is the figure. `gain` is ferray's best at its own end less the target: its mean with a paired interval says whether
half of the time costs anything. The two sides of a seed run one after the other, so that a machine that slows down
meets both. Each seed takes minutes; what is done lies in FILE, a line a seed, and is not measured again.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any

from bench.record import Record, recording
from bench.stock_stack import run_stock
from ferray.config.load import find_space
from ferray.stats.estimates import t_interval

SPACE = "demo"
SLOTS = 2
MOST_SHARE = 1 / 3
OWN_SHARE = 0.5  # of the stock stack's wall time that ferray may take
MOST_TRIALS = 1000  # more than there is time for
LOOK_EVERY_S = 0.1
CLOSING_S = 5.0  # that the last epochs and the end of a command take; what comes later than its share does not count
SMALL = "dataset: {demo: {num_train: 140, num_val: 70, num_test: 7}}"

Values = list[tuple[float, float]]  # seconds since the start of the command, and what an epoch was worth then


def reached_s(values: Values, target: float) -> float | None:
    """When an epoch was first as good as the target; None where none was."""
    return min((seconds for seconds, value in values if value >= target), default=None)


def best_by(values: Values, limit_s: float) -> float:
    """The best value that was known at a time; 0 where there was none."""
    return max((value for seconds, value in values if seconds <= limit_s), default=0.0)


def compared(stock: dict[str, Any], values: Values) -> dict[str, float | None]:
    """One seed: what the stock stack came to, and when and how far ferray did."""
    target, wall_s = float(stock["best"]), float(stock["wall_s"])
    reached = reached_s(values, target)
    own = best_by(values, OWN_SHARE * wall_s)
    share = 1.0 if reached is None else min(1.0, reached / wall_s)
    return {
        "target": target,
        "stock_s": wall_s,
        "first_epoch_s": min((seconds for seconds, _ in values), default=None),
        "reached_s": reached,
        "share": share,
        "best": own,
        "gain": own - target,
    }


def summarise(seeds: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Over seeds: the median share, and the mean gain with its interval where there are two seeds or more."""
    gains = [float(seed["gain"]) for seed in seeds]
    error = stdev(gains) / math.sqrt(len(gains)) if len(gains) > 1 else None
    return {
        "share": median(float(seed["share"]) for seed in seeds),
        "reached": sum(seed["reached_s"] is not None for seed in seeds),
        "gain": mean(gains),
        "gain_interval": None if error is None else t_interval(mean(gains), error, len(gains) - 1, low=-1.0),
    }


def run_ferray(space: str, folder: Path, *, seed: int, time_s: float, pruner: str | None) -> Values:
    """`ferray sweep` as a process of its own, and each epoch's value as soon as it lies in a trial's history."""
    budget = ["--trials", str(MOST_TRIALS), "--time-budget", f"{max(1.0, time_s - CLOSING_S):.0f}s"]
    budget += ["--pruner", pruner] if pruner else []
    place = ["--output", str(folder), "--max-concurrent", str(SLOTS), "--device", "cpu", "--quiet"]
    ferray = [sys.executable, "-c", "from ferray.cli import main; main()"]
    known: dict[Path, int] = {}
    values: Values = []
    folder.mkdir(parents=True, exist_ok=True)
    own = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    started = time.perf_counter()
    with (
        (folder / "stderr.log").open("w") as errors,
        subprocess.Popen(
            [*ferray, "sweep", space, "--seed", str(seed), *budget, *place],
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env={"WANDB_MODE": "offline", **own},
        ) as process,
    ):
        is_over = False
        while not is_over:
            is_over = process.poll() is not None
            values += [(time.perf_counter() - started, value) for value in new_values(folder, known)]
            time.sleep(LOOK_EVERY_S)
    if process.returncode not in (0, 4):  # 4: in so short a time no trial completed
        raise SystemExit(f"the sweep failed: {(folder / 'stderr.log').read_text()[-2000:]}")
    return values


def new_values(folder: Path, known: dict[Path, int]) -> Iterator[float]:
    """What the epochs were worth that histories have gained; `known` counts the whole lines of each."""
    for history in folder.glob("*/trials/*/history.jsonl"):
        lines = history.read_text().splitlines(keepends=True)
        whole = [line for line in lines if line.endswith("\n")]
        yield from (float(json.loads(line)["metrics"]["val/uar"]) for line in whole[known.get(history, 0) :])
        known[history] = len(whole)


def run_seed(
    space: str, folder: Path, *options: str, seed: int, trials: int | None, pruner: str | None
) -> dict[str, Any]:
    """Both sides of one seed; `options` are the stock stack's."""
    load = os.getloadavg()[0]
    stock = run_stock(space, folder / "stock", *options, trials=trials, slots=SLOTS, seed=seed)
    time_s = OWN_SHARE * float(stock["wall_s"])
    values = run_ferray(space, folder / "ferray", seed=seed, time_s=time_s, pruner=pruner)
    epochs = sum(trial["epochs"] for trial in stock["trials"])
    return {"seed": seed, **compared(stock, values), "stock_epochs": epochs, "epochs": len(values), "load": load}


def measure(
    quick: bool = False,
    *,
    seeds: int = 10,
    trials: int | None = None,
    pruner: str | None = None,
    middle: bool = False,
    kept: Path | None = None,
) -> Record:
    """All seeds that `kept` does not hold yet, and what all of them say; `quick` is a seed on few faces."""
    scratch_folder = tempfile.TemporaryDirectory(prefix="ferray-target-")
    with scratch_folder as scratch, recording("time_to_target", quick=quick) as record:
        space = _small_space(Path(scratch)) if quick else SPACE
        file = kept or Path(scratch) / "kept.jsonl"
        done = [json.loads(line) for line in file.read_text().splitlines()] if file.is_file() else []
        for seed in range(1 if quick else seeds):
            if seed in {row["seed"] for row in done}:
                continue
            folder = Path(scratch) / str(seed)
            options = ["--middle"] if middle else []
            done.append(run_seed(space, folder, *options, seed=seed, trials=2 if quick else trials, pruner=pruner))
            with file.open("a") as stream:
                stream.write(json.dumps(done[-1]) + "\n")
        found = summarise(done)
        record.state("share", found["share"], "of the stock stack's time", at_most=MOST_SHARE)
        record.state("gain", found["gain"], "validation recall")
        record.details |= {"space": SPACE, "slots": SLOTS, "pruner": pruner, "middle": middle, **found, "seeds": done}
    return record.document()


def _small_space(folder: Path) -> str:
    lines = find_space(SPACE).text.splitlines()
    file = folder / f"{SPACE}.yaml"
    file.write_text("\n".join(SMALL if line.startswith("dataset:") else line for line in lines))
    return str(file)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--trials", type=int, help="of the stock stack, in place of the space's budget")
    parser.add_argument("--pruner", help="of ferray, in place of the space's: asha is that of the stock stack")
    parser.add_argument("--middle", action="store_true", help="have the stock stack begin with the middle of the space")
    parser.add_argument("--kept", type=Path, help="a file of the seeds that are done; the rest are added")
    parser.add_argument("--quick", action="store_true", help="a seed on few faces: to see that it works")
    given = parser.parse_args()
    asked = {name: value for name, value in vars(given).items() if name != "quick"}
    print(json.dumps(measure(given.quick, **asked), indent=2))


if __name__ == "__main__":
    main()
