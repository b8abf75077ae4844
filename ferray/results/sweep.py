"""A sweep read back into Python: what `ferray.load` returns, and `ferray.sweep` at its end. C = classes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from ferray.artifacts.history import read_history
from ferray.artifacts.outputs import output_at
from ferray.artifacts.sweep import SweepArtifacts
from ferray.config.place import DEFAULT_OUTPUT, find_sweep
from ferray.errors import DataError
from ferray.events import EpochReport
from ferray.files.os_errors import writing
from ferray.results.chosen import choose_trials, trial_called
from ferray.results.export import flat_entry
from ferray.results.frames import frame_of
from ferray.results.leaderboard import Leaderboard, rank
from ferray.results.progress import with_progress
from ferray.results.removals import Gone, removed_in
from ferray.results.trial_intervals import value_interval
from ferray.stats.intervals import Interval
from ferray.study.history import load_sweep
from ferray.study.records import SweepRecord, TrialRecord, TrialState

if TYPE_CHECKING:
    import pandas

    from ferray.training.ensemble_predictor import EnsemblePredictor
    from ferray.training.predictor import Predictor


@dataclass(frozen=True, repr=False)
class Trial:
    """One trial of a sweep. What its record holds is there at once; `history` and `removed` read the trial's folder."""

    record: TrialRecord
    _sweep: Sweep

    def __repr__(self) -> str:
        value = "" if self.value is None else f", {self._sweep.metric} {self.value:.3f}"
        return f"<Trial {self.number} of {self._sweep.name}: {self.outcome}{value}>"

    @property
    def number(self) -> int:
        """Its number in the sweep, from 0."""
        return self.record.number

    @property
    def state(self) -> TrialState:
        """`complete`, `pruned`, `failed`, `running`, `diverged`, `interrupted` or `waiting`."""
        return self.record.state

    @property
    def outcome(self) -> str:
        """The finer word, such as `orphaned` for a trial whose driver died; its reason is `record.message`."""
        return self.record.outcome

    @property
    def value(self) -> float | None:
        """The objective by the epoch that counts; None where no epoch does."""
        return self.record.value

    @property
    def interval(self) -> Interval | None:
        """95 % interval of `value`: one model on `num_val` images, or a mean over folds; None where none is known."""
        return value_interval(self.record, self._sweep.metric)

    @property
    def params(self) -> Mapping[str, Any]:
        """What was searched, by its key in the space."""
        return self.record.params

    @property
    def config(self) -> dict[str, Any]:
        """The whole configuration as plain containers, every default filled in; yours to change."""
        return deepcopy(self.record.config)

    @property
    def recipe(self) -> str:
        """8 hex digits: the configuration without its seed."""
        return self.record.recipe

    @property
    def metrics(self) -> Mapping[str, float]:
        """Of the epoch that counts: `val/accuracy`, `val/uar`, `val/macro_f1`, `val/loss`, `val/recall/CLASS`, ..."""
        return self.record.metrics

    @property
    def num_val(self) -> int:
        """Validation images behind `metrics`."""
        return self.record.num_val

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, in the order of `confusion`."""
        return self.record.classes

    @property
    def confusion(self) -> NDArray[np.int64]:
        """Validation images (C, C) of the epoch that counts, rows are the truth, columns what was said; else (0, 0)."""
        rows = self.record.confusion
        return np.array(rows, dtype=np.int64).reshape(len(rows), len(rows))

    @property
    def folder(self) -> Path:
        """Where its files lie, whether or not they are still there."""
        return self._sweep.folder / self.record.folder

    @property
    def checkpoint(self) -> Path | None:
        """Its best.pt; None where it left none, or `--keep` has deleted it."""
        return self._sweep.folder / self.record.checkpoint if self.record.checkpoint and not self.record.freed else None

    @cached_property
    def history(self) -> tuple[EpochReport, ...]:
        """Every epoch in order, () where none is in its folder; DataError for a file that is damaged."""
        return tuple(read_history(SweepArtifacts.of(self._sweep.folder).trial(self.record.folder)))

    @property
    def removed(self) -> tuple[Gone, ...]:
        """The training samples that outlier removal dropped, with their epochs; () where it dropped none."""
        return removed_in(self.history)

    def load(self, device: str = "cpu") -> Predictor:
        """Its network or estimator with the weights of its best epoch, as a function from images to logits.

        Its data need not be there. ConfigError where it left no checkpoint, with the reason; CheckpointError where the
        file cannot be read.
        """
        choose_trials(self._sweep.record, self._sweep.folder, [self.number])
        from ferray.training.predictor import load_predictor

        return load_predictor(SweepArtifacts.of(self._sweep.folder).file(self.record.checkpoint), device)


@dataclass(frozen=True, repr=False)
class Sweep:
    """A sweep as its record had it when it was read; reading disturbs nobody who runs it, and `figures` alone writes.

    `record` is the whole record; `folder` is absolute.
    """

    record: SweepRecord
    folder: Path

    def __repr__(self) -> str:
        best = f", best {self.metric} {self.best.value:.3f} (trial {self.best.number})" if self.best else ""
        return f"<Sweep {self.name}: {len(self.trials)} trials{best}>"

    @property
    def name(self) -> str:
        """What commands call it."""
        return self.record.name

    @property
    def metric(self) -> str:
        """The objective, such as `val/uar`."""
        return self.record.metric

    @property
    def mode(self) -> Literal["max", "min"]:
        """Which end of the objective is good."""
        return self.record.mode

    @property
    def is_running(self) -> bool:
        """Whether somebody drove it when it was read."""
        return self.record.driver is not None and self.record.driver.is_alive

    @cached_property
    def trials(self) -> tuple[Trial, ...]:
        """Every trial, in order of number, however it ended."""
        return tuple(Trial(trial, self) for trial in self.record.trials)

    @property
    def best(self) -> Trial | None:
        """The first complete trial of the leaderboard; None where none is complete."""
        first = self._board.best
        return None if first is None else Trial(first, self)

    def trial(self, number: int | Literal["best"]) -> Trial:
        """The trial of this number, or the `best` one; ConfigError where there is none."""
        return Trial(trial_called(self.record, number), self)

    def ensemble(self, device: str = "cpu") -> EnsemblePredictor:
        """The trials that `ferray ensemble` has chosen, as one function from images to logits.

        CheckpointError where none has been chosen yet, or where the best.pt of a member is gone.
        """
        from ferray.training.ensemble_predictor import load_ensemble

        return load_ensemble(SweepArtifacts.of(self.folder).ensemble, device)

    def leaderboard(self) -> list[dict[str, Any]]:
        """A row of plain containers each trial, ranked ones first: the `trials` of `ferray leaderboard --json`."""
        return self._board.entries()

    def frame(self) -> pandas.DataFrame:
        """`leaderboard` as a pandas DataFrame, a row each trial, with the columns of `ferray leaderboard --csv`.

        ConfigError where pandas is not installed.
        """
        return frame_of([flat_entry(row) for row in self.leaderboard()])

    def histories(self) -> pandas.DataFrame:
        """Every epoch of every trial as a pandas DataFrame, a row each, in order of `number` and `epoch`.

        The columns are those two, `epochs`, `fold`, `is_best`, `num_train`, and the metrics by their names. DataError
        for a damaged history, ConfigError where pandas is not installed.
        """
        rows = [_epoch_row(trial.number, epoch) for trial in self.trials for epoch in trial.history]
        return frame_of(rows, columns=None if rows else _EPOCH_COLUMNS)

    def figures(self, to: str | os.PathLike[str] | None = None, *, trials: Sequence[int] = ()) -> tuple[Path, ...]:
        """Draw what there is as `ferray figures` does, each as PNG and SVG, and return the files.

        Into `to`, else where the command draws: `figures/` in the sweep's folder. `trials` are numbers; () is all arms,
        or the best trial. The counts of classes, for which the data has to be there, are the command's alone. DataError
        for a damaged history, ConfigError where the folder holds figures of something else.
        """
        from ferray.results.figures.draw import draw_sweep, folder_name
        from ferray.results.groups import groups_of

        groups = groups_of(self.record, trials)
        folder = Path(to) if to is not None else self.folder / "figures" / folder_name(groups)
        with writing(folder, DataError, "choose another folder"):
            return tuple(draw_sweep(folder, self.record, self.folder, groups=groups).files)

    @cached_property
    def _board(self) -> Leaderboard:
        return rank(self.record)


def load(
    path: str | os.PathLike[str], *, output: str | os.PathLike[str] = DEFAULT_OUTPUT, storage: str | None = None
) -> Sweep:
    """The sweep in a folder such as `runs/sfew`, or of that name in `output`; also while it runs.

    `storage` is the URL of a record that lies in a database whose password the folder does not hold. ConfigError, with
    the sweeps that there are, where it is none; DataError where its record is damaged.
    """
    folder = find_sweep(os.fspath(path), output_at(output), storage).folder.absolute()
    return opened(load_sweep(folder, storage), folder)


_EPOCH_COLUMNS = ("number", "epoch", "epochs", "fold", "is_best", "num_train")


def _epoch_row(number: int, report: EpochReport) -> dict[str, Any]:
    held = (number, report.epoch, report.epochs, report.fold, report.is_best, report.num_train)
    return {**dict(zip(_EPOCH_COLUMNS, held, strict=True)), **report.metrics}


def opened(record: SweepRecord, folder: Path) -> Sweep:
    """The sweep of this record, its running trials brought up to the epochs in their folders."""
    return Sweep(with_progress(record, folder), folder)
