"""Opening the study of a sweep: for good, or on a copy that shows what a start would refuse and leaves no trace."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace

import optuna
from optuna.storages import BaseStorage, InMemoryStorage

from ferray.config.place import JOURNAL_NAME, Place
from ferray.config.sweep import SweepSpec
from ferray.events import Found
from ferray.study.claim import study_of
from ferray.study.data_identity import compare_data
from ferray.study.database import open_existing
from ferray.study.found import found_in
from ferray.study.history import read_sweep
from ferray.study.records import DataIdentity
from ferray.study.store import open_store
from ferray.study.study import Study


@dataclass(frozen=True)
class Opened:
    """A study that may be asked, the place whose study it is, and a sentence for all that has changed in the data."""

    study: Study
    place: Place
    changed: Sequence[str]


def open_study(
    spec: SweepSpec, store: BaseStorage, place: Place, data: Sequence[DataIdentity], *, take_over: bool
) -> Opened:
    """Begin or continue the study of the sweep in `place`, or raise what keeps it from being that."""
    place = replace(place, study=study_of(store, place, take_over=take_over))
    changed = compare_data(store, place.study, f"`{spec.name}`", data)
    return Opened(Study(spec, store, take_over=take_over, name=place.study), place, changed)


def rehearse_opening(
    spec: SweepSpec, place: Place, data: Sequence[DataIdentity], *, take_over: bool, fresh: bool
) -> Found:
    """What the sweep in `place` would go on with; raises whatever `open_study` would.

    A `fresh` one begins anew, whatever is there.
    """
    copy = _copy_of_store(place, take_over=take_over) if not fresh else InMemoryStorage()
    opened = open_study(spec, copy, place, data, take_over=take_over)
    with closing(opened.study):
        return found_in(read_sweep(copy, opened.place.study))


def _copy_of_store(place: Place, *, take_over: bool) -> BaseStorage:
    """The sweep's study in memory, where it may be written to; an empty store where a start would begin one."""
    store, copy = _existing_store(place), InMemoryStorage()
    if store is None:
        return copy
    name = study_of(store, place, take_over=take_over)
    if name in optuna.get_all_study_names(store):
        optuna.copy_study(from_study_name=name, from_storage=store, to_storage=copy, to_study_name=name)
    return copy


def _existing_store(place: Place) -> BaseStorage | None:
    """The store as it is; None where there is none yet."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    if place.storage is not None:
        return open_existing(place.storage)
    return open_store(place.folder) if (place.folder / JOURNAL_NAME).is_file() else None
