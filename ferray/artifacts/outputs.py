"""`output_at`: the folder of sweeps that is meant by what stands behind `--output`."""

from __future__ import annotations

import os
from pathlib import Path

from ferray.artifacts.address import file_system_at
from ferray.artifacts.mirror import RecordMirror
from ferray.config.cache_folder import make_cache_folder
from ferray.config.output_address import copy_of, keep_unreadable, remember_address
from ferray.errors import DataError, StorageError
from ferray.files.os_errors import reading, writing

_HINT = "look at its name, at the credentials in the environment and at the network"


def output_at(given: str | os.PathLike[str]) -> Path:
    """The folder itself; for an address such as `s3://bucket/runs` the one on this machine that stands for it.

    What has been recorded at the address since is there afterwards, but for records that are damaged, which are told of
    where one asks for them. ConfigError for a kind of address that there is not, StorageError where it cannot be read.
    """
    text = os.fspath(given)
    if "://" not in text:
        return Path(text)
    address = text.rstrip("/")
    files = file_system_at(address)
    folder = copy_of(address)
    with writing(folder):
        make_cache_folder(folder)
        remember_address(folder, address)
    with reading(address, StorageError, _HINT):
        names = files.names()
    found = {name: _pulled(RecordMirror(folder / name, f"{address}/{name}")) for name in names}
    keep_unreadable(folder, {name: error for name, error in found.items() if error is not None})
    return folder


def _pulled(mirror: RecordMirror) -> DataError | None:
    """What is wrong with this one record; StorageError where the address does not answer for any."""
    try:
        mirror.pull()
    except StorageError as error:
        if not isinstance(error.__cause__, FileNotFoundError | PermissionError):
            raise
        return error
    except DataError as error:
        return error
    return None
