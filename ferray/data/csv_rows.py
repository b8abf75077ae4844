"""Plain csv files with named columns, read row by row or at a byte offset, however large a row is."""

from __future__ import annotations

from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path

from ferray.errors import DataError


class CsvRows:
    """Rows of a csv as dictionaries by lower-case column name.

    For files of numbers and short words: a comma or a line break inside quotes is not understood. Column names may
    stand in any order, with spaces or quotes around them. `needed` columns that are missing raise DataError.
    """

    def __init__(self, path: Path, needed: tuple[str, ...] = ()) -> None:
        self._path = path
        with self._open() as stream:
            header = stream.readline().decode("utf-8-sig", "replace")
        self._columns = [_clean(cell).lower() for cell in header.split(",")]
        missing = [column for column in needed if column not in self._columns]
        if missing:
            raise DataError(f"`{path}` has no column `{missing[0]}`", f"its header must name {', '.join(needed)}")

    def __iter__(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Byte offset and cells of each row that is not blank."""
        with self._open() as stream:
            offset = len(stream.readline())
            for line in stream:
                if line.strip():
                    yield offset, self._cells(line, offset)
                offset += len(line)

    def at(self, offset: int) -> dict[str, str]:
        """Cells of the row that starts at this byte."""
        with self._open() as stream:
            stream.seek(offset)
            return self._cells(stream.readline(), offset)

    def _cells(self, line: bytes, offset: int) -> dict[str, str]:
        cells = line.decode("utf-8", "replace").split(",")
        if len(cells) != len(self._columns):
            raise DataError(
                f"`{self._path}`, byte {offset}: a row of `{len(cells)}` cells under `{len(self._columns)}` columns",
                "copy the csv again",
            )
        return {column: _clean(cell) for column, cell in zip(self._columns, cells, strict=True)}

    def _open(self) -> BufferedReader:
        try:
            return self._path.open("rb")
        except OSError as error:
            raise DataError(
                f"`{self._path}` cannot be read: {error.strerror or error}", "check who may read it"
            ) from error


def _clean(cell: str) -> str:
    return cell.strip().strip('"').strip()
