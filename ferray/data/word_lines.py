"""Lists of words between spaces, a sample a line, as the authors of image sets write them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ferray.data.file_kinds import HEAD_BYTES, kind_of
from ferray.data.files import regular_file
from ferray.errors import DataError
from ferray.files.os_errors import reading
from ferray.files.size_limits import read_within

MOST_BYTES = 256 * 2**20


def word_lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Number, counted from 1, and words of each line that is not blank; DataError for a file that is no text."""
    with reading(path, DataError, "check who may read it"):
        regular_file(path)
        content = read_within(path, MOST_BYTES)
    kind = kind_of(content[:HEAD_BYTES])
    if kind is not None:
        raise DataError(f"`{path}` is {kind.name}, not a list", kind.remedy)
    if b"\0" in content[:HEAD_BYTES]:
        raise DataError(f"`{path}` is no text", "copy it again")
    for number, line in enumerate(content.decode("utf-8-sig", "replace").splitlines(), start=1):
        if line.strip():
            yield number, line.split()
