"""Whether TPE proposes worse when it looks at a window of a long study instead of all of it.

    python -m bench.tpe_window [--trials 1500] [--seeds 6] [--objectives smooth rugged noisy] [--quick]

prints one JSON document. Simulated studies over a conditional space (five to seven parameters) with three objectives,
all to be maximised, at most 1: `smooth` has one optimum, `rugged` many, `noisy` hides a few parameters that matter in
noise as large as what they are worth, as a small validation set does. Every trial that is below the median of the last
hundred at its half is pruned. Eight trials run at any time.

Each seed is run with the plain sampler and with each window; up to the window's size both are the same study, trial by
trial, so that what follows is compared like with like:
- `proposed`: the mean of the proposals after the largest window was full, without their noise;
- `found`: the worth, without noise, of the trial that the study calls best at its end.
`difference` is window less plain, the mean over seeds with its 95 % interval (Student's t); `wins` counts the seeds in
which the window was better, ties as halves.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from statistics import mean, median, stdev
from typing import Any

import numpy as np
import optuna
from optuna.samplers import BaseSampler
from optuna.trial import TrialState
from scipy.stats import t as student

from bench.record import environment
from ferray.study.samplers._window import Windowed
from ferray.study.samplers.tpe import MOST_TRIALS, Tpe

WINDOWS = (MOST_TRIALS, MOST_TRIALS // 2)
RUNNING = 8
Params = dict[str, Any]


def ask(study: optuna.Study) -> tuple[optuna.Trial, Params]:
    """A proposal over a space like a sweep's."""
    trial = study.ask()
    trial.suggest_float("lr", 1e-5, 1e-1, log=True)
    trial.suggest_float("decay", 1e-6, 1e-1, log=True)
    trial.suggest_float("dropout", 0.0, 0.8)
    trial.suggest_categorical("batch", [16, 32, 64, 128])
    loss = trial.suggest_categorical("loss", ["plain", "focal", "smooth"])
    if loss == "focal":
        trial.suggest_float("focal.gamma", 0.5, 4.0)
        trial.suggest_int("focal.warmup", 0, 10)
    if loss == "smooth":
        trial.suggest_float("smooth.amount", 0.0, 0.4)
    return trial, trial.params


def smooth(params: Params) -> float:
    """One optimum: lr 1e-3, decay 1e-4, dropout 0.3, batch 32, focal with gamma 1.5 and warmup 3."""
    away = (
        (math.log10(params["lr"]) + 3) ** 2 / 4
        + (math.log10(params["decay"]) + 4) ** 2 / 9
        + (params["dropout"] - 0.3) ** 2 * 4
        + 0.1 * abs(math.log2(params["batch"]) - 5)
    )
    branch = {"plain": 0.2, "smooth": 0.1 + 4 * (params.get("smooth.amount", 0.1) - 0.1) ** 2}
    focal = (params.get("focal.gamma", 1.5) - 1.5) ** 2 / 6 + abs(params.get("focal.warmup", 3) - 3) / 30
    return math.exp(-away - branch.get(params["loss"], focal))


def rugged(params: Params) -> float:
    """The smooth one with ripples that make many local optima."""
    ripple = 1 - 0.15 * (2 - math.cos(9 * math.log10(params["lr"]) + 27) - math.cos(25 * (params["dropout"] - 0.3)))
    return smooth(params) * ripple


def flat(params: Params) -> float:
    """Only the learning rate, the loss and gamma matter, and little."""
    branch = {"plain": 0.0, "smooth": 0.05, "focal": 0.2 * math.exp(-((params.get("focal.gamma", 2) - 2) ** 2))}
    return 0.5 + 0.3 * math.exp(-((math.log10(params["lr"]) + 3) ** 2)) + branch[params["loss"]]


OBJECTIVES: dict[str, tuple[Callable[[Params], float], float]] = {
    "smooth": (smooth, 0.0),
    "rugged": (rugged, 0.0),
    "noisy": (flat, 0.2),
}


@dataclass(frozen=True)
class Ran:
    """The worth of every proposal in order, and of the one that the study calls best."""

    proposed: list[float]
    found: float
    seconds: float


def run_study(objective: str, sampler: BaseSampler, seed: int, num_trials: int) -> Ran:
    """One simulated study."""
    worth_of, noise = OBJECTIVES[objective]
    generator, begin = np.random.default_rng(seed), time.process_time()
    study = optuna.create_study(direction="maximize", sampler=sampler)
    running: deque[tuple[optuna.Trial, float]] = deque()
    recent: deque[float] = deque(maxlen=100)
    worths: list[float] = []
    for _ in range(num_trials):
        trial, params = ask(study)
        worths.append(worth_of(params))
        running.append((trial, worths[-1] + noise * float(generator.normal())))
        if len(running) < RUNNING:
            continue
        trial, value = running.popleft()
        trial.report(0.9 * value, 6)
        is_weak = len(recent) >= 10 and value < median(recent)
        recent.append(value)
        study.tell(trial, None if is_weak else value, TrialState.PRUNED if is_weak else TrialState.COMPLETE)
    return Ran(worths, worths[study.best_trial.number], time.process_time() - begin)


def sampler_of(window: int | None, seed: int) -> BaseSampler:
    """ferray's TPE with another window, or without."""
    built = Tpe(Tpe.Params()).create(seed)
    assert isinstance(built, Windowed)
    return built.inner if window is None else Windowed(built.inner, window)


def compare(pairs: list[tuple[float, float]]) -> dict[str, Any]:
    """Window less plain over seeds."""
    differences = [ours - plain for ours, plain in pairs]
    half = float(student.ppf(0.975, len(pairs) - 1)) * stdev(differences) / math.sqrt(len(pairs))
    middle = mean(differences)
    return {
        "plain": round(mean(plain for _, plain in pairs), 4),
        "difference": round(middle, 4),
        "interval": [round(middle - half, 4), round(middle + half, 4)],
        "wins": sum((difference > 0) + 0.5 * (difference == 0) for difference in differences),
        "of": len(pairs),
    }


def measure(objective: str, num_seeds: int, num_trials: int, windows: tuple[int, ...]) -> dict[str, Any]:
    """All arms of one objective."""
    arms: dict[int | None, list[Ran]] = {window: [] for window in (None, *windows)}
    for seed in range(num_seeds):
        for window, runs in arms.items():
            runs.append(run_study(objective, sampler_of(window, seed), seed, num_trials))
        print(f"{objective}: {seed + 1} of {num_seeds} seeds", file=sys.stderr, flush=True)
    after = max(windows)
    figures: dict[str, Any] = {"cpu_s_plain": round(mean(run.seconds for run in arms[None]), 1)}
    for window in windows:
        both = list(zip(arms[window], arms[None], strict=True))
        figures[f"window_{window}"] = {
            "proposed": compare([(mean(ours.proposed[after:]), mean(plain.proposed[after:])) for ours, plain in both]),
            "found": compare([(ours.found, plain.found) for ours, plain in both]),
            "cpu_s": round(mean(ours.seconds for ours, _ in both), 1),
        }
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--trials", type=int, default=3 * MOST_TRIALS)
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--objectives", nargs="+", choices=[*OBJECTIVES], default=[*OBJECTIVES])
    parser.add_argument("--quick", action="store_true", help="small windows and studies: to see that it works")
    given = parser.parse_args()
    trials, seeds, windows = (given.trials, given.seeds, WINDOWS) if not given.quick else (120, 2, (80, 60))
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    figures = {objective: measure(objective, seeds, trials, windows) for objective in given.objectives}
    print(json.dumps({"benchmark": "tpe_window", "trials": trials, "machine": environment(), **figures}, indent=2))


if __name__ == "__main__":
    main()
