"""Samples that cannot be used: what is wrong with each, how they are refused together, and the list a skip leaves."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ferray.errors import BAD_SAMPLE_HINT, DataError

MOST_SHOWN = 20
LISTING = "bad_samples.csv"


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
    return DataError("\n".join([f"`{dataset}` has {_number(bad)}", *lines]), BAD_SAMPLE_HINT)


def write_listing(folder: Path, bad: Sequence[BadSample]) -> None:
    """`bad_samples.csv` in `folder`: file, row, class, kind and reason of each; only the header where none is bad."""
    with (folder / LISTING).open("w", encoding="utf-8", errors="backslashreplace", newline="") as stream:
        rows = csv.writer(stream, lineterminator="\n")
        rows.writerow(["file", "row", "class", "kind", "reason"])
        rows.writerows([sample.file, sample.row, sample.class_name, sample.kind, sample.reason] for sample in bad)


def _number(bad: Sequence[BadSample]) -> str:
    return "1 bad sample" if len(bad) == 1 else f"{len(bad)} bad samples"
