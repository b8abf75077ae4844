"""What data sets share whose pictures lie inside larger files."""

from __future__ import annotations

import hashlib
import os
from abc import abstractmethod
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator

from ferray.data.account import Account
from ferray.data.datasets import Dataset, below_the_root
from ferray.data.datasets._labels import LabelParams
from ferray.data.files import shown
from ferray.data.images import refuse_one_colour, resize, rgb_in
from ferray.data.samples import Sample, SampleList
from ferray.data.scan import part_named
from ferray.data.table_rows import Row, list_rows


class ArchiveParams(LabelParams):
    """Where the files are, and how labels are read."""

    path: Annotated[str, AfterValidator(below_the_root)] = "."
    """The folder or file, below the data root."""


class ArchiveDataset(Dataset):
    """All files of some kinds at or below `path`, each of which holds many pictures; they are never unpacked."""

    params: ArchiveParams
    suffixes: ClassVar[tuple[str, ...]]  # of such files, in lower case
    origin: ClassVar[str]  # in words, what makes the official part `{part}`
    groups: ClassVar[str]  # in words, what its groups are

    @abstractmethod
    def rows(self, path: Path) -> Iterator[Row]:
        """A row for each picture in a file."""

    @abstractmethod
    def picture_bytes(self, sample: Sample) -> bytes:
        """The sample's picture as its own file would hold it; none where it has none."""

    @property
    def folders(self) -> tuple[str, ...]:
        return tuple(part.lower() for part in PurePosixPath(self.params.path).parts[:1])

    def reads(self, path: str) -> bool:
        return path.lower().endswith(self.suffixes) or path == self.params.groups

    def samples(self) -> SampleList:
        rows = [row for path in self._files for row in self.rows(path)]
        has_parts = any(row.part for row in rows)
        origins = {part: self.origin.format(part=part) for part in ("train", "val", "test")} if has_parts else {}
        place = shown(str(self.place))
        account = Account(place, {"all": f"`{self.params.path}`", **origins}, groups=self.groups)
        return list_rows(rows, self.params.class_names, what=f"`{place}`", account=account)

    def decode(self, sample: Sample, size: int) -> NDArray[np.uint8]:
        return resize(self.original(sample), size)

    def original(self, sample: Sample) -> NDArray[np.uint8]:
        what = f"picture `{sample.name}`"
        image = rgb_in(self.picture_bytes(sample), what=what)
        refuse_one_colour(image, what=what)
        return image

    def fingerprint(self) -> str:
        files = [f"{path.relative_to(self.root).as_posix()}\0{self.digest(path)}" for path in self._files]
        return hashlib.sha256("\n".join(files).encode("utf-8", "surrogateescape")).hexdigest()

    @property
    def asked_path(self) -> str:
        return self.params.path

    @property
    def place(self) -> Path:
        """The folder or file that is read."""
        return self.root / self.params.path

    @cached_property
    def _files(self) -> list[Path]:
        """Every such file, in order of path; DataError where there is none."""
        found = [self.place] if self.place.is_file() else files_called(self.place, self.suffixes)
        if not found:
            raise self.not_found()
        return found


def files_called(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    """Files with these lower-case endings at any depth, in order of path; nothing hidden."""
    found = []
    for place, inner, names in os.walk(folder):
        inner[:] = [name for name in inner if not name.startswith(".")]
        found += [Path(place) / name for name in names if _is_called(name, suffixes)]
    return sorted(found)


def part_of(path: Path) -> str:
    """The part that a file or its folder is named after: `train-00000-of-00001.parquet`, `val/000000.tar`."""
    return part_named(path.stem.partition("-")[0]) or part_named(path.parent.name)


def _is_called(name: str, suffixes: tuple[str, ...]) -> bool:
    return name.lower().endswith(suffixes) and not name.startswith(".")
