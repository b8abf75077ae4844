"""The store: Optuna's storage, opened where a sweep keeps it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import optuna
import sqlalchemy
from optuna.exceptions import StorageInternalError
from optuna.storages import BaseStorage, JournalStorage, RDBStorage, get_storage
from sqlalchemy.exc import SQLAlchemyError

from ferray.errors import ClusterError, ConfigError, DataError
from ferray.study.journal import Journal

JOURNAL_NAME = "study.journal"
CONNECT_WITHIN_S = 5
_KNOW_CONNECT_TIMEOUT = ("psycopg", "psycopg2", "pymysql", "mysqldb")


def open_store(folder: Path, url: str | None = None) -> BaseStorage:
    """The storage of the sweep in `folder`: its journal, or the database behind `url`.

    ConfigError where the database cannot be reached, ClusterError where the folder cannot be written.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    if url is not None:
        return _open_database(url)
    journal = folder / JOURNAL_NAME
    try:
        journal.touch()
    except OSError as error:
        raise ClusterError(f"the store `{journal}` cannot be written: {error.strerror}", "check `--output`") from error
    return JournalStorage(Journal(journal))


def read_store(folder: Path, url: str | None = None) -> BaseStorage:
    """`open_store` for a command that only reads, on a read-only disk too; DataError where there is no sweep."""
    if url is not None:
        return open_store(folder, url)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    journal = folder / JOURNAL_NAME
    if not journal.is_file():
        raise DataError(f"there is no sweep in `{folder}`", "start one with `ferray sweep NAME`, or pass `--output`")
    try:
        return JournalStorage(Journal(journal))
    except OSError as error:
        raise DataError(f"the store `{journal}` cannot be read: {error.strerror}") from error


def without_password(url: str) -> str:
    """The URL of a store as it may be shown: without user, password and options, which may hold one too."""
    scheme, separator, _ = url.partition("://")
    if not separator:
        return "(not a URL)"
    place, path = urlsplit(url).netloc.rpartition("@")[2], urlsplit(url).path
    return f"{scheme}://{place}{path}"


@contextmanager
def database_errors_named() -> Iterator[None]:
    """Around a sweep: a database that goes away ends it with ClusterError, and no SQL is shown."""
    try:
        yield
    except (StorageInternalError, SQLAlchemyError) as error:
        cause = error.__cause__ if isinstance(error, StorageInternalError) else error
        message = f"the store's database failed: {_first_line(cause or error)}"
        raise ClusterError(message, "mend that, then run the same command again: nothing is lost") from error


def _open_database(url: str) -> BaseStorage:
    try:
        # A sweep is silent for hours: connections that a server or a firewall has closed by then are replaced unseen.
        options: dict[str, Any] = {"pool_pre_ping": True, "connect_args": _connect_args(url)}
        return get_storage(RDBStorage(url, engine_kwargs=options))
    except ImportError as error:
        hint = "`pip install 'ferray[postgres]'`, or the driver of your database"
        raise ConfigError(f"no driver for the store `{without_password(url)}` is installed", hint) from error
    except Exception as error:  # every database driver raises its own
        message = f"the store `{without_password(url)}` cannot be opened: {_first_line(error)}"
        raise ConfigError(message, "check `--storage`, and that the server runs and lets you in") from error


def _connect_args(url: str) -> dict[str, Any]:
    parsed = sqlalchemy.make_url(url)
    if parsed.get_driver_name() not in _KNOW_CONNECT_TIMEOUT or "connect_timeout" in parsed.query:
        return {}
    return {"connect_timeout": CONNECT_WITHIN_S}


def _first_line(error: BaseException) -> str:
    """What the database's driver says, without the statement that SQLAlchemy adds; no driver names the password."""
    said = getattr(error, "orig", None) or error
    if isinstance(said, sqlalchemy.exc.ArgumentError):
        return "it is not a database URL"  # SQLAlchemy quotes the whole URL
    return str(said).strip().split("\n", 1)[0].removesuffix(":") or type(said).__name__
