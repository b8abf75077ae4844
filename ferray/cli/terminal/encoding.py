"""Streams that print every character: one that the encoding of a terminal or a pipe lacks is replaced, never fatal."""

from __future__ import annotations

import codecs
import io
from typing import TextIO

_PLAIN = {"±": "+-", "–": "-", "−": "-", "—": "-", "²": "^2", "→": "->", "…": "...", "─": "-", "━": "-"}
_NAME = "ferray-plain"


def _plain(error: UnicodeError) -> tuple[str | bytes, int]:
    """The replacement for what cannot be encoded: plain signs for our own, an escape for all others."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    wanting = error.object[error.start : error.end]
    return "".join(_PLAIN.get(sign) or sign.encode("ascii", "backslashreplace").decode() for sign in wanting), error.end


codecs.register_error(_NAME, _plain)


def print_anything(*streams: TextIO) -> None:
    """Let these streams replace what their encoding lacks, such as `±` in ASCII or half a character of a file name."""
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_NAME)
