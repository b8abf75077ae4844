"""Opening the study of a sweep: for good, or on a copy that shows what a start would refuse and leaves no trace."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace

import optuna
from optuna.storages import BaseStorage, InMemoryStorage

from ferray.config.entry import Entry
from ferray.config.place import JOURNAL_NAME, Place
from ferray.config.sweep import SweepSpec
from ferray.events import Found
from ferray.study.claim import study_of
from ferray.study.data_identity import compare_data
from ferray.study.database import open_existing
from ferray.study.drivers import Tell
from ferray.study.found import found_in
from ferray.study.history import read_sweep
from ferray.study.records import DataIdentity
from ferray.study.search import refuse_other_search
from ferray.study.store import open_store
from ferray.study.study import Study


@dataclass(frozen=True)
class Opened:
    """A study that may be asked, the place whose study it is, and a sentence for all that has changed in the data."""

    study: Study
    place: Place
    changed: Sequence[str]


def open_study(
    spec: SweepSpec,
    store: BaseStorage,
    place: Place,
    data: Sequence[DataIdentity],
    *,
    entry: Entry,
    tell: Tell | None = None,
) -> Opened:
    """Begin or continue the study of the sweep in `place`, or raise what keeps it from being that.

    `tell` hears of a driver of another host that has to be watched before it is known to be dead.
    """
    place = replace(place, study=study_of(store, place, entry))
    changed = compare_data(store, place.study, f"`{spec.name}`", data)
    return Opened(Study(spec, store, entry=entry, name=place.study, tell=tell), place, changed)


def rehearse_opening(
    spec: SweepSpec, place: Place, data: Sequence[DataIdentity], *, entry: Entry, fresh: bool
) -> Found:
    """What the sweep in `place` would go on with; raises whatever `open_study` would.

    A `fresh` one begins anew, whatever is there.
    """
    copy = _copy_of_store(place, entry) if not fresh else InMemoryStorage()
    if entry is Entry.JOIN:
        return _rehearse_joining(spec, copy, place, data)
    opened = open_study(spec, copy, place, data, entry=entry)
    with closing(opened.study):
        return found_in(read_sweep(copy, opened.place.study))


def _rehearse_joining(spec: SweepSpec, copy: BaseStorage, place: Place, data: Sequence[DataIdentity]) -> Found:
    """The same beside others, whose trials go on."""
    if place.study not in optuna.get_all_study_names(copy):
        return Found()
    refuse_other_search(optuna.load_study(study_name=place.study, storage=copy), spec)
    compare_data(copy, place.study, f"`{spec.name}`", data)
    return found_in(read_sweep(copy, place.study))


def _copy_of_store(place: Place, entry: Entry) -> BaseStorage:
    """The sweep's study in memory, where it may be written to; an empty store where a start would begin one."""
    store, copy = _existing_store(place), InMemoryStorage()
    if store is None:
        return copy
    name = study_of(store, place, entry)
    if name in optuna.get_all_study_names(store):
        optuna.copy_study(from_study_name=name, from_storage=store, to_storage=copy, to_study_name=name)
    return copy


def _existing_store(place: Place) -> BaseStorage | None:
    """The store as it is; None where there is none yet."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    if place.storage is not None:
        return open_existing(place.storage)
    return open_store(place.folder) if (place.folder / JOURNAL_NAME).is_file() else None
