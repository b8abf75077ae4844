"""Shards of a WebDataset: tar archives of pictures, each with its label beside it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from ferray.data.datasets._archives import ArchiveDataset, ArchiveParams, files_called, part_of
from ferray.data.datasets._labels import GROUP_NAMES, LABEL_NAMES
from ferray.data.files import shown
from ferray.data.images import MOST_BYTES
from ferray.data.samples import Sample
from ferray.data.table_rows import Row
from ferray.data.tar_shards import Entry, entries_of, read_part
from ferray.errors import DataError

PACKED = (".tar.gz", ".tgz", ".tar.zst", ".tar.bz2", ".tar.xz")
NO_LABEL = ("no label", "has no label beside it: a `.cls`, a `.txt`, or a `.json` that holds `label`")


class Webdataset(ArchiveDataset):
    """A WebDataset on disk: `.tar` shards in which `key.jpg`, or another picture, stands beside `key.cls` or `.json`.

    All shards below `path` are read in place, never unpacked. The label is what `.cls` or `.txt` holds, or `label` (or
    class, emotion, expression) of `.json`, which may name a group (subject, person, video) too. Parts come from shards'
    names such as `train-000000.tar`, or their folders.
    """

    class Params(ArchiveParams):
        pass

    params: Params
    suffixes = (".tar",)
    origin = "shards `{part}`"
    groups = "groups of its `.json`"
    expected_layout = "train-000000.tar\ntrain/000000.tar"
    how_to_get = "the shards are your own, as the library `webdataset` writes them"

    def not_found(self) -> DataError:
        packed = files_called(self.place, PACKED)
        if packed:
            return DataError(f"`{packed[0]}` is compressed, and shards are read in place", "unpack it to a `.tar`")
        return super().not_found()

    def rows(self, path: Path) -> Iterator[Row]:
        file = path.relative_to(self.root).as_posix()
        seen: set[str] = set()
        for entry in entries_of(path):
            row = _row(path, file, entry)
            if row is None:
                continue
            if entry.key in seen:
                flaw = ("two pictures", "stands under a key that the shard has had before")
                row = replace(row, name=f"{row.name} ({len(seen)})", flaw=flaw)
            seen.add(entry.key)
            yield row

    def picture_bytes(self, sample: Sample) -> bytes:
        file, _, place = sample.source.rpartition("@")
        offset, _, length = place.partition(":")
        return read_part(self.root / file, int(offset), int(length))


def _row(path: Path, file: str, entry: Entry) -> Row | None:
    """The row of a key; None for one that has neither a picture nor a label."""
    label, group = _label_and_group(entry)
    if not entry.pictures and label is None:
        return None
    row = Row(f"{shown(file)}/{shown(entry.key)}", label or "", "", part=part_of(path), group=group)
    if len(entry.pictures) != 1:
        number = len(entry.pictures)
        return replace(row, flaw=("no picture", f"has {number or 'no'} pictures under its key, one is expected"))
    offset, length = entry.pictures[0]
    row = replace(row, source=f"{file}@{offset}:{length}")
    if length > MOST_BYTES:
        return replace(row, flaw=("too large", f"is `{length >> 20}` MiB, at most `{MOST_BYTES >> 20}` are read"))
    if label is None:
        return replace(row, flaw=NO_LABEL)
    return replace(row, content=hashlib.blake2b(read_part(path, offset, length), digest_size=16).hexdigest())


def _label_and_group(entry: Entry) -> tuple[str | None, str]:
    """What the files beside a picture say, None for no label and "" for no group."""
    known = _json_of(entry.texts.get("json", b""))
    said = [known[name] for name in LABEL_NAMES if known.get(name) is not None]
    groups = [known[name] for name in GROUP_NAMES if known.get(name) is not None]
    texts = [
        entry.texts[suffix].decode("utf-8", "replace").strip() for suffix in ("cls", "txt") if suffix in entry.texts
    ]
    labels = [*texts, *map(str, said)]
    return (labels[0] if labels else None), (str(groups[0]) if groups else "")


def _json_of(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return {str(key).lower(): value for key, value in found.items()} if isinstance(found, dict) else {}
