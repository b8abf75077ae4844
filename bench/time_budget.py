"""What a sweep makes of a time budget: complete trials and the best of them, with and without a choice near its end.

    python -m bench.time_budget [--quick]

prints one JSON document. Sweeps on curves over a backbone whose epochs take 1, 3 or 10 s, a rate, and 8 to 24 epochs,
through the real driver, study and loop, a trial at a time by a clock that the epochs move; TPE, no pruner. `chosen`
puts by what would not end in time (`sweeps/time_left.py`), `plain` begins whatever is proposed. `unfinished_s` went
into trials that the end of the time stopped, `best` is that of the complete ones: the mean over seeds, and
`difference`, of `best`, chosen less plain with its 95 % interval (Student's t).
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from bench.record import Record, print_record, recording
from ferray.config.trial import TrialConfig
from ferray.stats.estimates import t_interval
from ferray.study.history import load_sweep
from ferray.sweeps.launcher import Event
from ferray.sweeps.loop import run_trials
from ferray.sweeps.time_left import TimeLeft
from ferray.testing.curves import Curves, open_driver, saturating, small_spec

EPOCH_S = {4: 1.0, 16: 3.0, 64: 10.0}  # by the width of the backbone
WORTH = {4: 0.9, 16: 0.95, 64: 1.0}
BUDGETS_S = (300.0, 600.0, 1200.0)
SPACE: dict[str, Any] = {
    "backbone": {"one_of": [{"tiny_cnn": {"width": width}} for width in EPOCH_S]},
    "optimizer.lr": {"log_uniform": [1e-5, 1e-1]},
    "epochs": {"int_uniform": [8, 24]},
}


def width(config: TrialConfig) -> int:
    return int(config.backbone.params["width"])  # type: ignore[arg-type]  # a number, as the space has it


def curve(config: TrialConfig, fraction: float) -> float:
    return WORTH[width(config)] * saturating(config, fraction)


class TimedCurves(Curves):
    """Trials on a curve that move a clock, one at a time."""

    now = 0.0

    def poll(self) -> Sequence[Event]:
        self.now += sum(EPOCH_S[width(job.trial_config())] for job, _ in self._running.values())
        return super().poll()


def swept(folder: Path, *, budget_s: float, seed: int, chooses: bool) -> dict[str, float]:
    """One sweep to the end of its time."""
    spec = small_spec(
        budget={"trials": 10_000, "time_s": budget_s}, sampler="tpe", space=SPACE, base={"seed": seed * 10_000}
    )
    driver = open_driver(folder / spec.name, spec)
    launcher = TimedCurves(driver.runtime, curve)
    driver.clock = lambda: launcher.now
    if not chooses:
        driver.time_left = TimeLeft(driver.clock, lambda: None)
    run_trials(driver, launcher)
    driver.study.close()
    trials = load_sweep(folder / spec.name).trials
    complete = [trial for trial in trials if trial.state == "complete"]
    stopped = [trial for trial in trials if trial.state == "interrupted"]
    return {
        "complete": len(complete),
        "best": max((trial.value or 0.0 for trial in complete), default=0.0),
        "unfinished_s": sum(trial.epochs * EPOCH_S[width(trial.trial_config())] for trial in stopped),
        "used_s": launcher.now,
    }


def measure(quick: bool = False) -> Record:
    seeds = 2 if quick else 12
    with recording("time_budget", quick=quick) as record, tempfile.TemporaryDirectory() as scratch:
        for budget_s in BUDGETS_S[:1] if quick else BUDGETS_S:
            sides: dict[str, list[dict[str, float]]] = {"plain": [], "chosen": []}
            for seed in range(seeds):
                for side, rows in sides.items():
                    folder = Path(scratch) / f"{budget_s:g}-{seed}-{side}"
                    rows.append(swept(folder, budget_s=budget_s, seed=seed, chooses=side == "chosen"))
            gaps = [ours["best"] - plain["best"] for ours, plain in zip(sides["chosen"], sides["plain"], strict=True)]
            record.state(f"best, {budget_s:g} s", mean(gaps), "chosen less plain")
            record.details[f"{budget_s:g} s"] = {
                **{side: {name: mean(row[name] for row in rows) for name in rows[0]} for side, rows in sides.items()},
                "difference": mean(gaps),
                "interval": t_interval(mean(gaps), stdev(gaps) / math.sqrt(seeds), seeds - 1, low=-1.0),
            }
    return record.document()


if __name__ == "__main__":
    print_record(measure, __doc__)
