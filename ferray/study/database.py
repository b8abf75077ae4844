"""A store in a database: opened within seconds or refused in one sentence, its password shown nowhere."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from optuna.exceptions import StorageInternalError
from optuna.storages import BaseStorage, RDBStorage, get_storage

from ferray.config.optional_package import not_imported
from ferray.config.urls import lacks_password, openable, without_password
from ferray.errors import ClusterError, ConfigError
from ferray.system.signals import comes_of_a_stop
from ferray.text.commands import install_extra

CONNECT_WITHIN_S = 5
MOST_BEGINNINGS, BEGINNING_S = 5, 0.3  # looks at an empty database that somebody else fills with tables
HOLD_AT_MOST_S = 30.0  # of a row that other drivers wait for
_KNOW_CONNECT_TIMEOUT = ("psycopg", "psycopg2", "pymysql", "mysqldb")


def open_database(url: str) -> BaseStorage:
    """The storage behind `url`; ConfigError where there is none, no driver for it, or no way in."""
    url = openable(url)
    with _way_in_named(url):
        return get_storage(_with_tables(url))


def open_existing(url: str) -> BaseStorage | None:
    """The same storage where a sweep has ever been kept in it, None where a first one would make its tables.

    Refuses what `open_database` does, and leaves nothing behind: no tables, no file of SQLite.
    """
    from sqlalchemy import create_engine, inspect, make_url

    url = openable(url)
    with _way_in_named(url):
        parsed = make_url(url)
        file = Path(parsed.database) if parsed.get_backend_name() == "sqlite" and parsed.database else None
        is_missing = file is not None and not file.exists()
        engine = create_engine(parsed, **_engine_options(url))
        try:
            has_tables = inspect(engine).has_table("studies")
        finally:
            engine.dispose()
            if is_missing and file is not None:
                file.unlink(missing_ok=True)  # SQLite makes a file of whatever it is asked about
    return open_database(url) if has_tables else None


def _engine_options(url: str) -> dict[str, Any]:
    # A sweep is silent for hours: connections that a server or a firewall has closed by then are replaced unseen.
    return {"pool_pre_ping": True, "connect_args": _connect_args(url)}


def _with_tables(url: str) -> RDBStorage:
    """The database, where the first one to open it makes the tables; of several at once, the others wait for that."""
    from sqlalchemy.exc import IntegrityError, ProgrammingError

    for _ in range(MOST_BEGINNINGS - 1):
        try:
            return RDBStorage(url, engine_kwargs=_engine_options(url))
        except (IntegrityError, ProgrammingError):  # a table that was not there a moment ago
            time.sleep(BEGINNING_S)
    return RDBStorage(url, engine_kwargs=_engine_options(url))


@contextmanager
def _way_in_named(url: str) -> Iterator[None]:
    """ConfigError for whatever keeps a database from being opened."""
    try:
        yield
    except ImportError as error:
        hint = f"`{install_extra('postgres')}`, or the driver of your database"
        raise not_imported(f"the driver of the store `{without_password(url)}`", error, hint) from error
    except Exception as error:  # every database driver raises its own
        if comes_of_a_stop(error):
            raise KeyboardInterrupt from error
        message = f"the store `{without_password(url)}` cannot be opened: {_reason(error)}"
        raise ConfigError(message, _way_in(url)) from error


@contextmanager
def database_errors_named() -> Iterator[None]:
    """Around a sweep: a database that goes away ends it with ClusterError, and no SQL is shown."""
    try:
        yield
    except StorageInternalError as error:
        message = f"the store's database failed: {_reason(error.__cause__ or error)}"
        raise ClusterError(message, "mend that, then run the same command again: nothing is lost") from error


def swap_in_database(store: RDBStorage, study_id: int, key: str, value: dict[str, Any]) -> None:
    """Write a study's user attribute if the one there has the stamp that `value["after"]` names, in one statement.

    Optuna itself has no such act: of two that read and then write, both would believe that theirs counts.
    """
    from optuna.storages._rdb.models import StudyUserAttributeModel
    from sqlalchemy import insert, select, update
    from sqlalchemy.exc import IntegrityError, SQLAlchemyError

    row, new = StudyUserAttributeModel, {"value_json": json.dumps(value)}
    this = (row.study_id == study_id) & (row.key == key)
    try:
        with store.engine.begin() as connection:
            found = connection.execute(select(row.value_json).where(this)).scalar()
            if found is None and not value["after"]:
                connection.execute(insert(row).values(study_id=study_id, key=key, **new))
            elif found is not None and json.loads(found).get("stamp", "") == value["after"]:
                connection.execute(update(row).where(this & (row.value_json == found)).values(**new))
    except IntegrityError:
        return  # somebody else was the first
    except SQLAlchemyError as error:
        raise StorageInternalError(str(error)) from error


@contextmanager
def row_locked(store: RDBStorage, study_id: int, key: str) -> Iterator[None]:
    """Hold the row of a study's user attribute, which is there; whoever else wants it waits.

    The database gives it up itself where this process dies, or stands still for HOLD_AT_MOST_S.
    """
    from optuna.storages._rdb.models import StudyUserAttributeModel
    from sqlalchemy import select, text
    from sqlalchemy.exc import SQLAlchemyError

    row = StudyUserAttributeModel
    this = select(row.value_json).where((row.study_id == study_id) & (row.key == key))
    try:
        with store.engine.begin() as connection:
            connection.execute(text(f"SET LOCAL idle_in_transaction_session_timeout = '{HOLD_AT_MOST_S:.0f}s'"))
            connection.execute(this.with_for_update())
            yield
    except SQLAlchemyError as error:
        raise StorageInternalError(str(error)) from error


def _way_in(url: str) -> str:
    if lacks_password(url):
        return "check that the server runs; no password is remembered: pass `--storage` with it, or set PGPASSWORD"
    return "check `--storage`, and that the server runs and lets you in"


def _connect_args(url: str) -> dict[str, Any]:
    from sqlalchemy import make_url  # half a second that a journal's users need not wait

    parsed = make_url(url)
    if parsed.get_driver_name() not in _KNOW_CONNECT_TIMEOUT or "connect_timeout" in parsed.query:
        return {}
    return {"connect_timeout": CONNECT_WITHIN_S}


def _reason(error: BaseException) -> str:
    """What the database's driver says, without the statement that SQLAlchemy adds."""
    from sqlalchemy.exc import ArgumentError

    if isinstance(error, ArgumentError):
        return "it is not a database URL"  # SQLAlchemy quotes all of it
    said = getattr(error, "orig", None) or error
    return str(said).strip().split("\n", 1)[0] or type(said).__name__
