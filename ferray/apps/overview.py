"""The sweeps of a folder at a glance, for `ferray ls`: nothing is asked of a network, and no folder hides another."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from ferray.config.output_address import sweep_address
from ferray.config.place import JOURNAL_NAME, PLACE_NAME, RESOLVED_NAME, read_place, sweep_names
from ferray.config.urls import without_password
from ferray.errors import FerrayError
from ferray.results.blinding import standing_of
from ferray.results.leaderboard import rank
from ferray.results.trial_intervals import value_interval
from ferray.study.history import load_sweep
from ferray.study.records import SweepRecord, TrialRecord
from ferray.sweeps.disk_use import disk_use

State = Literal["running", "finished", "stopped", "died", "elsewhere", "unreadable"]


@dataclass(frozen=True)
class BestTrial:
    """The first complete trial of a sweep: its number, the objective, images behind it and the 95 % interval."""

    trial: int
    value: float | None
    n: int
    interval: tuple[float, float] | None


@dataclass(frozen=True)
class SweepLine:
    """One sweep of a folder.

    `state`: `running` where somebody drives it, `died` where the driver's process is gone, `finished` where as many
    trials as were asked for have ended, `stopped` where it may go on, `elsewhere` where its record lies in a database,
    which is not asked, `unreadable` where the record is damaged; `note` says more of the last two.
    `finished` of `asked` trials have ended; `held` is in bytes, `changed` in seconds since the epoch, both None where
    nobody can look.
    """

    name: str
    folder: str
    state: State
    finished: int | None = None
    asked: int | None = None
    metric: str = ""
    best: BestTrial | None = None
    held: int | None = None
    changed: float | None = None
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """An entry of `ferray ls --json`."""
        return asdict(self)


def list_sweeps(output: Path) -> list[SweepLine]:
    """A line for each sweep in a folder, by name; none where the folder is empty or missing."""
    return [_line(output / name) for name in sweep_names(output)]


def _line(folder: Path) -> SweepLine:
    try:
        return _described(folder)
    except FerrayError as error:
        return _unreadable(folder, error.message)
    except Exception as error:  # whatever is wrong with one folder is said in its line, and the others are listed
        return _unreadable(folder, f"{type(error).__name__}: {error}")


def _unreadable(folder: Path, why: str) -> SweepLine:
    return SweepLine(folder.name, str(folder), "unreadable", note=why, changed=_changed(folder))


def _described(folder: Path) -> SweepLine:
    storage = read_place(folder).storage
    if storage is not None:
        note = f"its record is in `{without_password(storage)}`"
        held, changed = _held(folder), _changed(folder)
        return SweepLine(folder.name, str(folder), "elsewhere", held=held, changed=changed, note=note)
    record = load_sweep(folder)
    standing, best = standing_of(record, folder), rank(record).best
    return SweepLine(
        name=folder.name,
        folder=str(folder),
        state=_state(record, is_open=standing.is_open),
        finished=standing.num_ended,
        asked=standing.num_asked,
        metric=record.metric,
        best=_best(best, record.metric) if best else None,
        held=_held(folder),
        changed=_changed(folder),
    )


def _state(record: SweepRecord, *, is_open: bool) -> State:
    if record.driver is not None:
        return "running" if record.driver.is_alive else "died"
    return "stopped" if is_open else "finished"


def _best(trial: TrialRecord, metric: str) -> BestTrial:
    return BestTrial(trial.number, trial.value, trial.num_val, value_interval(trial, metric))


def _held(folder: Path) -> int | None:
    """Bytes on this machine's disk; None where results lie at an address, of which it has the record alone."""
    return disk_use(folder).held if sweep_address(folder) is None else None


def _changed(folder: Path) -> float | None:
    """When its record was last written; a sweep that runs writes several times a minute."""
    times = [_written(folder / name) for name in (JOURNAL_NAME, PLACE_NAME, RESOLVED_NAME)]
    return max((time for time in times if time is not None), default=None)


def _written(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except OSError:
        return None
