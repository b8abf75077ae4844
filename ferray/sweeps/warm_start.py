"""The earlier trial whose weights a trial begins with."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ferray.artifacts.address import file_at
from ferray.artifacts.file_system import ArtifactFile
from ferray.artifacts.sweep import SweepArtifacts
from ferray.config.place import JOURNAL_NAME, Place, find_sweep
from ferray.errors import ConfigError
from ferray.results.leaderboard import rank
from ferray.study.history import load_sweep
from ferray.study.records import SweepRecord, TrialRecord

REFERENCE = re.compile(r"(?P<sweep>[^:]+):(?P<trial>best|\d+)")


@dataclass(frozen=True)
class Parent:
    """A checkpoint and, where a sweep holds it, its trial; `value` is that trial's objective."""

    file: ArtifactFile
    sweep: str = ""
    trial: int | None = None
    recipe: str = ""
    epoch: int = 0
    value: float | None = None

    def to_json(self) -> dict[str, Any]:
        """As the record keeps it."""
        known = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "file"}
        return {"path": str(self.file), **known}


def find_parent(reference: str, output: Path, storage: str | None = None) -> Parent:
    """What `init_from` speaks of: `SWEEP:best` or `SWEEP:17` of a sweep in `output` or at a path, else a file.

    A sweep whose folder neither holds nor remembers its record has it in `storage`. ConfigError where what is spoken of
    is not there any more, or cannot be begun with.
    """
    match = REFERENCE.fullmatch(reference)
    if match is None:
        file = file_at(reference if "://" in reference else str(Path(reference).absolute()))
        if not file.exists():
            raise ConfigError(
                f"`init_from` names `{reference}`, and there is no such file", "give a `best.pt`, or `SWEEP:best`"
            )
        return Parent(file)
    place = _place(match["sweep"], output, reference)
    has_own_record = place.storage or (place.folder / JOURNAL_NAME).is_file()
    record = load_sweep(place.folder, None if has_own_record else storage)
    trial = _trial(record, match["trial"], reference)
    file = SweepArtifacts.of(place.folder).file(trial.checkpoint)
    if trial.freed:
        message = f"`init_from` names `{reference}`, whose checkpoint was not kept (`--keep {trial.freed}`)"
        raise ConfigError(message, "name a trial that kept its own, or run that sweep again without `--keep`")
    if not trial.checkpoint or not file.exists():
        raise ConfigError(
            f"`init_from` names `{reference}`, whose checkpoint `{file}` is gone"
            if trial.checkpoint
            else f"`init_from` names `{reference}`, a trial that kept no one checkpoint",
            "name another trial, or run that sweep again",
        )
    return Parent(file, place.folder.name, trial.number, trial.recipe, trial.best_epoch, trial.value)


def _place(sweep: str, output: Path, reference: str) -> Place:
    try:
        return find_sweep(sweep, output)
    except ConfigError as error:
        message = f"`init_from` names `{reference}`, and {error.message}"
        raise ConfigError(message, f"run that sweep first; {error.hint}") from error


def _trial(record: SweepRecord, which: str, reference: str) -> TrialRecord:
    complete = {trial.number: trial for trial in record.trials if trial.state == "complete"}
    best = rank(record).best
    found = best if which == "best" else complete.get(int(which))
    if found is None:
        message = f"`init_from` names `{reference}`, and the sweep has no such trial that completed"
        raise ConfigError(message, f"`{record.command('leaderboard')}` lists those it has")
    return found
