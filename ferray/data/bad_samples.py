"""Samples that are no good: what is wrong with each, which are refused together, and which are left out and listed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ferray.data.file_kinds import remedy_of
from ferray.data.line_names import in_words, split_name
from ferray.errors import BAD_SAMPLE_HINT, DataError, OneColourError
from ferray.text.counting import counted
from ferray.text.sanitize import write_rows

MOST_SHOWN = 20
HANDFUL = 5  # of samples that are all there are: more say nothing new
LISTING = "bad_samples.csv"


@dataclass(frozen=True)
class BadSample:
    """A sample that is no good; `name` as a good one would have it, `class_name` and `part` "" where not known."""

    name: str
    class_name: str
    kind: str
    reason: str
    part: str = ""

    @property
    def is_blank(self) -> bool:
        """Whether it is a picture, though of one colour."""
        return self.kind == OneColourError.KIND

    @property
    def file(self) -> str:
        """The file below the data root."""
        return split_name(self.name)[0]

    @property
    def line(self) -> str:
        """The line in the file, counted from 1 at its top; "" for a file that is one image."""
        return split_name(self.name)[1]


@dataclass(frozen=True)
class Skipped:
    """What was left out of a data set, the csv that lists it, and how many images each official part has without it.

    `is_known` where the set is known to hold such pictures, so that nobody asked to leave them out.
    """

    samples: tuple[BadSample, ...]
    listing: Path
    left: Mapping[str, int] = field(default_factory=dict)
    is_known: bool = False

    def sentence(self, dataset: str) -> str:
        """One line: how many, of which kinds, what becomes of each part's n, and where to read them."""
        parts = self._parts()
        if self.is_known:
            pictures = counted(len(self.samples), "picture")
            told = f"{pictures} of one colour left out of `{dataset}`: {parts}; `--bad-samples keep` keeps them"
            return f"{told}, see `{self.listing}`"
        kinds = Counter(sample.kind for sample in self.samples)
        counts = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
        details = "; ".join(filter(None, (counts, parts)))
        return f"{_number(self.samples)} left out of `{dataset}` ({details}): see `{self.listing}`"

    def _parts(self) -> str:
        """`val 431 becomes 419`, of the parts that lost any."""
        lost = Counter(sample.part for sample in self.samples if sample.part in self.left)
        return ", ".join(
            f"{'n' if part == 'all' else part} {self.left[part] + lost[part]:,} becomes {self.left[part]:,}"
            for part in self.left
            if lost[part]
        )


def sort_out(
    bad: Sequence[BadSample], policy: str, *, holds_blank: bool
) -> tuple[tuple[BadSample, ...], tuple[BadSample, ...]]:
    """Of the bad samples those that are refused, and those that are left out; what is kept is in neither.

    `policy` is a data set's `bad_samples`, `holds_blank` whether it is known to hold pictures of one colour.
    """
    if policy == "skip":
        return (), tuple(bad)
    if policy == "refuse" or (policy == "auto" and not holds_blank):
        return tuple(bad), ()
    refused = tuple(sample for sample in bad if not sample.is_blank)
    blank = tuple(sample for sample in bad if sample.is_blank)
    return refused, blank if policy == "auto" else ()


def refusal(dataset: str, bad: Sequence[BadSample], *, others: int = 1) -> DataError:
    """The error that names every bad sample of a data set, the first of many; `others` are good ones beside them."""
    most = MOST_SHOWN if others else HANDFUL
    lines = [f"  {in_words(sample.name)}: {sample.reason}" for sample in bad[:most]]
    if len(bad) > most:
        lines.append(f"  and {len(bad) - most} more")
    alone = "" if others else " and no other"
    return DataError("\n".join([f"`{dataset}` has {_number(bad)}{alone}", *lines]), _hint(bad, others))


def _hint(bad: Sequence[BadSample], others: int) -> str:
    """What helps: another file where all are the same wrong thing; skipping only where it leaves anything."""
    if len({sample.reason for sample in bad}) == 1:
        remedy = remedy_of(bad[0].reason)
        if remedy:
            return remedy
    return BAD_SAMPLE_HINT if others else "mend what is named: without it there is nothing to train on"


def write_listing(folder: Path, bad: Sequence[BadSample]) -> None:
    """`bad_samples.csv` in `folder`: file, line, class, kind and reason of each; only the header where none is bad."""
    with (folder / LISTING).open("w", encoding="utf-8", errors="backslashreplace", newline="") as stream:
        rows = ([sample.file, sample.line, sample.class_name, sample.kind, sample.reason] for sample in bad)
        write_rows(stream, [["file", "line", "class", "kind", "reason"], *rows])


def _number(bad: Sequence[BadSample]) -> str:
    return counted(len(bad), "bad sample")
