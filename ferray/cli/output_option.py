"""What stands behind `--output`: a folder, or for sweeps an address of an object store."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

from ferray.config.output_address import copy_of, expect
from ferray.errors import ConfigError
from ferray.text.commands import command

_opened: set[Path] = set()  # folders that stand for an address, of the command that runs


def output_of_sweeps(given: str | os.PathLike[str]) -> Path:
    """The folder that is meant, or that stands for an address, which is asked when a sweep is looked for."""
    text = os.fspath(given)
    if "://" not in text:
        return Path(text)
    folder = copy_of(text)
    expect(folder, partial(_open, text))
    return folder


def output_here(given: str | os.PathLike[str]) -> Path:
    """A folder of this machine; ConfigError for an address, to which the commands of sweeps alone write."""
    text = os.fspath(given)
    if "://" in text:
        message = f"`--output {text.partition('://')[0]}://...` is for sweeps, this command writes to a folder"
        raise ConfigError(message, f"see `{command('sweep --help')}`")
    return Path(text)


def push_opened() -> None:
    """Have the addresses hold what the command has recorded; errors of `push_records`."""
    if _opened:
        from ferray.sweeps.mirroring import push_records

        while _opened:
            push_records(_opened.pop())


def _open(address: str) -> None:
    from ferray.artifacts.outputs import output_at  # where an address is given alone, its client is imported

    _opened.add(output_at(address))
