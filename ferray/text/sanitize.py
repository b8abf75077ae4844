"""What others have written (a journal, a csv, a file's name) is data: confined, quoted and escaped here."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import TextIO

from ferray.errors import DataError

# What a terminal obeys: control characters but the tab and the end of a line, and marks that turn text around.
_COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_BREAK = re.compile(r"\n(?!  )")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # with these a cell begins that spreadsheets compute
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?(inf|nan)", re.IGNORECASE)


def visible(text: str) -> str:
    """The text with what a terminal would obey written out, such as `\\x1b` for the escape character."""
    return _COMMANDS.sub(lambda found: found.group().encode("unicode_escape").decode(), text)


def on_one_line(text: str) -> str:
    """The text with the ends of lines in it written out, but for ferray's own, which indent what follows.

    Without it a file called `a\\nhint: ...` would say something in ferray's name.
    """
    return _BREAK.sub(r"\\n", text)


def inside(name: object, whose: str) -> str:
    """A path below a sweep's folder, as its record names it; DataError, with `whose` it is, for one that leads out."""
    if isinstance(name, str) and "\0" not in name:
        path = PurePosixPath(name)
        if not path.is_absolute() and ".." not in path.parts:
            return name
    message = f"the record names `{name}` as the folder of {whose}, which is not inside its sweep's"
    raise DataError(message, "somebody has changed it: take the sweep from where it ran")


def write_rows(stream: TextIO, rows: Iterable[Iterable[object]], *, end: str = "\n") -> None:
    """Write lines of comma-separated values, of which no spreadsheet computes any; `read_cell` reads a cell back."""
    plain = csv.writer(stream, lineterminator=end)
    quoted = csv.writer(stream, lineterminator=end, quoting=csv.QUOTE_ALL)
    for row in rows:
        cells = [_cell(value) for value in row]
        # Python leaves a lone carriage return as it is, behind which a spreadsheet begins another line.
        is_split = any(isinstance(cell, str) and "\r" in cell for cell in cells)
        (quoted if is_split else plain).writerow(cells)


def csv_text(rows: Iterable[Iterable[object]], *, end: str = "\n") -> str:
    """What `write_rows` writes."""
    out = io.StringIO(newline="")
    write_rows(out, rows, end=end)
    return out.getvalue()


def _cell(value: object) -> object:
    if not isinstance(value, str) or _NUMBER.fullmatch(value):
        return value
    return f"'{value}" if value.lstrip("'").startswith(_FORMULA) else value


def read_cell(text: str) -> str:
    """What `write_rows` was given for a cell."""
    is_quoted = text.startswith("'") and text.lstrip("'").startswith(_FORMULA)
    return text[1:] if is_quoted else text
