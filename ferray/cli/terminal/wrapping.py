"""Lines that a terminal need not break: folded between words, with what is in backticks kept whole to be copied."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
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
    lines = [""]
    for word in _WORD.findall(line):
        if lines[-1].strip() and len(lines[-1]) + len(word) > width:
            lines.append(indent + word.lstrip())
        else:
            lines[-1] += word
    return "\n".join(lines)


def folded(parts: Sequence[str], width: int) -> list[str]:
    """The parts two spaces apart on as few lines as they need, none of them broken."""
    lines: list[str] = []
    for part in parts:
        if lines and len(lines[-1]) + len(part) + 2 <= width:
            lines[-1] += f"  {part}"
        else:
            lines.append(part)
    return lines


def cut(line: str, width: int) -> str:
    """The line, or as many of its words as leave room for the mark that there are more."""
    if len(line) <= width:
        return line
    kept = line[: width - 3].rfind(" ")
    return f"{line[: max(0, kept)]} ...".lstrip()
