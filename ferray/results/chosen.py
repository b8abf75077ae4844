"""Which trials of a sweep are to be judged on the test split."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from ferray.artifacts.sweep import SweepArtifacts
from ferray.errors import ConfigError, DataError, did_you_mean
from ferray.results.held_out import read_held_out
from ferray.results.leaderboard import rank
from ferray.study.records import SweepRecord, TrialRecord

MOST_NAMED = 20


def choose_trials(
    record: SweepRecord, folder: Path, numbers: Sequence[int] = (), *, every: bool = False
) -> list[TrialRecord]:
    """The trials asked for of the sweep in `folder`: those `numbers`, `every` one that completed, or else the best one.

    ConfigError for a number that the sweep lacks or that left no checkpoint, DataError where there is none at all. What
    `--keep` has deleted can be asked for where it was judged before, else it is a ConfigError too.
    """
    chosen = _chosen(record, numbers, every=every)
    artifacts = SweepArtifacts.of(folder)
    lost = [trial for trial in chosen if trial.freed and read_held_out(artifacts.trial(trial.folder)) is None]
    if lost:
        raise ConfigError(*_not_kept(record, lost))
    return chosen


def _chosen(record: SweepRecord, numbers: Sequence[int], *, every: bool) -> list[TrialRecord]:
    if numbers:
        return [_by_number(record, number) for number in dict.fromkeys(numbers)]
    judged = [trial for trial in rank(record).complete if trial.checkpoint]
    if not judged:
        raise DataError(*_nothing_to_judge(record))
    return sorted(judged, key=lambda trial: trial.number) if every else judged[:1]


def trial_called(record: SweepRecord, which: int | Literal["best"]) -> TrialRecord:
    """The trial of this number, however it ended, or the `best` one; ConfigError where there is none."""
    if which != "best":
        return _numbered(record, which)
    best = rank(record).best
    if best is None:
        raise ConfigError(
            f"no trial of `{record.name}` is complete", f"`{record.command('trials')}` says how they ended"
        )
    return best


def _numbered(record: SweepRecord, number: int) -> TrialRecord:
    trials = {trial.number: trial for trial in record.trials}
    if number not in trials:
        hint = did_you_mean(str(number), map(str, trials)) if len(trials) < MOST_NAMED else ""
        raise ConfigError(
            f"`{record.name}` has no trial `{number}`", hint or f"`{record.command('trials')}` lists them"
        )
    return trials[number]


def _by_number(record: SweepRecord, number: int) -> TrialRecord:
    trial = _numbered(record, number)
    if trial.folds:
        message = f"trial `{number}` is cross-validated and leaves no checkpoint"
        raise ConfigError(message, f"its folds are its measurement, see `{record.command('leaderboard')}`")
    if not trial.checkpoint:
        message = f"trial `{number}` ended as `{trial.ending}` and left no checkpoint"
        raise ConfigError(message, f"`{record.command('leaderboard')}` lists the complete ones")
    return trial


def _not_kept(record: SweepRecord, lost: Sequence[TrialRecord]) -> tuple[str, str]:
    numbers = _numbers(lost)
    whose = f"trial {numbers} of `{record.name}` has" if len(lost) == 1 else f"trials {numbers} of `{record.name}` have"
    message = f"{whose} kept no checkpoint (`--keep {lost[-1].freed}`)"
    kept = [trial for trial in rank(record).complete if trial.checkpoint and not trial.freed]
    if kept:
        return message, f"choose by `--trial` among those that have: {_numbers(kept)}"
    asked = record.command("leaderboard --json --limit 1")
    return message, f"train the best again in a sweep of another `--name`, by `--enqueue` of what `{asked}` prints"


def _numbers(trials: Sequence[TrialRecord]) -> str:
    more = f" and {len(trials) - MOST_NAMED} more" if len(trials) > MOST_NAMED else ""
    return ", ".join(str(trial.number) for trial in trials[:MOST_NAMED]) + more


def _nothing_to_judge(record: SweepRecord) -> tuple[str, str]:
    if any(trial.folds for trial in record.trials):
        message = f"the trials of `{record.name}` are cross-validated and leave no checkpoints"
        return message, f"their folds are their measurement, see `{record.command('leaderboard')}`"
    return f"no trial of `{record.name}` is complete", f"`{record.command('trials')}` says how they ended"
