"""Which trials stand together in a picture: the seeds of an arm, or a trial alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ferray.errors import ConfigError, DataError, did_you_mean
from ferray.results.arms import ALL, trials_by_arm
from ferray.results.leaderboard import rank
from ferray.study.records import SweepRecord, TrialRecord


@dataclass(frozen=True)
class Group:
    """Trials that differ by their seed alone, under the name of their arm, or one trial under its number."""

    name: str
    trials: tuple[TrialRecord, ...]
    is_arm: bool = True

    @property
    def num_runs(self) -> int:
        """Trainings in it, folds counted apart."""
        return sum(max(1, len(trial.folds)) for trial in self.trials)


def groups_of(record: SweepRecord, numbers: Sequence[int] = ()) -> list[Group]:
    """The trials asked for by number, each alone; else every arm with its seeds; else the best trial.

    ConfigError for a number that is not there, DataError where no trial is complete.
    """
    trials = {trial.number: trial for trial in record.trials}
    for number in numbers:
        if number not in trials:
            raise ConfigError(f"`{record.name}` has no trial `{number}`", did_you_mean(str(number), map(str, trials)))
    if numbers:
        return [Group(f"trial {number}", (trials[number],), is_arm=False) for number in dict.fromkeys(numbers)]
    best = rank(record).best
    if best is None:
        raise DataError(f"no trial of `{record.name}` is complete", "name one that is not with `--trial`")
    arms = trials_by_arm(record)
    if ALL in arms:
        return [Group(f"trial {best.number} (best)", (best,), is_arm=False)]
    return [Group(arm, tuple(of_seeds.values())) for arm, of_seeds in arms.items()]


def naming(groups: Sequence[Group]) -> str:
    """`, trial 3` after a title that speaks of one group; nothing where there are several."""
    return f", {groups[0].name}" if len(groups) == 1 else ""


def numbers_of(groups: Sequence[Group]) -> list[int]:
    """The trials that stand alone, by number; none where the groups are arms."""
    return [group.trials[0].number for group in groups if not group.is_arm]
