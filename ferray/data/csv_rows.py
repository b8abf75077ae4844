"""Plain csv files with named columns, read row by row or at a byte offset, however large the file is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BufferedReader
from itertools import count
from pathlib import Path
from typing import NamedTuple

from ferray.data.file_kinds import refuse_no_csv
from ferray.data.files import regular_file
from ferray.data.line_names import in_words
from ferray.errors import BadSampleError, DataError
from ferray.files.os_errors import reading

MOST_ROW_BYTES = 8 * 2**20  # a 48x48 face is 9 kB
_NUMBERS = re.compile(r"[\d\s.]*\d[\d\s.]*")  # a cell of these names no column


class Line(NamedTuple):
    """A line of a file: its number, counted from 1 at the top, the byte it begins at, and its raw text."""

    number: int
    offset: int
    text: bytes


class CsvRows:
    """Rows of a csv as dictionaries by lower-case column name.

    For files of numbers and short words: a comma or a line break inside quotes is not understood. Column names may
    stand in any order, with spaces or quotes around them. DataError for a file of another kind, for `needed` columns
    that are missing and for a name that stands twice.
    """

    def __init__(self, path: Path, needed: tuple[str, ...] = ()) -> None:
        self._path = path
        with self._open() as stream:
            refuse_no_csv(path)
            header = stream.readline(MOST_ROW_BYTES).decode("utf-8-sig", "replace")
        self._columns = [_clean(cell).lower() for cell in header.split(",")]
        missing = [column for column in needed if column not in self._columns]
        if missing and not header.strip():
            raise DataError(f"`{path}` begins with a blank line", f"let its first line name {', '.join(needed)}")
        if missing and any(_NUMBERS.fullmatch(column) for column in self._columns):
            hint = f"write a first line that names its columns, among them {', '.join(needed)}"
            raise DataError(f"`{path}` has no header row: its first line holds numbers", hint)
        if missing:
            raise DataError(f"`{path}` has no column `{missing[0]}`", f"its header must name {', '.join(needed)}")
        twice = [column for column in needed if self._columns.count(column) > 1]
        if twice:
            raise DataError(f"`{path}` has two columns `{twice[0]}`", "name one of them otherwise")

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns' names in lower case, in their order."""
        return tuple(self._columns)

    def lines(self) -> Iterator[Line]:
        """Each row below the header that is not blank, its text for `cells`."""
        with self._open() as stream:
            offset = _read_line(stream)[1]
            for number in count(2):
                text, num_bytes = _read_line(stream)
                if not num_bytes:
                    return
                if text.strip():
                    yield Line(number, offset, text)
                offset += num_bytes

    def at(self, offset: int) -> bytes:
        """Raw text of the row that starts at this byte."""
        with self._open() as stream:
            stream.seek(offset)
            return _read_line(stream)[0]

    def cells(self, line: bytes, name: str) -> dict[str, str]:
        """The cells by column of the sample `name`; BadSampleError where their number is not the header's."""
        if len(line) > MOST_ROW_BYTES:
            raise BadSampleError.of(in_words(name), "wrong length", f"has over `{MOST_ROW_BYTES >> 20}` MiB")
        cells = line.decode("utf-8", "replace").split(",")
        if len(cells) != len(self._columns):
            reason = f"has `{len(cells)}` cells under `{len(self._columns)}` columns"
            raise BadSampleError.of(in_words(name), "wrong length", reason)
        return {column: _clean(cell) for column, cell in zip(self._columns, cells, strict=True)}

    def _open(self) -> BufferedReader:
        with reading(self._path, DataError, "check who may read it"):
            regular_file(self._path)
            return self._path.open("rb")


def _read_line(stream: BufferedReader) -> tuple[bytes, int]:
    """The next line, one byte over the bound where it is longer, and how long it really is; nothing at the end."""
    line = chunk = stream.readline(MOST_ROW_BYTES + 1)
    num_bytes = len(line)
    while len(chunk) > MOST_ROW_BYTES and not chunk.endswith(b"\n"):
        chunk = stream.readline(MOST_ROW_BYTES + 1)
        num_bytes += len(chunk)
    return line, num_bytes


def _clean(cell: str) -> str:
    return cell.strip().strip('"').strip()
