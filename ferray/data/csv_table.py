"""A csv that people write: columns by name, cells that may be quoted, paths and words in them."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from ferray.data.file_kinds import refuse_no_csv
from ferray.errors import DataError
from ferray.files.os_errors import reading
from ferray.files.size_limits import refuse_larger

MOST_BYTES = 2**30
Cells = dict[str, str]


class CsvTable:
    """Rows of a csv as dictionaries by column name in lower case.

    Names may have spaces around them and stand in any case. `names` are those of a file that may have no header: they
    are taken where its first line has as many cells, and none of them.
    """

    def __init__(self, path: Path, names: Sequence[str] = ()) -> None:
        self.path = path
        with reading(path, DataError, "check the path and who may read it"):
            refuse_no_csv(path)
            refuse_larger(path, MOST_BYTES)
        first = next(self._lines(), (0, []))[1]
        written = tuple(cell.strip().lower() for cell in first)
        self._has_header = len(written) != len(names) or bool(set(written) & set(names))
        self.columns = written if self._has_header else tuple(names)
        twice = [name for name in self.columns if name and self.columns.count(name) > 1]
        if twice:
            raise DataError(f"`{path}` has two columns `{twice[0]}`", "name one of them otherwise")

    def rows(self) -> Iterator[tuple[int, Cells | int]]:
        """Line and cells of each row that is not blank; the number of its cells where they are not the header's."""
        lines = self._lines()
        if self._has_header:
            next(lines, None)
        for number, cells in lines:
            if len(cells) == len(self.columns):
                yield number, {name: cell.strip() for name, cell in zip(self.columns, cells, strict=True)}
            else:
                yield number, len(cells)

    def _lines(self) -> Iterator[tuple[int, list[str]]]:
        with (
            reading(self.path, DataError, "check the path and who may read it"),
            self.path.open(encoding="utf-8-sig", errors="replace", newline="") as stream,
        ):
            reader = csv.reader(stream)
            try:
                yield from ((reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells))
            except csv.Error as error:
                message = f"`{self.path}` is not a csv, by its line {reader.line_num}: {error}"
                raise DataError(message, "save it as plain text with commas") from error
