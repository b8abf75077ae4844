"""Files of a driver's cache into that of this node: in pieces, by rename, whole and of the right hash or not at all."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import BinaryIO

from ferray.config.cache_folder import make_cache_folder
from ferray.data.pack_file import LEFTOVER_AGE_S, Pack, read_pack
from ferray.data.pack_source import MANIFEST, PackOffer, PackSource, SourceFile
from ferray.errors import StorageError
from ferray.files.atomic import atomic_folder, atomic_write, remove_folder, remove_leftovers
from ferray.files.os_errors import os_errors_as

ATTEMPTS = 3
_SPACE = "set FERRAY_CACHE on this node to a folder with space that you may write to"


def read_offered(folder: Path, offer: PackOffer) -> Pack | None:
    """The pack in `folder` if it is the one that is offered; None where it is another, or none."""
    try:
        manifest = (folder / MANIFEST).read_bytes()
    except OSError:
        return None
    if hashlib.sha256(manifest).hexdigest() != offer.manifest.sha256:
        return None
    return read_pack(folder)


def fetch_pack(source: PackSource, offer: PackOffer, folder: Path) -> Pack:
    """The pack that is offered, brought to `folder`; to be called by one process of the node at a time.

    StorageError where the cache takes no writing, or where a file arrives damaged however often it is asked for.
    """
    with os_errors_as(StorageError, f"packs cannot be brought to `{folder.parent}`", _SPACE):
        make_cache_folder(folder.parent)
        remove_folder(folder)  # another one; trials that still map it keep their pages
        remove_leftovers(folder, older_than_s=LEFTOVER_AGE_S)
        with atomic_folder(folder) as made:
            for file in offer.files:
                with atomic_write(made / file.name) as stream:
                    _copy(source, file, stream)
    pack = read_offered(folder, offer)
    if pack is None:
        raise StorageError(f"the pack in `{folder}` cannot be read back", _SPACE)
    return pack


def fetch_file(source: PackSource, file: SourceFile, path: Path) -> None:
    """One file that is offered, brought to `path`; errors of `fetch_pack`."""
    with os_errors_as(StorageError, f"`{file.name}` cannot be brought to `{path.parent}`", _SPACE):
        make_cache_folder(path.parent)
        with atomic_write(path) as stream:
            _copy(source, file, stream)


def _copy(source: PackSource, file: SourceFile, stream: BinaryIO) -> None:
    """Write the file as it was hashed; what arrives otherwise is asked for again."""
    for _ in range(ATTEMPTS):
        stream.seek(0)
        stream.truncate()
        digest = hashlib.sha256()
        for piece in source.pieces(file):
            digest.update(piece)
            stream.write(piece)
        if stream.tell() == file.num_bytes and digest.hexdigest() == file.sha256:
            return
    message = f"`{file.path}` of the driver's cache arrives damaged, {ATTEMPTS} times in a row"
    raise StorageError(message, "delete it on the driver's machine: it is made again")
