"""Content hashes of source files, remembered so that a second start reads no file again."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

from ferray.config.cache_folder import make_cache_folder
from ferray.data.files import regular_file
from ferray.data.samples import SampleList
from ferray.errors import BadSampleError, DataError
from ferray.files.atomic import write_text
from ferray.files.os_errors import os_errors_as
from ferray.files.size_limits import refuse_larger

MOST_BYTES = 64 * 2**30  # of a file that is hashed: a minute's reading
FileDigest = Callable[[Path | str], str]


def sha256_of(path: Path | str) -> str:
    """Hex digest of a file's content; DataError naming the file when it cannot be read, BadSampleError for no file."""
    path = Path(path)
    with os_errors_as(DataError, f"file `{path}` cannot be read", "check the file and who may read it"):
        regular_file(path)
        refuse_larger(path, MOST_BYTES)
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()


def digest_of_any(path: Path | str, digest: FileDigest) -> str:
    """The file's hash; a word for what is no file, so that packing gets to name it among the bad samples."""
    try:
        return digest(path)
    except BadSampleError as error:
        return error.reason


def listing_fingerprint(listing: SampleList) -> str:
    """One hash over where each sample comes from, and over its content."""
    assert len(listing.contents) == len(listing), "a data set says the content of its samples, or its own fingerprint"
    whole = hashlib.sha256()
    for sample, content in zip(listing.samples, listing.contents, strict=True):
        whole.update(f"{sample.source}\0{content}\n".encode("utf-8", "surrogateescape"))
    return whole.hexdigest()


def table_fingerprint(listing: SampleList) -> str:
    """`listing_fingerprint`, and one of what a table says of each sample, which its path does not."""
    whole = hashlib.sha256(listing_fingerprint(listing).encode())
    for sample in listing.samples:
        said = f"{listing.classes[sample.label]}\0{sample.part}\0{sample.group}\n"
        whole.update(said.encode("utf-8", "surrogateescape"))
    for bad in listing.bad:
        whole.update(f"{bad.name}\0{bad.reason}\n".encode("utf-8", "surrogateescape"))
    return whole.hexdigest()


class DigestMemo:
    """`sha256_of` that remembers files by whole path, size and time of change in one JSON file of the cache folder.

    For one thread. A memo that is missing, damaged or cannot be written only costs the time of reading files again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, list[object]] = _read_memo(path)
        self._changed = False

    def digest(self, path: Path | str) -> str:
        """The file's content hash, read only where size or time of change differ from the remembered ones."""
        key = os.fspath(path)
        try:
            status = os.stat(key)  # noqa: PTH116  # half a second for 35,887 files, if each was made a Path first
        except OSError:
            return sha256_of(path)
        stamp: list[object] = [status.st_size, status.st_mtime_ns]
        known = self._known.get(key)
        if known is None or known[:2] != stamp:
            known = [*stamp, sha256_of(path)]
            self._known[key] = known
            self._changed = True
        return str(known[2])

    def save(self) -> None:
        """Write what was learned; quietly not, where the cache folder takes no writing."""
        if not self._changed:
            return
        with contextlib.suppress(OSError):
            make_cache_folder(self._path.parent)
            write_text(self._path, json.dumps(self._known), durable=False)


def _read_memo(path: Path) -> dict[str, list[object]]:
    try:
        memo = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(memo, dict):
        return {}
    return {key: entry for key, entry in memo.items() if isinstance(entry, list) and len(entry) == 3}
