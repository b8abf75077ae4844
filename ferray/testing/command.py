"""Run a `ferray` command in this process and keep what it prints."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ferray.cli.app import run

INLINE = ("--launcher", "inline", "--tracker", "none")


@dataclass(frozen=True)
class Ran:
    """A finished command."""

    code: int
    out: str
    err: str


def ferray(*args: object) -> Ran:
    """`ferray ARGS` as a user would type it, without a process of its own."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run([str(arg) for arg in args])
    return Ran(code, out.getvalue(), err.getvalue())


def document(ran: Ran) -> dict[str, Any]:
    """What a command that ended well has printed with `--json`."""
    assert ran.code == 0, ran.err
    parsed: dict[str, Any] = json.loads(ran.out)
    return parsed


def sweep(space: Path, *args: object) -> Ran:
    """`ferray sweep SPACE` into `runs/` beside the space: one trial after another in this process, shown nowhere."""
    return ferray("sweep", space, "--output", space.parent / "runs", *INLINE, *args)


def swept(space: Path, text: str, *args: object) -> Path:
    """The folder of results of a sweep that has ended well, of a space that is written here first."""
    space.write_text(text)
    ran = sweep(space, *args)
    assert ran.code == 0, ran.err
    return space.parent / "runs"
