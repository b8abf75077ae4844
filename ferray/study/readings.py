"""Readings of the test split, kept with the study whose choices they end: no later choice is blind."""

from __future__ import annotations

from dataclasses import asdict

from optuna.storages import BaseStorage

from ferray.config.place import Place
from ferray.study.database import database_errors_named
from ferray.study.records import READING_ATTR, Reading
from ferray.study.store import open_store


def remember_reading(place: Place, reading: Reading) -> None:
    """Write into the store of the sweep in `place` that the test split is read; called before it is.

    Of two with one key the first stays. `place.storage` has its password. ClusterError where the store is read-only.
    """
    with database_errors_named():
        store = open_store(place.folder, place.storage)
        study = _study_of(store, place)
        name = f"{READING_ATTR}{reading.key}"
        if name not in store.get_study_user_attrs(study):
            store.set_study_user_attr(study, name, asdict(reading))


def _study_of(store: BaseStorage, place: Place) -> int:
    """The number of the sweep's study; a journal holds one, whatever its folder has been renamed to since."""
    names = [study.study_name for study in store.get_all_studies()]
    return store.get_study_id_from_name(names[0] if len(names) == 1 and place.storage is None else place.study)
