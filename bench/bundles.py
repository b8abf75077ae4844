"""How many heads train as one in a sweep over several kinds of features, with and without trials asked ahead.

    python -m bench.bundles [--quick]

prints one JSON document. Sweeps of 256 heads on curves over three backbones and three sizes of images, through the real
driver, study and loop, two workers of 16 heads each; random, and TPE with 48 random trials first. `ahead` asks for
trials before there is a worker for them (`sweeps/trial_queue.py`), `plain` as workers are free. `stacks` are the
computations that all heads of a sweep make an epoch of, and `heads` how many an average head is trained with, itself
counted, if none is pruned; `difference`, of the best value, is ahead less plain with its 95 % interval (Student's t).
"""

from __future__ import annotations

import math
import tempfile
from collections import Counter
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from bench.record import Record, print_record, recording
from ferray.config.fusing import BUNDLE, features_key
from ferray.config.job import JobBundle
from ferray.config.trial import TrialConfig
from ferray.stats.estimates import t_interval
from ferray.study.history import load_sweep
from ferray.sweeps.loop import run_trials
from ferray.sweeps.trial_queue import TrialQueue
from ferray.testing.curves import Curves, open_driver, saturating, small_spec

WIDTHS, SIZES = (4, 8, 16), (32, 40, 48)
TRIALS, SLOTS = 256, 2
HEADS = {"finetune": "head", "augment": "none", "head": "linear", "epochs": 8}
SPACE: dict[str, Any] = {
    "backbone": {"one_of": [{"tiny_cnn": {"width": width}} for width in WIDTHS]},
    "image_size": {"choice": list(SIZES)},
    "optimizer.lr": {"log_uniform": [1e-5, 1e-1]},
    "head.dropout": {"uniform": [0.0, 0.8]},
}
SAMPLERS: dict[str, Any] = {"random": "random", "tpe": {"tpe": {"startup_trials": 48}}}


def curve(config: TrialConfig, fraction: float) -> float:
    """Best of wide backbones, large images and half the dropout."""
    rank = WIDTHS.index(config.backbone.params["width"]) + SIZES.index(config.image_size)
    dropout = float(config.head.params["dropout"])  # type: ignore[arg-type]  # a number, as the space has it
    return saturating(config, fraction) * (0.8 + 0.05 * rank - 0.2 * abs(dropout - 0.4))


class CountedCurves(Curves):
    """Heads on a curve; `stacks` are how many of each bundle are on the same features."""

    stacks: tuple[int, ...] = ()

    def start(self, bundle: JobBundle) -> None:
        self.stacks += tuple(Counter(features_key(job.trial_config()) for job in bundle.jobs).values())
        super().start(bundle)


class Unfilled(TrialQueue):
    """Has nothing asked for the sake of fuller bundles."""

    def wants_choice(self, workers: int) -> bool:
        return False


def swept(folder: Path, *, sampler: Any, seed: int, asks_ahead: bool) -> dict[str, float]:
    """One sweep to its end."""
    spec = small_spec(budget={"trials": TRIALS}, sampler=sampler, space=SPACE, base={**HEADS, "seed": seed * 10_000})
    driver = open_driver(folder / spec.name, spec, trials_per_worker=BUNDLE, device="cpu")
    if not asks_ahead:
        driver.queue = Unfilled(driver.runtime)
    launcher = CountedCurves(driver.runtime, curve, slots=SLOTS)
    run_trials(driver, launcher)
    driver.study.close()
    values = [trial.value for trial in load_sweep(folder / spec.name).trials if trial.value is not None]
    stacks = launcher.stacks
    return {"stacks": len(stacks), "heads": sum(size * size for size in stacks) / sum(stacks), "best": max(values)}


def measure(quick: bool = False) -> Record:
    seeds = 2 if quick else 48
    with recording("bundles", quick=quick) as record, tempfile.TemporaryDirectory() as scratch:
        for name, sampler in SAMPLERS.items():
            sides: dict[str, list[dict[str, float]]] = {"plain": [], "ahead": []}
            for seed in range(seeds):
                for side, rows in sides.items():
                    folder = Path(scratch) / f"{name}-{seed}-{side}"
                    rows.append(swept(folder, sampler=sampler, seed=seed, asks_ahead=side == "ahead"))
            ours, floor = ([row["stacks"] for row in sides[side]] for side in ("ahead", "plain"))
            record.compare(f"stacks, {name}", ours, floor, unit="computations an epoch", at_most=1.0)
            gaps = [ahead["best"] - plain["best"] for ahead, plain in zip(sides["ahead"], sides["plain"], strict=True)]
            record.state(f"best, {name}", mean(gaps), "ahead less plain")
            record.details[name] = {
                **{side: {key: mean(row[key] for row in rows) for key in rows[0]} for side, rows in sides.items()},
                "difference": mean(gaps),
                "interval": t_interval(mean(gaps), stdev(gaps) / math.sqrt(seeds), seeds - 1, low=-1.0),
            }
    return record.document()


if __name__ == "__main__":
    print_record(measure, __doc__)
