"""Samples that cannot be used: what is wrong with each, how they are refused together, and the list a skip leaves."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from ferray.errors import DataError

MOST_SHOWN = 20
LISTING = "bad_samples.csv"
HINT = "mend or delete what is named, or leave it out with `--bad-samples skip`"


class BadSampleError(DataError):
    """One image or csv row is bad, and its bytes alone decide that: asking again gives the same answer.

    `kind` is what such samples are counted under, `reason` what stands behind the sample's name. A disk that fails or a
    file that nobody may read is another DataError, which `--bad-samples skip` does not pass over.
    """

    def __init__(self, message: str, hint: str = "", kind: str = "unreadable", reason: str = "") -> None:
        super().__init__(message, hint)
        self.kind = kind
        self.reason = reason or message
        self.args = (message, hint, kind, reason)

    @classmethod
    def of(cls, what: str, kind: str, reason: str) -> Self:
        """The error about `what`, such as an image and its path in backticks."""
        return cls(f"{what} {reason}", HINT, kind, reason)


@dataclass(frozen=True)
class BadSample:
    """A sample that is left out; `name` as a good one would have it, `class_name` "" where the label is not known."""

    name: str
    class_name: str
    kind: str
    reason: str

    @property
    def file(self) -> str:
        """The file below the data root."""
        file, _, row = self.name.rpartition(":")
        return file if file and row.isdecimal() else self.name

    @property
    def row(self) -> str:
        """The row in the file, counted from 0 below the header; "" for a file that is one image."""
        return self.name[len(self.file) + 1 :]


@dataclass(frozen=True)
class Skipped:
    """What was left out of a data set, and the csv that lists it."""

    samples: tuple[BadSample, ...]
    listing: Path

    def warning(self, dataset: str) -> str:
        """One line: how many, of which kinds, and where to read them."""
        kinds = Counter(sample.kind for sample in self.samples)
        counts = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
        return f"{_number(self.samples)} left out of `{dataset}` ({counts}): see `{self.listing}`"


def refusal(dataset: str, bad: Sequence[BadSample]) -> DataError:
    """The error that names every bad sample of a data set, the first 20 of many."""
    lines = [f"  {sample.name}: {sample.reason}" for sample in bad[:MOST_SHOWN]]
    if len(bad) > MOST_SHOWN:
        lines.append(f"  and {len(bad) - MOST_SHOWN} more")
    return DataError("\n".join([f"`{dataset}` has {_number(bad)}", *lines]), HINT)


def write_listing(folder: Path, bad: Sequence[BadSample]) -> None:
    """`bad_samples.csv` in `folder`: file, row, class, kind and reason of each; only the header where none is bad."""
    with (folder / LISTING).open("w", encoding="utf-8", errors="backslashreplace", newline="") as stream:
        rows = csv.writer(stream, lineterminator="\n")
        rows.writerow(["file", "row", "class", "kind", "reason"])
        rows.writerows([sample.file, sample.row, sample.class_name, sample.kind, sample.reason] for sample in bad)


def _number(bad: Sequence[BadSample]) -> str:
    return "1 bad sample" if len(bad) == 1 else f"{len(bad)} bad samples"
