"""The ranking of a sweep: best trials first, those that did not complete apart, as data for tables, JSON and CSV."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from statistics import stdev
from typing import Any, Literal

from ferray.config.readable import readable_params, short_names
from ferray.results.export import driver_entry, entries_as_csv, entry
from ferray.results.selection import selection_effects
from ferray.results.trial_intervals import accuracy_interval, value_interval
from ferray.stats.ranking import is_better, trial_rank
from ferray.study.records import SweepRecord, TrialRecord, TrialState


@dataclass(frozen=True)
class Leaderboard:
    """Trials by state. `complete` and `pruned` run best first, ties by the lower number; the rest by number.

    Pruned trials are compared by the best of the epochs they were given, fewer than complete ones had: their order
    among themselves is a hint and no ranking.
    """

    record: SweepRecord
    complete: tuple[TrialRecord, ...]
    pruned: tuple[TrialRecord, ...]
    diverged: tuple[TrialRecord, ...]
    running: tuple[TrialRecord, ...]
    failed: tuple[TrialRecord, ...]
    interrupted: tuple[TrialRecord, ...]
    waiting: tuple[TrialRecord, ...]

    @property
    def sweep(self) -> str:
        """Its name."""
        return self.record.name

    @property
    def metric(self) -> str:
        """The objective."""
        return self.record.metric

    @property
    def mode(self) -> Literal["max", "min"]:
        """Which end of the objective is good."""
        return self.record.mode

    @property
    def trials(self) -> tuple[TrialRecord, ...]:
        """Every trial, in the order of the JSON contract."""
        ended = (*self.complete, *self.pruned, *self.diverged)
        return (*ended, *self.running, *self.failed, *self.interrupted, *self.waiting)

    @property
    def best(self) -> TrialRecord | None:
        """The first of the complete trials."""
        return self.complete[0] if self.complete else None

    @property
    def pruned_above_best(self) -> tuple[TrialRecord, ...]:
        """Pruned trials that had scored higher than every complete one, best first.

        A pruner keeps what leads; these were stopped while a trial was ahead that then failed, diverged or never ended,
        or whose epochs a pruner compared otherwise. Their best weights so far are kept (`Retention`).
        """
        best = self.best
        return tuple(trial for trial in self.pruned if best and is_better(trial.value, best.value, self.mode))

    @property
    def outcomes(self) -> dict[str, int]:
        """How many trials ended in each way, in the order of `trials`."""
        return dict(Counter(trial.outcome for trial in self.trials))

    @property
    def endings(self) -> dict[str, int]:
        """How many trials ended in each way in the words that people are told, in the order of `trials`."""
        return dict(Counter(trial.ending for trial in self.trials))

    @property
    def reasons(self) -> dict[str, int]:
        """How many trials failed or lost their worker for each reason."""
        return dict(Counter(trial.reason for trial in self.trials if trial.reason))

    @cached_property
    def varying(self) -> tuple[str, ...]:
        """Parameters that differ among the complete trials; the budget of epochs has its own column."""
        return tuple(name for name, texts in self._texts.items() if name != "epochs" and len(texts) > 1)

    @property
    def common(self) -> dict[str, str]:
        """Parameters that all complete trials share, readable."""
        return {name: next(iter(texts)) for name, texts in self._texts.items() if len(texts) == 1}

    @property
    def columns(self) -> tuple[str, ...]:
        """Headings of `rows`; parameters under the shortest name that tells them apart."""
        shorts = short_names(self.varying)
        return (*FIXED_COLUMNS[:2], self.metric, *FIXED_COLUMNS[2:], *(shorts[name] for name in self.varying))

    @property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """One row of text a complete trial, best first, parallel to `columns`; a rank with those it may truly have."""
        ranks = selection_effects(self).ranks
        texts = [_rank_text(rank, ranks.get(trial.number)) for rank, trial in enumerate(self.complete, start=1)]
        return tuple(_row(text, trial, self) for text, trial in zip(texts, self.complete, strict=True))

    def entries(self, limit: int | None = None) -> list[dict[str, Any]]:
        """The first so many trials as plain containers, ranked ones first; what is not a finite number is None."""
        ranks = {trial.number: rank for rank, trial in enumerate(self.complete, start=1)}
        return [{"rank": ranks.get(trial.number), **entry(trial, self.metric)} for trial in self.trials[:limit]]

    def to_json(self, limit: int | None = None) -> dict[str, Any]:
        """The contract of `ferray leaderboard --json`, of the first so many trials."""
        objective = {"metric": self.metric, "mode": self.mode}
        return {
            "sweep": self.sweep,
            "objective": objective,
            "driver": driver_entry(self.record.driver),
            "trials": self.entries(limit),
            "selection": selection_effects(self).to_json(),
        }

    def to_csv(self, limit: int | None = None) -> str:
        """One line a trial in the order of `trials`: `params.*` and `metrics.*` flat, numbers in full."""
        return entries_as_csv(self.entries(limit))

    @cached_property
    def _texts(self) -> dict[str, set[str]]:
        """What the complete trials have for each of their parameters, "" where one lacks it."""
        readable = [readable_params(trial.told) for trial in self.complete]
        names = dict.fromkeys(name for params in readable for name in params)
        return {name: {params.get(name, "") for params in readable} for name in names}


FIXED_COLUMNS = ("rank", "trial", "accuracy", "epoch", "recipe")


def rank(record: SweepRecord) -> Leaderboard:
    """Order the trials of a sweep by its objective."""

    def of(state: TrialState) -> list[TrialRecord]:
        return [trial for trial in record.trials if trial.state == state]

    def by_value(trial: TrialRecord) -> tuple[float, int]:
        return trial_rank(trial.number, trial.value, record.mode)

    return Leaderboard(
        record,
        complete=tuple(sorted(of("complete"), key=by_value)),
        pruned=tuple(sorted(of("pruned"), key=by_value)),
        diverged=tuple(of("diverged")),
        running=tuple(of("running")),
        failed=tuple(of("failed")),
        interrupted=tuple(of("interrupted")),
        waiting=tuple(of("waiting")),
    )


def _rank_text(rank: int, interval: tuple[int, int] | None) -> str:
    """`3 [1–9]`; the rank alone where it is sure, or nothing is known."""
    return f"{rank} [{interval[0]}–{interval[1]}]" if interval and interval[0] < interval[1] else str(rank)


def _row(rank: str, trial: TrialRecord, board: Leaderboard) -> tuple[str, ...]:
    params = readable_params(trial.told)
    return (
        rank,
        str(trial.number),
        value_text(trial, board.metric),
        _accuracy_text(trial),
        f"{trial.best_epoch}/{trial.epochs}",
        trial.recipe,
        *(params.get(name, "") for name in board.varying),
    )


def value_text(trial: TrialRecord, metric: str) -> str:
    """The objective with half the width of its interval: `0.434 ±0.045`."""
    if trial.value is None:
        return "-"
    interval = value_interval(trial, metric)
    if len(trial.folds) < 2:
        return f"{trial.value:.3f} ±{(interval[1] - interval[0]) / 2:.3f}" if interval else f"{trial.value:.4g}"
    reach = max(trial.value - interval[0], interval[1] - trial.value) if interval else math.nan  # one end may be cut
    text = f"{trial.value:.3f} ±{reach:.3f}"
    return f"{text} ({len(trial.folds)} folds, sd {stdev(fold.value for fold in trial.folds):.3f})"


def _accuracy_text(trial: TrialRecord) -> str:
    interval = accuracy_interval(trial)
    if interval is None:
        return "-"
    return f"{trial.metrics['val/accuracy']:.3f} [{interval[0]:.3f}–{interval[1]:.3f}] n={trial.num_val}"
