"""What the runs of a sweep's trials in W&B are to hold, by its record and the histories in the trials' folders."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ferray.artifacts.history import read_history
from ferray.artifacts.sweep import SweepArtifacts
from ferray.config.place import RESOLVED_NAME, Place
from ferray.errors import DataError, FerrayError
from ferray.events import EpochReport, SweepStarted, TrialStarted
from ferray.files.read import read_json
from ferray.results.confirmation import read_confirmation
from ferray.results.export import entry
from ferray.results.leaderboard import rank
from ferray.study.records import SweepRecord, TrialRecord
from ferray.track.wandb_runs.open_run import RunEnd
from ferray.track.wandb_runs.payload import (
    Standing,
    confusion_rows,
    facts_of,
    removed_rows,
    summary_of,
    tags_with,
)
from ferray.track.wandb_runs.place import WandbPlace
from ferray.track.wandb_runs.repair import RunContent
from ferray.track.wandb_runs.writer import exit_code


def sweep_facts(record: SweepRecord, place: Place) -> SweepStarted:
    """The sweep as its driver announces it to those who watch, by what it has left behind."""
    chosen = _chosen(place.folder)
    return SweepStarted(
        name=record.name,
        folder=str(place.folder),
        metric=record.metric,
        mode=record.mode,
        trials=len(record.trials),
        finished=0,
        slots=0,
        study=place.study,
        identity=f"{place.study}\n{place.identity}",
        counts=record.counts,
        sampler=chosen.get("sampler") or {},
        pruner=chosen.get("pruner") or {},
        names=record.trials[0].names if record.trials else {},
    )


def _chosen(folder: Path) -> dict[str, Any]:
    """Sampler and pruner as `{name: {parameters}}`; nothing where the sweep did not write them down."""
    try:
        read = read_json(folder / RESOLVED_NAME)
    except FerrayError:
        return {}
    return read if isinstance(read, dict) else {}


def standings_of(record: SweepRecord, folder: Path) -> dict[int, Standing]:
    """Where each trial stands, by its number: rank among the complete ones, and whether it has been confirmed."""
    ranks = {trial.number: place for place, trial in enumerate(rank(record).complete, start=1)}
    with suppress(DataError):
        found = read_confirmation(folder)
        confirmed = {row.trial for row in found.rows} if found else set()
        return {trial.number: Standing(ranks.get(trial.number), trial.number in confirmed) for trial in record.trials}
    return {trial.number: Standing(ranks.get(trial.number)) for trial in record.trials}


def run_contents(record: SweepRecord, place: Place, wandb_place: WandbPlace) -> list[RunContent]:
    """The content of each run whose trial has ended; of attempts at the same parameters the last one counts."""
    reader = _Reader(record, place, wandb_place)
    return [reader.content(chain) for chain in chains(record) if chain[-1].outcome != "running"]


def chains(record: SweepRecord) -> Iterator[tuple[TrialRecord, ...]]:
    """The attempts at each set of parameters that have begun, first to last: they share one run."""
    trials = {trial.number: trial for trial in record.trials if trial.folder and trial.outcome != "waiting"}
    begun = {trial.superseded_by for trial in trials.values()}
    for first in (trial for trial in trials.values() if trial.number not in begun):
        chain = [first]
        while (following := trials.get(chain[-1].superseded_by or -1)) is not None:
            chain.append(following)
        yield tuple(chain)


@dataclass
class _Reader:
    """Makes a run's content of the attempts that share it."""

    record: SweepRecord
    place: Place
    wandb_place: WandbPlace

    def __post_init__(self) -> None:
        self._sweep = sweep_facts(self.record, self.place)
        self._artifacts = SweepArtifacts.of(self.place.folder)
        self._standings = standings_of(self.record, self.place.folder)

    def content(self, chain: tuple[TrialRecord, ...]) -> RunContent:
        """Rows of all attempts, of one epoch that of the latest; the rest is the last attempt's."""
        trial = chain[-1]
        standing = self._standings[trial.number]
        facts = facts_of(self._sweep, self._started(chain), tags=self.wandb_place.tags, notes=self.wandb_place.notes)
        reports = self._reports(chain)
        end = RunEnd(
            summary=summary_of(entry(trial, self.record.metric), standing),
            tags=tags_with(facts.tags, outcome=trial.outcome, standing=standing),
            confusion=confusion_rows(trial.classes, trial.confusion),
            removed=[row for report in reports for row in removed_rows(report)],
            exit_code=exit_code(trial.outcome),
        )
        return RunContent(facts, reports, end)

    def _started(self, chain: tuple[TrialRecord, ...]) -> TrialStarted:
        trial = chain[-1]
        return TrialStarted(
            number=trial.number,
            recipe=trial.recipe,
            epochs=trial.epochs_asked,
            params=trial.params,
            config=trial.config,
            folder=self._artifacts.trial(trial.folder).address,
            root=chain[0].number,
            earlier=tuple(earlier.folder for earlier in reversed(chain[:-1])),
        )

    def _reports(self, chain: tuple[TrialRecord, ...]) -> tuple[EpochReport, ...]:
        """Every epoch that is known of; a history that is gone or damaged has none."""
        epochs: dict[int, EpochReport] = {}
        for trial in chain:
            with suppress(DataError, OSError):
                epochs |= {report.epoch: report for report in read_history(self._artifacts.trial(trial.folder))}
        return tuple(epochs[epoch] for epoch in sorted(epochs))
