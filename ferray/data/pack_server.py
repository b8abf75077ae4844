"""`PackServer`: what a driver's machine gives of its cache to nodes that lack the data."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

from ferray.config.trial import DatasetChoice
from ferray.data.groups import grouped
from ferray.data.pack import open_pack
from ferray.data.pack_source import FEATURES, MANIFEST, PackOffer, SourceFile
from ferray.errors import StorageError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


class PackServer:
    """Names packs and rows of features with their hashes, and reads what it has named; no other file.

    For any thread. DataError as `open_splits` raises it, StorageError for what was not named.
    """

    def __init__(self, data_root: Path, cache_dir: Path) -> None:
        self._root, self._cache = Path(data_root).absolute(), Path(cache_dir).absolute()
        self._named: dict[str, SourceFile] = {}

    def offer(self, choice: DatasetChoice, size: int) -> PackOffer:
        """The pack of a data set, decoded first where it is not there."""
        pack = open_pack(choice, size=size, data_root=self._root, cache_dir=self._cache)
        known = json.loads((pack.folder / MANIFEST).read_bytes())
        hashes = {"images.npy": known["images_sha256"], "samples.json": known["samples_sha256"]}
        paths = sorted(path for path in pack.folder.iterdir() if _NAME.fullmatch(path.name))
        return PackOffer(pack.folder.name, tuple(self._file(path, hashes.get(path.name)) for path in paths))

    def groups(self, choice: DatasetChoice, size: int) -> tuple[str, ...]:
        """The group of each sample of the pack, by a csv below the data root."""
        pack = open_pack(choice, size=size, data_root=self._root, cache_dir=self._cache)
        named = grouped(pack.samples.samples, choice.build_params(), self._root)
        return tuple(sample.group for sample in named)

    def rows(self, name: str) -> SourceFile | None:
        """A file of rows; None where it is not there."""
        path = self._cache / FEATURES / name
        if not _NAME.fullmatch(name) or not path.is_file():
            return None
        return self._named.get(f"{FEATURES}/{name}") or self._file(path, None)

    def read(self, path: str, start: int, count: int) -> bytes:
        """A piece of a file that was named."""
        if path not in self._named:
            raise StorageError(f"`{path}` is no file that this driver has offered")
        with (self._cache / path).open("rb") as stream:
            stream.seek(start)
            return stream.read(count)

    def _file(self, path: Path, sha256: str | None) -> SourceFile:
        """The file with its hash, computed where it is not known already."""
        place = path.relative_to(self._cache).as_posix()
        file = SourceFile(place, path.stat().st_size, sha256 or _sha256(path))
        self._named[place] = file
        return file


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
