"""Which keys the runs of a sweep have, so that no column, filter or panel asks for one that is nowhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ferray.artifacts.sweep import SweepArtifacts
from ferray.results.leaderboard import Leaderboard
from ferray.study.records import TrialRecord
from ferray.track.wandb_runs import payload

CONFUSION, REMOVED = payload.CONFUSION_TABLE, payload.REMOVED_TABLE


@dataclass(frozen=True)
class RunKeys:
    """The keys of a sweep's runs, of its trials' and of its own, by the part of a run that they are in."""

    config: frozenset[str] = frozenset()
    summary: frozenset[str] = frozenset()
    history: frozenset[str] = frozenset()

    def with_summary(self, keys: Iterable[str]) -> RunKeys:
        """These and some more of the summary."""
        return RunKeys(self.config, self.summary | frozenset(keys), self.history)


def keys_of_trials(board: Leaderboard, folder: Path) -> RunKeys:
    """What the runs of the trials of the sweep in `folder` have between them."""
    told = [trial for trial in board.trials if trial.best_epoch]
    history = {payload.EPOCH, *(name for trial in told for name in trial.metrics)} if told else set[str]()
    summary = {key for trial in board.to_json()["trials"] for key in _summary_of(trial)}
    if told:
        summary.add(CONFUSION)
    if _any_removed(told, folder):
        summary.add(REMOVED)
        history |= {"outliers/variance", "outliers/num_kept", "outliers/num_removed"}
    params = {payload.param_key(name) for trial in board.trials for name in trial.told}
    return RunKeys(frozenset({payload.TRIAL, payload.RECIPE, *params}), frozenset(summary), frozenset(history))


def _summary_of(entry: dict[str, object]) -> Iterable[str]:
    rank = entry["rank"]
    return payload.summary_of(entry, payload.Standing(rank if isinstance(rank, int) else None))


def _any_removed(trials: Iterable[TrialRecord], folder: Path) -> bool:
    artifacts = SweepArtifacts.of(folder)
    return any(artifacts.trial(trial.folder).removed.exists() for trial in trials if trial.folder)
