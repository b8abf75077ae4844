"""What an audit found in one data set, in numbers, as JSON and as a list of every copy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ferray.audit.copies import CopyGroup
from ferray.audit.group_leaks import GroupLeaks
from ferray.audit.pictures import SPLITS, Pictures
from ferray.files.atomic import write_text
from ferray.text.sanitize import csv_text

COLUMNS = ("group", "kind", "sample_id", "name", "class", "split")


@dataclass(frozen=True)
class CopyCount:
    """How many groups of copies there are, of how many images, in several splits, and under several labels."""

    groups: int
    images: int
    across_splits: int
    two_labels: int


@dataclass(frozen=True)
class Findings:
    """`identical` are groups of one file, `copies` those and near copies together; `blank` and `placeholders` are rows.

    `leaks` is None where no sample tells its film or person.
    """

    pictures: Pictures
    identical: tuple[CopyGroup, ...]
    copies: tuple[CopyGroup, ...]
    blank: tuple[int, ...]
    placeholders: tuple[int, ...]
    leaks: GroupLeaks | None

    def labels_of(self, group: CopyGroup) -> list[str]:
        """The classes under which a group stands, by their numbers."""
        return [
            self.pictures.classes[label] for label in sorted({int(self.pictures.labels[row]) for row in group.rows})
        ]

    def splits_of(self, group: CopyGroup) -> list[str]:
        """The splits in which a group stands."""
        standing = {str(self.pictures.parts[row]) for row in group.rows}
        return [split for split in SPLITS if split in standing]

    def count(self, groups: Sequence[CopyGroup]) -> CopyCount:
        """The numbers of these groups."""
        return CopyCount(
            groups=len(groups),
            images=sum(len(group.rows) for group in groups),
            across_splits=sum(len(self.splits_of(group)) > 1 for group in groups),
            two_labels=sum(len(self.labels_of(group)) > 1 for group in groups),
        )

    def num_seen(self, split: str, groups: Sequence[CopyGroup]) -> int:
        """Images of a split with a copy in one before it: of val in train, of test in train or val."""
        before = SPLITS[: SPLITS.index(split)]
        return sum(
            sum(self.pictures.parts[row] == split for row in group.rows)
            for group in groups
            if any(part in before for part in self.splits_of(group))
        )

    def num_in(self, split: str) -> int:
        """All images of a split."""
        return int((self.pictures.parts == split).sum())

    def to_json(self) -> dict[str, Any]:
        """For scripts; every group of copies with its images."""
        return {
            "images": {split: self.num_in(split) for split in SPLITS},
            "identical": asdict(self.count(self.identical)),
            "copies": asdict(self.count(self.copies)),
            "seen_before": {
                split: {"identical": self.num_seen(split, self.identical), "copies": self.num_seen(split, self.copies)}
                for split in SPLITS[1:]
            },
            "shared_groups": asdict(self.leaks) if self.leaks else None,
            "blank": [self._image(row) for row in self.blank],
            "placeholders": [self._image(row) for row in self.placeholders],
            "groups": [self._group(number, group) for number, group in enumerate(self.copies, start=1)],
        }

    def _group(self, number: int, group: CopyGroup) -> dict[str, Any]:
        return {
            "group": number,
            "kinds": list(group.kinds),
            "splits": self.splits_of(group),
            "labels": self.labels_of(group),
            "images": [self._image(row) for row in group.rows],
        }

    def _image(self, row: int) -> dict[str, Any]:
        sample = self.pictures.samples[row]
        return {
            "sample_id": sample.sample_id,
            "name": sample.name,
            "class": self.pictures.classes[sample.label],
            "split": str(self.pictures.parts[row]),
        }

    def write_csv(self, path: Path) -> None:
        """Every image that has a copy, or shows nothing, a line each; StorageError where it cannot be written."""
        write_text(path, csv_text([COLUMNS, *self._rows()]), errors="backslashreplace", durable=False)

    def _rows(self) -> Iterator[tuple[object, ...]]:
        for number, group in enumerate(self.copies, start=1):
            for row in group.rows:
                yield (number, "; ".join(group.kinds), *self._image(row).values())
        for kind, rows in (("blank", self.blank), ("placeholder", self.placeholders)):
            for row in rows:
                yield ("", kind, *self._image(row).values())
