"""Shards of a WebDataset: tar archives of pictures, each with its label beside it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator

from ferray.data.account import Account
from ferray.data.datasets import Dataset, below_the_root
from ferray.data.datasets._labels import GROUP_NAMES, LABEL_NAMES, LabelParams
from ferray.data.files import shown
from ferray.data.images import MOST_BYTES, fit, refuse_one_colour, rgb_in
from ferray.data.samples import Sample, SampleList
from ferray.data.scan import part_named
from ferray.data.table_rows import Row, list_rows
from ferray.data.tar_shards import Entry, entries_of, read_part
from ferray.errors import DataError

SHARD = ".tar"
PACKED = (".tar.gz", ".tgz", ".tar.zst", ".tar.bz2", ".tar.xz")
NO_LABEL = ("no label", "has no label beside it: a `.cls`, a `.txt`, or a `.json` that holds `label`")


class Webdataset(Dataset):
    """A WebDataset on disk: `.tar` shards in which `key.jpg`, or another picture, stands beside `key.cls` or `.json`.

    All shards below `path` are read in place, never unpacked. The label is what `.cls` or `.txt` holds, or `label` (or
    class, emotion, expression) of `.json`, which may name a group (subject, person, video) too. Parts come from shards'
    names such as `train-000000.tar`, or their folders.
    """

    class Params(LabelParams):
        path: Annotated[str, AfterValidator(below_the_root)] = "."
        """The folder or file, below the data root."""

    params: Params
    expected_layout = "train-000000.tar\ntrain/000000.tar"
    how_to_get = "the shards are your own, as the library `webdataset` writes them"

    @property
    def folders(self) -> tuple[str, ...]:
        return tuple(part.lower() for part in PurePosixPath(self.params.path).parts[:1])

    def reads(self, path: str) -> bool:
        return path.lower().endswith(SHARD) or path == self.params.groups

    def samples(self) -> SampleList:
        rows = [row for path in self._files for row in self._rows(path)]
        parts = {row.part for row in rows}
        origins = {part: f"shards `{part}`" for part in ("train", "val", "test")} if parts - {""} else {}
        place = shown(str(self._place))
        account = Account(place, {"all": f"`{self.params.path}`", **origins}, groups="groups of its `.json`")
        return list_rows(rows, self.params.class_names, what=f"`{place}`", account=account)

    def decode(self, sample: Sample, size: int) -> NDArray[np.uint8]:
        return fit(self._pixels(sample), size, what=_what(sample))

    def original(self, sample: Sample) -> NDArray[np.uint8]:
        image = self._pixels(sample)
        refuse_one_colour(image, what=_what(sample))
        return image

    def fingerprint(self) -> str:
        files = [f"{path.relative_to(self.root).as_posix()}\0{self.digest(path)}" for path in self._files]
        return hashlib.sha256("\n".join(files).encode("utf-8", "surrogateescape")).hexdigest()

    @property
    def _place(self) -> Path:
        return self.root / self.params.path

    @cached_property
    def _files(self) -> list[Path]:
        """Every shard below the path, in order of path; DataError where there is none, or all are compressed."""
        if self._place.is_file():
            return [self._place]
        names = [Path(folder) / name for folder, _, names in os.walk(self._place) for name in names]
        shards = sorted(path for path in names if path.suffix.lower() == SHARD and not path.name.startswith("."))
        if shards:
            return shards
        packed = sorted(path for path in names if path.name.lower().endswith(PACKED))
        if packed:
            raise DataError(f"`{packed[0]}` is compressed, and shards are read in place", "unpack it to a `.tar`")
        raise self.not_found()

    def _rows(self, path: Path) -> Iterator[Row]:
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

    def _pixels(self, sample: Sample) -> NDArray[np.uint8]:
        file, _, place = sample.source.rpartition("@")
        offset, _, length = place.partition(":")
        return rgb_in(read_part(self.root / file, int(offset), int(length)), what=_what(sample))


def _row(path: Path, file: str, entry: Entry) -> Row | None:
    """The row of a key; None for one that has neither a picture nor a label."""
    label, group = _label_and_group(entry)
    if not entry.pictures and label is None:
        return None
    row = Row(f"{shown(file)}/{shown(entry.key)}", label or "", "", part=_part_of(path), group=group)
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


def _part_of(path: Path) -> str:
    """The part that a shard or its folder is named after: `train-000000.tar`, `val/000000.tar`."""
    return part_named(path.stem.partition("-")[0]) or part_named(path.parent.name)


def _what(sample: Sample) -> str:
    return f"picture `{sample.name}`"
