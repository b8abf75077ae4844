"""The store: Optuna's storage, opened where a sweep keeps it."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import BaseStorage, RDBStorage

from ferray.config.place import JOURNAL_NAME
from ferray.errors import ClusterError, DataError
from ferray.files.os_errors import writing
from ferray.study.database import open_database, swap_in_database
from ferray.study.indexed import IndexedJournalStorage
from ferray.study.journal import Journal


def open_store(folder: Path, url: str | None = None) -> BaseStorage:
    """The storage of the sweep in `folder`: its journal, or the database behind `url`.

    ConfigError where the database cannot be reached, ClusterError where the folder cannot be written, DataError where
    the journal is damaged.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    if url is not None:
        return open_database(url)
    journal = folder / JOURNAL_NAME
    with writing(journal, ClusterError, "check `--output`", noun="the store"):
        journal.touch()
    return IndexedJournalStorage(Journal(journal))


def swap_study_attr(study: optuna.Study, key: str, value: dict[str, Any]) -> None:
    """Write a study's user attribute if the one before it has the stamp that `value["after"]` names; else nothing.

    A database compares in the statement that writes. A journal takes the line whatever it says, and all who read it
    pass over one that came too late (`Journal`): the order of lines is the same for everybody.
    """
    backend = getattr(study._storage, "_backend", None)
    if isinstance(backend, RDBStorage):
        swap_in_database(backend, study._study_id, key, value)
    else:
        study.set_user_attr(key, value)


def written_together(study: optuna.Study) -> AbstractContextManager[None]:
    """Around what is to reach a journal at once, with one wait for the disk; a database takes each act by itself."""
    store = study._storage
    return store.together() if isinstance(store, IndexedJournalStorage) else nullcontext()


def shared_database(study: optuna.Study) -> RDBStorage | None:
    """The database of a study that several drivers may ask, as it keeps them apart: PostgreSQL; None for others."""
    backend = getattr(study._storage, "_backend", None)
    return backend if isinstance(backend, RDBStorage) and backend.engine.dialect.name == "postgresql" else None


def journal_to_read(folder: Path) -> Journal:
    """The journal of the sweep in `folder`, for its results alone: without the notes of samplers and pruners.

    Needs no right to write. DataError where there is no sweep.
    """
    journal = folder / JOURNAL_NAME
    if not journal.is_file():
        raise DataError(f"`{folder}` holds no `{JOURNAL_NAME}`", "a sweep in a database is read with `--storage`")
    return Journal(journal, results_only=True)
