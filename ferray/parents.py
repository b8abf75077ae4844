"""The earlier trial whose weights a trial begins with."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ferray.errors import ConfigError, DataError
from ferray.results.leaderboard import rank
from ferray.study.history import load_sweep
from ferray.study.records import SweepRecord, TrialRecord

REFERENCE = re.compile(r"(?P<sweep>[A-Za-z0-9][A-Za-z0-9._-]*):(?P<trial>best|\d+)")


@dataclass(frozen=True)
class Parent:
    """A checkpoint and, where a sweep holds it, its trial; `value` is that trial's objective."""

    path: Path
    sweep: str = ""
    trial: int | None = None
    recipe: str = ""
    epoch: int = 0
    value: float | None = None

    def to_json(self) -> dict[str, Any]:
        """As the record keeps it."""
        return {**asdict(self), "path": str(self.path)}


def find_parent(reference: str, output: Path, storage: str | None = None) -> Parent:
    """What `init_from` speaks of: `SWEEP:best` or `SWEEP:17` of a sweep in `output`, else a path.

    ConfigError where it is not there any more, or cannot be begun with.
    """
    match = REFERENCE.fullmatch(reference)
    if match is None:
        path = Path(reference).absolute()
        if not path.is_file():
            raise ConfigError(
                f"`init_from` names `{reference}`, and there is no such file", "give a `best.pt`, or `SWEEP:best`"
            )
        return Parent(path)
    folder = output / match["sweep"]
    trial = _trial(_record(folder, reference, storage), match["trial"], reference)
    path = folder / trial.checkpoint
    if not trial.checkpoint or not path.is_file():
        raise ConfigError(
            f"`init_from` names `{reference}`, whose checkpoint `{path}` is gone"
            if trial.checkpoint
            else f"`init_from` names `{reference}`, a trial that kept no one checkpoint",
            "name another trial, or run that sweep again",
        )
    return Parent(path.absolute(), match["sweep"], trial.number, trial.recipe, trial.best_epoch, trial.value)


def _record(folder: Path, reference: str, storage: str | None) -> SweepRecord:
    try:
        return load_sweep(folder, storage)
    except DataError as error:
        message = f"`init_from` names `{reference}`, and there is no sweep in `{folder}`"
        raise ConfigError(message, "run that sweep first") from error


def _trial(record: SweepRecord, which: str, reference: str) -> TrialRecord:
    complete = {trial.number: trial for trial in record.trials if trial.state == "complete"}
    best = rank(record).best
    found = best if which == "best" else complete.get(int(which))
    if found is None:
        message = f"`init_from` names `{reference}`, and the sweep has no such trial that completed"
        raise ConfigError(message, f"`ferray leaderboard {record.name}` lists those it has")
    return found
