"""Rendered files in a folder: all of them or none, and nobody's changes lost."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ferray.errors import ConfigError
from ferray.files.atomic import write_text
from ferray.files.os_errors import writing
from ferray.files.read import read_text

_IS_RUN = "#!"  # what a script begins with


def changed_in(folder: Path, files: Mapping[str, str], shipped: Mapping[str, str]) -> list[str]:
    """Which files lie in a folder with another content that is not the one they ship with, by their paths below it."""
    there = [name for name in files if (folder / name).exists()]
    return [name for name in there if read_text(folder / name, ConfigError) not in (files[name], shipped[name])]


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Put the files into a folder, scripts as programs."""
    for name, text in files.items():
        path = folder / name
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_text(path, text, durable=False)
            if text.startswith(_IS_RUN):
                path.chmod(0o755)
