"""Rows of features of packed images, computed once and mapped by every trial on the machine. N = images, D = features.

They lie beside the packs as `features/<pack>-<key>.npy` (N, D) float32, and appear by rename, whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ferray.config.cache_folder import make_cache_folder
from ferray.data.fetching import fetch_file
from ferray.data.only_maker import only_maker
from ferray.data.pack_file import Progress
from ferray.data.pack_source import FEATURES, current_source
from ferray.errors import StorageError
from ferray.files.atomic import atomic_write
from ferray.files.os_errors import os_errors_as

Describe = Callable[[NDArray[np.uint8]], NDArray[np.float32]]  # images (B, H, W, 3) to rows (B, D)
STEP = 64  # images described at a time


def open_rows(
    images: NDArray[np.uint8], pack: Path, key: str, describe: Describe, progress: Progress | None = None
) -> NDArray[np.float32]:
    """The row of each image of the pack in folder `pack`, (N, D) mapped read-only; computed on the first call.

    `key` stands for all that decides a row beside the pixels. Of several processes that ask at once one describes and
    the others wait; a worker on another node gets those that the driver has. StorageError where the cache takes no
    writing.
    """
    path = pack.parent.parent / FEATURES / f"{pack.name}-{key}.npy"
    rows = _read(path, len(images))
    if rows is not None:
        return rows
    with only_maker(path):
        rows = _read(path, len(images))
        rows = _fetched(path, len(images)) if rows is None else rows
        return rows if rows is not None else _make(path, images, describe, progress)


def _fetched(path: Path, count: int) -> NDArray[np.float32] | None:
    """The rows as the driver has them; None where there is no other driver's, or where it has none."""
    source = current_source()
    file = None if source is None else source.rows(path.name)
    if source is None or file is None:
        return None
    fetch_file(source, file, path)
    return _read(path, count)


def _read(path: Path, count: int) -> NDArray[np.float32] | None:
    """The rows at `path`; None where there are none or where they are not whole."""
    try:
        rows: NDArray[np.float32] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return rows if rows.ndim == 2 and len(rows) == count and rows.dtype == np.float32 else None


def describe_all(
    images: NDArray[np.uint8], describe: Describe, progress: Progress | None = None
) -> NDArray[np.float32]:
    """The row of each image, (N, D), computed `STEP` images at a time in the order of the pack."""
    rows: NDArray[np.float32] | None = None
    for start in range(0, len(images), STEP):
        described = describe(images[start : start + STEP])
        if rows is None:
            rows = np.empty((len(images), described.shape[1]), dtype=np.float32)
        rows[start : start + STEP] = described
        if progress:
            progress(min(start + STEP, len(images)), len(images))
    assert rows is not None, "a pack holds images"
    return rows


def _make(path: Path, images: NDArray[np.uint8], describe: Describe, progress: Progress | None) -> NDArray[np.float32]:
    rows = describe_all(images, describe, progress)
    _write(path, rows)
    made = _read(path, len(images))
    return rows if made is None else made


def _write(path: Path, rows: NDArray[np.float32]) -> None:
    hint = "set FERRAY_CACHE to a folder with space that you may write to"
    with os_errors_as(StorageError, f"features cannot be kept in `{path.parent}`", hint):
        make_cache_folder(path.parent)
        with atomic_write(path) as stream:
            np.save(stream, rows, allow_pickle=False)
