"""What was trained with several seeds: the arms of a sweep, or recipes that were trained more than once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ferray.results.arms import ALL, seed_of, trials_by_arm
from ferray.results.measured import measured_on
from ferray.stats.estimates import METHODS, METRICS, Estimate, Metric
from ferray.stats.ranking import best_first
from ferray.study.records import SweepRecord, TrialRecord


@dataclass(frozen=True)
class OverSeeds:
    """One arm or recipe: the trials behind it, and the mean of their validation scores with its interval."""

    name: str
    trials: tuple[int, ...]
    estimate: Estimate

    @property
    def method(self) -> str:
        """How the interval came about, or why there is none."""
        return METHODS.get(self.estimate.method, self.estimate.method)


def over_seeds(record: SweepRecord, folder: Path) -> tuple[OverSeeds, ...]:
    """The best first; () where nothing was trained twice, or the objective is no score in [0, 1]."""
    metric = _metric(record)
    if metric is None:
        return ()
    found = [_over_seeds(name, trials, metric, folder) for name, trials in _groups(record).items()]
    known = [each for each in found if each is not None]
    return tuple(sorted(known, key=lambda each: best_first(each.estimate.value, record.mode)))


def _metric(record: SweepRecord) -> Metric | None:
    return next((metric for metric in METRICS if record.metric == f"val/{metric}"), None)


def _groups(record: SweepRecord) -> dict[str, dict[int, TrialRecord]]:
    """Trials by arm and seed; where there are no arms by recipe, as far as one was trained with several seeds."""
    arms = trials_by_arm(record)
    if arms and ALL not in arms:
        return arms
    recipes: dict[str, dict[int, TrialRecord]] = {}
    for trial in record.trials:
        if trial.state == "complete":
            recipes.setdefault(f"recipe {trial.recipe}", {}).setdefault(seed_of(trial), trial)
    return {name: trials for name, trials in recipes.items() if len(trials) > 1}


def _over_seeds(name: str, trials: Mapping[int, TrialRecord], metric: Metric, folder: Path) -> OverSeeds | None:
    is_folded = bool(next(iter(trials.values())).folds)
    measured = measured_on("cv" if is_folded else "val", metric, trials, folder)
    if measured is None:
        return None
    return OverSeeds(name, tuple(trial.number for trial in trials.values()), measured.estimate())
