"""Whole files, read with what may be wrong with them told in one sentence, as the error that the caller wants."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ferray.errors import DataError, FerrayError
from ferray.files.os_errors import named, reading
from ferray.files.readable import Readable
from ferray.files.size_limits import read_within


def read_text(
    path: Readable,
    error: type[FerrayError] = DataError,
    hint: str = "",
    *,
    noun: str = "",
    most_bytes: int | None = None,
    encoding: str = "utf-8",
) -> str:
    """All of a file as text; `error` where it cannot be read, is no text or has more than `most_bytes`.

    `noun` is what the sentence calls the file, such as `the list`.
    """
    with reading(path, error, hint, noun=noun):
        content = _content(path) if most_bytes is None else read_within(path, most_bytes)
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as caught:
        raise error(f"{named(path, noun)} cannot be read: it is not UTF-8 text", hint) from caught


def read_json(
    path: Path, error: type[FerrayError] = DataError, hint: str = "", *, most_bytes: int | None = None
) -> Any:
    """The document in a file; `error` where it cannot be read, is no JSON or has more than `most_bytes`."""
    text = read_text(path, error, hint, most_bytes=most_bytes)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as caught:
        raise error(f"`{path}` cannot be read: it is not JSON: {caught}", hint) from caught


def _content(file: Readable) -> bytes:
    with file.open("rb") as stream:
        return stream.read()
