"""A recorded sweep of which something is asked: its record, its folder, which of its trials, and where they answer.

Nothing heavy is imported before what is asked is known to be good.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from ferray.apps.options import as_whole_number, place_of, runtime_from
from ferray.config.runtime import Runtime
from ferray.errors import ConfigError
from ferray.events import Listener

if TYPE_CHECKING:
    from ferray.results.sweep import Sweep
    from ferray.study.records import SweepRecord, TrialRecord

SweepWords: TypeAlias = "str | os.PathLike[str] | Sweep"


@dataclass(frozen=True)
class RecordedSweep:
    """A sweep as its store has it; `trials` are those that were asked for, none for an ensemble of them."""

    record: SweepRecord
    folder: Path
    runtime: Runtime
    trials: tuple[TrialRecord, ...] = ()


def words_of(sweep: SweepWords) -> str:
    """What a command calls it: the name or the path that was given, or the folder of a sweep that was read."""
    return os.fspath(sweep) if isinstance(sweep, str | os.PathLike) else str(sweep.folder)


def recorded_sweep(sweep: SweepWords, asked: Mapping[str, Any], listener: Listener) -> RecordedSweep:
    """The sweep, to be asked in this process; ConfigError where there is none, DataError for a damaged record."""
    place, known = place_of(words_of(sweep), asked, listener)
    runtime = runtime_from({**known, "launcher": "inline"})
    from ferray.study.history import load_sweep

    return RecordedSweep(load_sweep(place.folder, asked.get("storage")), place.folder, runtime)


def request_evaluation(sweep: SweepWords, asked: Mapping[str, Any], listener: Listener) -> RecordedSweep:
    """The trials whose score on the test split is asked for; errors of `choose_trials`, ConfigError for two choices."""
    numbers, every = _numbers(asked), bool(asked.get("all"))
    if numbers and every:
        raise ConfigError("`--trial` and `--all` are two choices", "leave one out")
    return _with_trials(recorded_sweep(sweep, asked, listener), numbers, every=every)


def request_calibration(sweep: SweepWords, asked: Mapping[str, Any], listener: Listener) -> RecordedSweep:
    """The trial that is to be calibrated, none for the ensemble; errors as of `request_evaluation`."""
    trial, to = asked.get("trial"), asked.get("to")
    if asked.get("ensemble"):
        if trial is not None or to is not None:
            option = "--trial" if trial is not None else "--to"
            raise ConfigError(f"`--ensemble` and `{option}` are two choices", "leave one out")
        return recorded_sweep(sweep, asked, listener)
    return _with_trials(recorded_sweep(sweep, asked, listener), _numbers(asked, most=1))


def request_export(sweep: SweepWords, to: Path, asked: Mapping[str, Any], listener: Listener) -> RecordedSweep:
    """The trial that is to be exported, none for the ensemble; ConfigError also for a folder `to` that is taken."""
    trial = asked.get("trial")
    if asked.get("ensemble") and trial is not None:
        raise ConfigError("`--ensemble` and `--trial` are two choices", "leave one out")
    numbers = _numbers(asked, most=1)
    from ferray.exports.taken import refuse_taken

    refuse_taken(to, force=bool(asked.get("force")))
    found = recorded_sweep(sweep, {**asked, "device": "cpu"}, listener)
    return found if asked.get("ensemble") else _with_trials(found, numbers)


def _numbers(asked: Mapping[str, Any], most: int | None = None) -> tuple[int, ...]:
    """The trials that are asked for, none where nobody says which; ConfigError for anything but whole numbers."""
    given = asked.get("trial")
    if given is None:
        return ()
    is_one = as_whole_number(given) is not None or not isinstance(given, Iterable)
    numbers = [as_whole_number(each) for each in ([given] if is_one else given)]
    known = tuple(number for number in numbers if number is not None)
    if known and len(known) == len(numbers) <= (most or len(numbers)):
        return known
    hint = "pass one such as `3`" if most == 1 else "pass one such as `3`, or a list of them"
    raise ConfigError(f"`trial={given!r}` names no trial", hint)


def _with_trials(found: RecordedSweep, numbers: Sequence[int], *, every: bool = False) -> RecordedSweep:
    from ferray.results.chosen import choose_trials

    return replace(found, trials=tuple(choose_trials(found.record, found.folder, numbers, every=every)))
