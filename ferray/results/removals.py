"""What outlier removal did in one trial: read from its history, counted, and written as csv."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ferray.artifacts.history import read_history
from ferray.artifacts.sweep import SweepArtifacts
from ferray.errors import DataError
from ferray.events import EpochReport, OutlierReport, RemovedSample, act_of
from ferray.results.export import write_csv
from ferray.results.leaderboard import rank
from ferray.study.records import SweepRecord, TrialRecord


@dataclass(frozen=True)
class Look:
    """One epoch after which the rule saw the training samples; `epoch` counts through all folds, from 1."""

    epoch: int
    fold: int
    report: OutlierReport


@dataclass(frozen=True)
class Gone:
    """One removed sample and when it went."""

    epoch: int
    fold: int
    sample: RemovedSample


@dataclass(frozen=True)
class Removals:
    """A trial's outlier removal. `rule` and `params` are its configuration's, `num_train` the training samples at the
    start by fold, `looks` in order of epochs.
    """

    trial: int
    rule: str
    params: dict[str, object]
    classes: tuple[str, ...]
    num_train: dict[int, int]
    looks: tuple[Look, ...]

    @property
    def rounds(self) -> tuple[Look, ...]:
        """The looks that removed something."""
        return tuple(look for look in self.looks if look.report.removed)

    @property
    def removed(self) -> tuple[Gone, ...]:
        """Every removed sample, in order of rounds and from the highest loss down within one."""
        return tuple(Gone(look.epoch, look.fold, sample) for look in self.rounds for sample in look.report.removed)

    @property
    def act(self) -> str:
        """What became of them: `removed` or `relabelled`."""
        return act_of(gone.sample for gone in self.removed)

    @property
    def removed_by_class(self) -> tuple[int, ...]:
        """How many of each class went, in the order of `classes`."""
        labels = [gone.sample.label for gone in self.removed]
        return tuple(labels.count(label) for label in range(len(self.classes)))

    @property
    def num_caught(self) -> int | None:
        """How many removed samples had a wrong label; None where the data set does not know it of each."""
        known = [gone.sample.truly_mislabelled for gone in self.removed]
        return None if None in known else sum(map(bool, known))

    @property
    def num_mislabelled(self) -> int | None:
        """The wrong labels among the training samples at the first look of each fold; None where nobody knows."""
        first = {look.fold: look.report.num_mislabelled for look in reversed(self.looks)}
        known = [count for count in first.values() if count is not None]
        return sum(known) if first and len(known) == len(first) else None


def read_removals(sweep_folder: Path, trial: TrialRecord) -> Removals:
    """The removals of one trial; DataError where its folder holds no history."""
    artifacts = SweepArtifacts.of(sweep_folder).trial(trial.folder)
    history = read_history(artifacts)
    if not history:
        raise DataError(f"trial `{trial.number}` has no history in `{artifacts.address}`", "it finished no epoch")
    rule, params = next(iter(trial.config["outliers"].items()))
    return Removals(
        trial=trial.number,
        rule=rule,
        params=params,
        classes=history[0].classes,
        num_train={report.fold: report.num_train for report in reversed(history)},
        looks=_looks(history),
    )


def removed_in(history: Sequence[EpochReport]) -> tuple[Gone, ...]:
    """Every sample that was removed in these epochs, in their order and from the highest loss down within one."""
    return tuple(Gone(look.epoch, look.fold, sample) for look in _looks(history) for sample in look.report.removed)


def _looks(history: Sequence[EpochReport]) -> tuple[Look, ...]:
    return tuple(Look(report.epoch, report.fold, report.outliers) for report in history if report.outliers)


def best_with_removals(sweep_folder: Path, record: SweepRecord) -> TrialRecord | None:
    """The best trial that removed something, completed before pruned ones; None where no trial did."""
    board = rank(record)
    ranked = (*board.complete, *board.pruned)
    artifacts = SweepArtifacts.of(sweep_folder)
    return next((trial for trial in ranked if artifacts.trial(trial.folder).removed.exists()), None)


REMOVED_COLUMNS = ("epoch", "fold", "sample_id", "name", "label", "predicted", "loss", "truly_mislabelled")
LOOK_COLUMNS = ("epoch", "fold", "variance", "num_kept", "num_removed", "note")


def write_tables(folder: Path, removals: Removals) -> list[Path]:
    """`outliers_removed.csv`, a removed sample a line, and `outliers_variance.csv`, a look a line."""
    removed = [_removed_row(gone, removals.classes) for gone in removals.removed]
    return [
        write_csv(folder / "outliers_removed.csv", REMOVED_COLUMNS, removed),
        write_csv(folder / "outliers_variance.csv", LOOK_COLUMNS, map(_look_row, removals.looks)),
    ]


def _removed_row(gone: Gone, classes: Sequence[str]) -> tuple[object, ...]:
    sample, known = gone.sample, gone.sample.truly_mislabelled
    label, predicted = classes[sample.label], classes[sample.predicted]
    truth = "" if known is None else str(known).lower()
    return (gone.epoch, gone.fold, sample.sample_id, sample.name, label, predicted, f"{sample.loss:.6g}", truth)


def _look_row(look: Look) -> tuple[object, ...]:
    report = look.report
    variance = f"{report.variance:.6g}" if math.isfinite(report.variance) else ""
    return (look.epoch, look.fold, variance, report.num_kept, len(report.removed), report.note)
