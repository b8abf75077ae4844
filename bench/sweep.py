"""What a sweep costs beyond training, and beside the stack that a good user writes by hand.

    python -m bench.sweep [--parts bare short long] [--trials N] [--quick]

prints one JSON document. All sweeps: ResNet-18 at 64 px on `demo`, 2 slots of one core on an embedded Ray cluster,
journal store and offline W&B on, in folders of their own that go away.

`bare`: 24 trials of seconds each, TPE and Hyperband. A bare process (`bench/bare.py`) then trains the same
configurations for the same numbers of epochs. Figures are the sweep's slot-seconds per epoch over the bare process's
seconds per epoch. Slot-seconds run, in each slot, from the start of its first epoch to the moment the last trial wrote
its last file: set-up of later trials, checkpoints, messages, W&B and a slot that idles at the end are in it; starting
and ending the sweep are stated apart. How many bare processes there are decides what the ratio says:
- `one_thread`, alone on the machine. A slot is one core, so one core's work is compared with one core's work.
- `side_by_side`: as many one-thread processes at a time as there are slots, without any ferray. What it has above
  `one_thread` is the machine: shared caches, memory and sibling threads. No launcher can be below it.
The order is sweep, bare, bare, sweep, so that a machine that slows down or speeds up treats both alike.

`short`, `long`: the same space, data and budget through ferray and through the stock stack (`bench/stock_stack.py`), as
whole commands from start to exit: 12 trials of four epochs, and eight trials of half a minute each, those that ASHA
does not stop. `..._stock` is the stock stack's wall time over ferray's; `..._best` is how much better ferray's best
validation UAR is, to be no worse than noise: two standard errors of a difference of two such recalls.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.record import Record, Recording, recording
from bench.stock_stack import run_stock
from bench.sweep_run import NAME, SLOTS, run_bare, run_sweep

SPACE = """
name: bench
dataset: {{demo: {{num_train: {images}, num_val: {val_images}, num_test: 7}}}}
budget: {{trials: {trials}}}
pruner: {pruner}
base: {{backbone: {{timm: {{name: resnet18}}}}, image_size: 64, augment: light, batch_size: 32, epochs: {epochs}}}
space:
  optimizer.lr: {{log_uniform: [1.0e-4, 1.0e-2]}}
  optimizer.weight_decay: {{log_uniform: [1.0e-5, 1.0e-1]}}
  head.dropout: {{uniform: [0.0, 0.5]}}
"""
BARE = {"trials": 24, "epochs": 4, "images": 140, "val_images": 70, "pruner": "hyperband"}
SHORT = {"trials": 12, "epochs": 4, "images": 128, "val_images": 140, "pruner": "asha"}
LONG = {"trials": 8, "epochs": 24, "images": 128, "val_images": 140, "pruner": "asha"}
QUICK = {"trials": 4, "epochs": 2, "images": 70}
PROMISES = {"short": 6.0, "long": 2.0}
Size = dict[str, Any]


def against_bare(record: Recording, folder: Path, size: Size, *, twice: bool) -> None:
    """The sweep beside bare processes, in an order that is the same read backwards."""
    space = write_space(folder, size)
    figures, jobs = run_sweep(folder / "first", space)
    sweeps = [figures]
    bare: dict[str, list[dict[str, Any]]] = {"one_thread": [run_bare(folder, jobs, threads=1)]}
    bare["side_by_side"] = [run_bare(folder, jobs, threads=1, processes=SLOTS)]
    if twice:
        bare["one_thread"].append(run_bare(folder, jobs, threads=1))
        sweeps.append(run_sweep(folder / "second", space)[0])
    cost = [per_epoch(sweeps, "slot_s_per_epoch")]
    for name, most in (("one_thread", 1.10), ("side_by_side", 1.05)):
        record.compare(name, cost, [per_epoch(bare[name], "s_per_epoch")], unit="slot-s an epoch", at_most=most)
    cpu = per_epoch(sweeps, "cpu_s_per_epoch"), per_epoch(bare["one_thread"], "cpu_s_per_epoch")
    record.compare("cpu", cpu[:1], cpu[1:], unit="CPU s an epoch")
    record.state("outside_epochs", per_epoch(sweeps, "outside_epochs_s_per_trial"), "s a trial")
    record.state("startup", per_epoch(sweeps, "startup_s"), "s")
    record.details["bare"] = {"size": size, "sweeps": sweeps, "bare": bare}


def against_stock(record: Recording, folder: Path, name: str, size: Size, at_least: float) -> None:
    """The same sweep through ferray and through the stock stack, as whole commands."""
    space = write_space(folder, size)
    ferray, _ = run_sweep(folder / "ferray", space)
    stock = run_stock(str(space), folder / "stock", cache=folder / "cache")
    record.compare(f"{name}_stock", [stock["wall_s"]], [ferray["wall_s"]], at_least=at_least)
    noise = noise_of(ferray["best"], stock["best"], size["val_images"])
    record.state(f"{name}_best", ferray["best"] - stock["best"], "UAR beyond the stock stack's", at_least=-noise)
    record.details[name] = {"size": size, "ferray": ferray, "stock": stock, "noise": noise}


def noise_of(first: float, second: float, num_images: int) -> float:
    """Two standard errors of the difference of two shares of so many images, as if these were different ones."""
    return 2 * math.sqrt((first * (1 - first) + second * (1 - second)) / num_images)


def per_epoch(measured: list[dict[str, Any]], key: str) -> float:
    """The mean of `key` over several measurements, by epochs."""
    return float(sum(part[key] * part["epochs"] for part in measured) / sum(part["epochs"] for part in measured))


def write_space(folder: Path, size: Size) -> Path:
    folder.mkdir()
    space = folder / f"{NAME}.yaml"
    space.write_text(SPACE.format(**size))
    return space


def measure(
    quick: bool = False, parts: tuple[str, ...] = ("bare", "short", "long"), *, trials: int | None = None
) -> Record:
    changes: Size = {**(QUICK if quick else {}), **({"trials": trials} if trials else {})}
    twice = not quick and "long" in parts  # who asks for everything has the time for it
    with recording("sweep", quick=quick) as record, tempfile.TemporaryDirectory(prefix="fb-") as scratch:
        folder = Path(scratch)
        measured: dict[str, Callable[[], None]] = {
            "bare": lambda: against_bare(record, folder / "bare", {**BARE, **changes}, twice=twice),
            "short": lambda: against_stock(record, folder / "short", "short", {**SHORT, **changes}, PROMISES["short"]),
            "long": lambda: against_stock(record, folder / "long", "long", {**LONG, **changes}, PROMISES["long"]),
        }
        for part in parts:
            measured[part]()
    return record.document()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--parts", nargs="+", choices=["bare", "short", "long"], default=["bare", "short", "long"])
    parser.add_argument("--quick", action="store_true", help="tiny trials, each side once: to see that it works")
    parser.add_argument("--trials", type=int, help="of each part, in place of its own number")
    given = parser.parse_args()
    print(json.dumps(measure(given.quick, tuple(given.parts), trials=given.trials), indent=2))


if __name__ == "__main__":
    main()
