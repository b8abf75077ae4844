"""Validators that are programs: where they are, and what they answer."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

TIMEOUT_S = 60.0


def program_path(name: str) -> str | None:
    """The executable of that name beside this Python, where packages put it, or on the path."""
    beside = Path(sys.executable).with_name(name)
    return str(beside) if beside.is_file() else shutil.which(name)


def json_answer(command: Sequence[str], files: Sequence[tuple[str, str]]) -> Any:
    """What a program prints as JSON about texts, given to it as files of those names in a folder of their own.

    Raises OSError, subprocess.SubprocessError or ValueError where it answers something else.
    """
    with tempfile.TemporaryDirectory(prefix="ferray-check-") as folder:
        for name, text in files:
            (Path(folder) / name).write_text(text, encoding="utf-8")
        words = [*command, *(name for name, _ in files)]
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    try:
        return json.loads(done.stdout)
    except ValueError as error:
        raise ValueError(
            " ".join((done.stderr or done.stdout).split()) or f"it ended with {done.returncode}"
        ) from error
