"""`SharedStages`: which running trial trains a stage that several share, and which wait for it meanwhile."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from ferray.artifacts.file_system import ArtifactFile
from ferray.artifacts.sweep import SweepArtifacts
from ferray.artifacts.trial import TrialArtifacts, stage_folder
from ferray.config.trial import TrialConfig
from ferray.errors import FerrayError
from ferray.events import EpochReport
from ferray.study.study import LOOK_EVERY_S, Trial
from ferray.sweeps.warm_start import Parent


@dataclass
class _Staged:
    """A running trial with stages before its last, of which `folders` are those that trials share."""

    trial: Trial
    folders: tuple[str, ...]
    is_started: bool = False
    best: EpochReport | None = None  # of the stage that it trains


class Others(Protocol):
    """What a `Study` knows of the trials of other drivers."""

    def running_elsewhere(self, *, below: int) -> dict[int, dict[str, Any] | None]: ...


@dataclass
class SharedStages:
    """Of the running trials that need a stage, the one with the lowest number trains it; the others wait for its end.

    One that has begun goes before lower numbers of this driver, which were put back when the sweep stopped. All that
    follows from the record alone, which every driver of a study reads: nobody claims anything, and a trial that ends,
    however it ends, leaves the stage to the next. Called on the driver's thread; `clock` gives seconds.
    """

    study: Others
    artifacts: SweepArtifacts
    clock: Callable[[], float]
    _running: dict[int, _Staged] = field(default_factory=dict)
    _over: set[str] = field(default_factory=set)  # folders of stages that have ended
    _left: dict[str, list[str]] = field(default_factory=dict)  # by whom a stage was begun and not ended
    _elsewhere: dict[int, tuple[str, ...]] = field(default_factory=dict)  # stages of other drivers' trials
    _looked: float | None = None  # None when something has happened since

    def add(self, trial: Trial) -> None:
        """The trial was asked; without stages it waits for nobody."""
        self._looked = None
        if trial.config.stages is not None:
            self._running[trial.number] = _Staged(trial, shared_folders(trial.config))

    def trained_by(self, number: int) -> int | None:
        """The trial for whose stage this one waits; None for one that can begin."""
        return self._trained_by([number])[number]

    def started(self, number: int) -> None:
        """The trial is trained from now on."""
        if number in self._running:
            self._running[number].is_started = True

    @property
    def num_waiting(self) -> int:
        """Trials that have been asked and not started."""
        return len(self.waiting())

    def waiting(self) -> list[int]:
        """The numbers of the trials that have been asked and not started."""
        return sorted(number for number, staged in self._running.items() if not staged.is_started)

    def released(self) -> list[Trial]:
        """Those of the waiting trials that can begin now; looked for where something has happened, else now and then.

        What trials of other drivers do is seen only so.
        """
        now = self.clock()
        if self._looked is not None and 0 <= now - self._looked < LOOK_EVERY_S:
            return []
        self._looked = now
        return [
            self._running[number].trial for number, other in self._trained_by(self.waiting()).items() if other is None
        ]

    def waits_for_others(self) -> bool:
        """Whether what is waited for is trained by no trial of this driver."""
        others = self._trained_by(self.waiting()).values()
        return bool(others) and not any(other is None or other in self._running for other in others)

    def epoch_ended(self, number: int, report: EpochReport, metric: str) -> str:
        """What to say of an epoch of an earlier stage: a line where the stage has ended with it, else ""."""
        staged = self._running.get(number)
        if staged is None:
            return ""
        staged.best = report if report.is_best else staged.best
        if not report.ends_stage:
            return ""
        self._looked, best, staged.best = None, staged.best, None
        stage = staged.trial.config.in_fold(report.fold).earlier_stages[report.stage - 1]
        told = f"stage {report.stage} of {report.stages} ({stage.dataset.name}) has ended"
        told += f", for all trials that share `{stage_folder(stage)}`"
        return f"{told}: {metric} {best.metrics[metric]:.3f}" if best is not None else f"{told}, and diverged"

    def ended(self, number: int) -> None:
        """The trial has ended; what it trained of a stage is left to the next that needs it."""
        self._looked = None
        staged = self._running.pop(number, None)
        if staged is not None and staged.is_started and (folder := _missing(staged, self._is_over)):
            self._left.setdefault(folder, []).insert(0, self.artifacts.trial(staged.trial.folder).address)

    def attempts(self, trial: Trial) -> tuple[str, ...]:
        """Where trials may have left what an earlier stage goes on from, latest first."""
        staged = self._running.get(trial.number)
        if staged is None:
            return ()
        own = [self.artifacts.trial(folder).address for folder in trial.resume_folders]
        left = [address for folder in staged.folders for address in self._left.get(folder, ())]
        return tuple(dict.fromkeys([*own, *left, *self._left_of_waiting(staged)]))

    def _left_of_waiting(self, staged: _Staged) -> Iterator[str]:
        """Where trials that wait for a stage of this one had begun it before the sweep stopped."""
        for other in self._running.values():
            if other is not staged and not other.is_started and set(other.folders) & set(staged.folders):
                yield from (self.artifacts.trial(folder).address for folder in other.trial.resume_folders)

    def parent(self, trial: Trial) -> Parent | None:
        """The stage before the last, as the record is to name it; None for a trial without one.

        `trial` is the one that has trained it, or is about to.
        """
        before = trial.config.in_fold(0).stage_before
        if before is None:
            return None
        folder = stage_folder(before)
        shared = TrialArtifacts.at(f"{self.artifacts.shared}/{folder}")
        trained_by = _number_in(shared.trained_by) if self._is_over(folder) else trial.number
        return Parent(shared.best, trial=trained_by, recipe=before.recipe)

    def _trained_by(self, numbers: Sequence[int]) -> dict[int, int | None]:
        """`trained_by` of each; the record and each folder are looked at once for all of them."""
        found: dict[int, int | None] = dict.fromkeys(numbers)
        is_over = functools.cache(self._is_over)
        waiting = {number: self._running[number] for number in self.waiting() if number in found}
        missing = {number: folder for number, held in waiting.items() if (folder := _missing(held, is_over))}
        if not missing:
            return found
        needs = {number: held.folders for number, held in self._running.items()} | self._others_below(max(missing))
        for number, folder in missing.items():
            before = (other for other in needs if folder in needs[other] and self._goes_before(other, number))
            found[number] = min(before, default=None)
        return found

    def _goes_before(self, other: int, number: int) -> bool:
        """Whether a trial that needs the same stage as a waiting one trains it."""
        return other < number or (other in self._running and self._running[other].is_started)

    def _is_over(self, folder: str) -> bool:
        if folder not in self._over:
            shared = TrialArtifacts.at(f"{self.artifacts.shared}/{folder}")
            if shared.best.exists() or shared.error.exists():
                self._over.add(folder)
        return folder in self._over

    def _others_below(self, number: int) -> dict[int, tuple[str, ...]]:
        """The stages of running trials of other drivers, which are asked before `number`.

        One whose configuration is not written yet may need any: it counts as needing all.
        """
        found: dict[int, tuple[str, ...]] = {}
        for other, config in self.study.running_elsewhere(below=number).items():
            if config is None:
                found[other] = tuple({folder for staged in self._running.values() for folder in staged.folders})
                continue
            if other not in self._elsewhere:
                self._elsewhere[other] = _stages_of(config)
            found[other] = self._elsewhere[other]
        return found


def _missing(staged: _Staged, is_over: Callable[[str], bool]) -> str:
    """The first stage of a trial that has not ended yet, "" where none is missing."""
    return next((folder for folder in staged.folders if not is_over(folder)), "")


def _number_in(file: ArtifactFile) -> int | None:
    """The number that stands in the file; None where none can be read."""
    with suppress(FerrayError, ValueError):
        return int(file.read_bytes())
    return None


def _stages_of(config: dict[str, Any]) -> tuple[str, ...]:
    if not config.get("stages"):
        return ()
    try:
        return shared_folders(TrialConfig.model_validate(config))
    except (ValueError, FerrayError):  # of a driver with plug-ins that this one lacks: it shares nothing with it
        return ()


def shared_folders(config: TrialConfig) -> tuple[str, ...]:
    """The folders of a trial's earlier stages, in the order of training; not of those that each fold has for itself."""
    first, last = (config.in_fold(fold).earlier_stages for fold in (0, config.num_folds - 1))
    return tuple(folder for folder in map(stage_folder, first) if folder in map(stage_folder, last))
