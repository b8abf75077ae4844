"""Which column of a table is meant: one that is asked for, else the first that is called as such columns are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from ferray.errors import DataError, did_you_mean


class Table(Protocol):
    """A file with columns that have names."""

    @property
    def path(self) -> Path: ...

    @property
    def columns(self) -> tuple[str, ...]: ...


def column_of(table: Table, asked: str | None, known: Sequence[str], *, key: str) -> str:
    """The column that is asked for, else the first of `known` that is there; DataError where it is not.

    Both in any letter case, those of `known` in lower case. `key` is the parameter that names the column.
    """
    found = column_if_any(table, asked, known, key=key)
    if not found:
        message = f"`{table.path}` has none of the columns {', '.join(f'`{name}`' for name in known)}"
        named = ", ".join(f"`{name}`" for name in table.columns[:12]) or "its columns"
        raise DataError(message, f"name one of {named} with `dataset.{key}`")
    return found


def column_if_any(table: Table, asked: str | None, known: Sequence[str], *, key: str) -> str:
    """As `column_of`, but "" where nothing is asked for and none of `known` is there."""
    by_name = {name.lower(): name for name in table.columns}
    if asked is None:
        return next((by_name[name] for name in known if name in by_name), "")
    if asked in table.columns:
        return asked
    meant = by_name.get(asked.strip().lower())
    if meant is None:
        hint = did_you_mean(asked.lower(), table.columns)
        raise DataError(f"`{table.path}` has no column `{asked}`, as `dataset.{key}` asks", hint)
    return meant
