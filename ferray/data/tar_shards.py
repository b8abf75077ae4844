"""Pictures in tar archives as WebDataset has them, read in place: nothing is unpacked, no path in them is followed."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ferray.data.files import regular_file
from ferray.data.layout import IMAGE_SUFFIXES
from ferray.errors import DataError
from ferray.files.os_errors import reading

MOST_LABEL_BYTES = 2**20
LABELS = ("cls", "json", "txt")


@dataclass
class Entry:
    """What stands under one key: where its picture lies in the archive, and the files beside it by suffix.

    `pictures` are offset and length of each; one is as it should be.
    """

    key: str
    pictures: list[tuple[int, int]] = field(default_factory=list)
    texts: dict[str, bytes] = field(default_factory=dict)


def entries_of(path: Path) -> Iterator[Entry]:
    """Every key of an archive with its files, which stand one after another; DataError for what is no whole tar."""
    entry: Entry | None = None
    with reading(path, DataError, "check who may read it"):
        regular_file(path)
        try:
            with tarfile.open(path, "r:") as archive:
                for member in archive:
                    key, suffix = _key_and_suffix(member.name)
                    if not member.isreg() or member.issparse() or key.rpartition("/")[2] == "":
                        continue
                    if entry is None or entry.key != key:
                        if entry is not None:
                            yield entry
                        entry = Entry(key)
                    _put(archive, member, entry, suffix)
                    archive.members.clear()  # type: ignore[attr-defined]  # else a million members stay in memory
                _refuse_torn(path, archive.offset)
        except tarfile.TarError as error:
            raise DataError(f"`{path}` is no tar archive, or torn: {error}", "copy it again") from error
    if entry is not None:
        yield entry


def read_part(path: Path, offset: int, length: int) -> bytes:
    """So many bytes of the file from there; fewer where it ends before."""
    with reading(path, DataError, "check who may read it"), path.open("rb") as stream:
        stream.seek(offset)
        return stream.read(length)


def _put(archive: tarfile.TarFile, member: tarfile.TarInfo, entry: Entry, suffix: str) -> None:
    if f".{suffix.rpartition('.')[2]}" in IMAGE_SUFFIXES:
        entry.pictures.append((member.offset_data, member.size))
    elif suffix in LABELS and member.size <= MOST_LABEL_BYTES:
        content = archive.extractfile(member)
        entry.texts[suffix] = content.read() if content is not None else b""


def _key_and_suffix(name: str) -> tuple[str, str]:
    """`a/b.seg.png` is the suffix `seg.png` of the key `a/b`."""
    folder, slash, file = name.removeprefix("./").rpartition("/")
    stem, _, suffix = file.partition(".")
    return f"{folder}{slash}{stem}", suffix.lower()


def _refuse_torn(path: Path, end: int) -> None:
    """DataError where the last header is not followed by zeros: tarfile stops there without a word."""
    block = read_part(path, end, tarfile.BLOCKSIZE)
    if block.strip(b"\0") or end > path.stat().st_size:
        raise DataError(f"`{path}` is torn, or no tar archive, from its byte {end:,} on", "copy it again")
