"""A question that the person at the keyboard answers, or an option has answered."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from ferray.errors import ConfigError

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def is_wanted(question: str, unasked: str) -> bool:
    """Whether the answer is yes; ConfigError, saying that nobody is there to be asked `unasked`, without a terminal."""
    if not sys.stdin.isatty():
        raise ConfigError(f"nobody is there to be asked {unasked}", "pass `--yes`")
    return typer.confirm(question, err=True)
