"""Rows of plain values as a pandas DataFrame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ferray.config.optional_package import not_imported
from ferray.text.commands import install

if TYPE_CHECKING:
    import pandas


def frame_of(rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None) -> pandas.DataFrame:
    """A row each; ConfigError where pandas is not installed."""
    try:
        import pandas
    except ImportError as error:
        raise not_imported("pandas", error, f"`{install('pandas')}`") from error

    return pandas.DataFrame(rows, columns=columns)
