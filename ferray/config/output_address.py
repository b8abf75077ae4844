"""Where sweeps lie: a folder of this machine, or an address, of whose records a folder of this machine holds a copy."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from ferray.config.cache_folder import default_cache_dir
from ferray.errors import DataError
from ferray.files.atomic import write_text

_ADDRESS_NAME = "address.txt"  # in the folder that stands for an address


def copy_of(address: str) -> Path:
    """The folder of this machine that stands for an address; the same for each command, and made here."""
    address = address.rstrip("/")
    words = re.sub(r"[^A-Za-z0-9]+", "-", address).strip("-")[:60]
    return default_cache_dir() / "outputs" / f"{words}-{hashlib.sha256(address.encode()).hexdigest()[:8]}"


def remember_address(folder: Path, address: str) -> None:
    """Have `address_of` find the address that this folder stands for."""
    write_text(folder / _ADDRESS_NAME, f"{address.rstrip('/')}\n", durable=False)


def address_of(output: Path) -> str | None:
    """The address that a folder of sweeps stands for; None for one that is its own."""
    try:
        return (output / _ADDRESS_NAME).read_text(encoding="utf-8").strip()
    except OSError:
        return None


def sweep_address(folder: Path) -> str | None:
    """Where a sweep of such a folder keeps the files of its trials, and a copy of its record."""
    address = address_of(folder.parent)
    return None if address is None else f"{address}/{folder.name}"


_UNREADABLE: dict[Path, DataError] = {}


def keep_unreadable(output: Path, found: Mapping[str, DataError]) -> None:
    """Remember which sweeps of an address could not be brought into `output`, by name, and why.

    The others are there: whoever asks for one of these is told, and a list of sweeps names it.
    """
    for folder in [folder for folder in _UNREADABLE if folder.parent == output.absolute()]:
        del _UNREADABLE[folder]
    _UNREADABLE.update({output.absolute() / name: error for name, error in found.items()})


def why_unreadable(folder: Path) -> DataError | None:
    """Why the record of this sweep could not be brought here; None where nothing is known against it."""
    return _UNREADABLE.get(folder.absolute())


def unreadable_names(output: Path) -> set[str]:
    """The sweeps of a folder that could not be brought into it."""
    return {folder.name for folder in _UNREADABLE if folder.parent == output.absolute()}


_EXPECTED: dict[Path, Callable[[], object]] = {}


def expect(folder: Path, bring_up: Callable[[], object]) -> None:
    """Have `bring_up` fetch what is at the address of this folder before the first that looks into it does."""
    _EXPECTED[folder] = bring_up


def bring_up(folder: Path) -> None:
    """Fetch what is at the address that the folder stands for, where that has been put off; its errors."""
    if (fetch := _EXPECTED.pop(folder, None)) is not None:
        fetch()
