"""All that a page says of a sweep, gathered once: what the templates print and the figures are drawn from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from ferray.config.exclusion import kept_list
from ferray.config.place import DataPlace
from ferray.config.readable import readable_value
from ferray.errors import DataError
from ferray.reports.axes import Axis, axes_of
from ferray.reports.cost import Cost, cost_of
from ferray.reports.environment import Environment, environment_of
from ferray.reports.histories import Histories, read_histories
from ferray.reports.judged import Judged, judged_trials
from ferray.reports.removed import RemovedSamples, removed_samples
from ferray.reports.seeds import OverSeeds, over_seeds
from ferray.reports.space import nodes_of, written_space
from ferray.reports.summary import sentences
from ferray.reports.trial_data import page_data
from ferray.results.blinding import Standing, readings_of, standing_of
from ferray.results.confirmation import Confirmation, read_confirmation
from ferray.results.leaderboard import Leaderboard, rank
from ferray.results.removals import best_with_removals, read_removals
from ferray.results.selection import SelectionEffects, selection_effects
from ferray.results.sweep import Sweep
from ferray.study.importance import Importances, importances
from ferray.study.records import Reading, TrialRecord

T = TypeVar("T")
FAULTS = ("failed", "diverged", "interrupted", "orphaned")


@dataclass(frozen=True)
class Contents:
    """One sweep as of `made`. `notes` say what could not be read."""

    sweep: Sweep
    made: datetime
    board: Leaderboard
    standing: Standing
    readings: tuple[Reading, ...]
    axes: tuple[Axis, ...]
    summary: Sequence[str]
    selection: SelectionEffects
    over_seeds: tuple[OverSeeds, ...]
    confirmation: Confirmation | None
    judged: tuple[Judged, ...]
    cost: Cost
    histories: Histories
    importances: Importances
    removed: RemovedSamples | None
    environment: Environment | None
    space: str
    data: Mapping[str, Any]
    notes: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[Axis, ...]:
        """The parameters that the leaderboard shows: the number of epochs has its own column there."""
        return tuple(axis for axis in self.axes if axis.name != "epochs")

    @property
    def example(self) -> str:
        """A filter that speaks of this sweep's columns."""
        numbers = [f"{axis.short}<{readable_value(axis.middle)}" for axis in self.columns if not axis.names]
        names = [f"{axis.short}={axis.names[0]}" for axis in self.columns if axis.names and " " not in axis.names[0]]
        return " ".join([*numbers[:1], *names[:1]]) or "epochs>10"

    @property
    def has_folds(self) -> bool:
        """Whether a trial of it is cross-validated."""
        return any(trial.config.get("folds") for trial in self.sweep.record.trials)

    @property
    def faults(self) -> list[TrialRecord]:
        """Trials that did not end as they should have, in order of number."""
        return [trial for trial in self.sweep.record.trials if trial.outcome in FAULTS]


def contents_of(sweep: Sweep, made: datetime, data: DataPlace | None) -> Contents:
    """Read what a sweep's record, folder and histories hold; `data` is where pictures are taken from.

    What is damaged is left out and noted: a page is made of whatever can be read.
    """
    record, folder = sweep.record, sweep.folder
    board, nodes = rank(record), nodes_of(folder)
    histories = read_histories(sweep, board)
    notes = list(histories.damaged)
    selection, means = selection_effects(board), over_seeds(record, folder)
    axes, cost = axes_of(record.trials, nodes), cost_of(record, histories.seconds)
    standing, readings = standing_of(record, folder), readings_of(record, folder)
    return Contents(
        sweep=sweep,
        made=made,
        board=board,
        standing=standing,
        readings=readings,
        axes=axes,
        summary=sentences(board, selection, means, standing=standing, cost=cost, readings=readings),
        selection=selection,
        over_seeds=means,
        confirmation=_unless_damaged(lambda: read_confirmation(folder), None, notes),
        judged=_unless_damaged(lambda: judged_trials(sweep, standing), (), notes),
        cost=cost,
        histories=histories,
        importances=importances(record, nodes),
        removed=_removed(sweep, data, notes),
        environment=environment_of(folder),
        space=written_space(folder),
        data=page_data(board, axes, histories.epochs, selection),
        notes=tuple(notes),
    )


def _unless_damaged(read: Callable[[], T], otherwise: T, notes: list[str]) -> T:
    """What is read, or `otherwise` and a note where it is damaged."""
    try:
        return read()
    except DataError as error:
        notes.append(error.message)
        return otherwise


def _removed(sweep: Sweep, data: DataPlace | None, notes: list[str]) -> RemovedSamples | None:
    """The removals of the best trial that has some; None where no trial removed a sample."""
    trial = best_with_removals(sweep.folder, sweep.record)
    if trial is None:
        return None
    try:
        if data is not None:
            data = replace(data, exclude=kept_list(sweep.folder, trial.trial_config().exclude))
        return removed_samples(read_removals(sweep.folder, trial), trial, data)
    except DataError as error:
        notes.append(f"the removals of trial {trial.number} are left out: {error.message}")
        return None
