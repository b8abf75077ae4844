"""Lines that a terminal need not break: folded between words, with what is in backticks kept whole to be copied."""

from __future__ import annotations

import os
import re
from typing import TextIO

_WORD = re.compile(r"\s*(?:`[^`]*`|[^\s`])+")


def width_of(stream: TextIO) -> int | None:
    """How many columns the terminal behind a stream has, or what `COLUMNS` says; None where there is no terminal."""
    if not stream.isatty():
        return None
    if os.environ.get("COLUMNS", "").isdigit():
        return int(os.environ["COLUMNS"])
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except OSError:
        return None


def wrapped(line: str, width: int | None, indent: str = "") -> str:
    """The line as it is, or folded at `width` columns with `indent` before what follows.

    A word, path or command in backticks that is longer than a line stays whole: a terminal breaks it so that it can
    still be copied, and no other way would.
    """
    if width is None or len(line) <= width:
        return line
    folded = [""]
    for word in _WORD.findall(line):
        if folded[-1].strip() and len(folded[-1]) + len(word) > width:
            folded.append(indent + word.lstrip())
        else:
            folded[-1] += word
    return "\n".join(folded)
