"""What several annotators said of one picture, and what is made of it. C = classes of expressions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ferray.data.bad_samples import BadSample
from ferray.data.class_names import ClassNames
from ferray.data.csv_table import Cells, CsvTable
from ferray.data.line_names import line_name
from ferray.errors import DataError

NO_FACE, UNKNOWN, OF_CONTEMPT = "without a face by the votes", "unknown by the votes", "of contempt by the votes"
# FER+'s columns, in their order.
COLUMNS = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt", "unknown", "nf")
MOST_VOTES = 10_000  # for one answer; beyond it a cell is no count
_OTHERS = COLUMNS[-2:]


@dataclass(frozen=True)
class Verdict:
    """An expression with the shares (C,) of those votes that are for expressions, and the leader's share of all."""

    label: int
    shares: tuple[float, ...]
    agreement: float


@dataclass(frozen=True)
class VoteRule:
    """How votes are counted: of which classes, and how many one of them needs to count at all."""

    names: ClassNames
    least_votes: int

    def judge(self, counts: Sequence[int]) -> Verdict | str:
        """The verdict on a picture with these votes, parallel to `COLUMNS`, or in a word why it is left out.

        A picture goes where `unknown` or `no face` has as many votes as the leading expression, where no answer has
        votes enough, and where contempt leads and is no class. Of equal leaders the first column's is the label.
        Source: Barsoum et al., ICMI 2016, whose code also drops single votes and pictures of unknown expression.
        """
        counted = [count if count >= self.least_votes else 0 for count in counts]
        votes = dict(zip(COLUMNS, counted, strict=True))
        leader = max(self._labels, key=lambda column: votes[column])
        other = max(_OTHERS, key=lambda column: votes[column])
        if votes[leader] <= votes[other]:
            return NO_FACE if votes[other] and other == "nf" else UNKNOWN
        leading = self._labels[leader]
        if leading is None:
            return OF_CONTEMPT
        by_class = [0] * len(self.names.all)
        for column, label in self._labels.items():
            if label is not None:
                by_class[label] += votes[column]
        total = sum(by_class)
        return Verdict(leading, tuple(count / total for count in by_class), votes[leader] / sum(counted))

    @cached_property
    def _labels(self) -> dict[str, int | None]:
        """The label of each column of expressions, in their order; None for one that is no class."""
        classes = self.names.all
        named = {column: self.names.class_of(column) for column in COLUMNS[:-2]}
        return {column: classes.index(name) if name else None for column, name in named.items()}


@dataclass(frozen=True)
class VotedRow:
    """A row of votes: its name as a sample's, and the picture's file and usage, "" where it does not say them."""

    name: str
    counts: tuple[int, ...]
    image: str = ""
    usage: str = ""


def voted_rows(path: Path, name: str) -> Iterator[VotedRow | BadSample]:
    """The rows of a table of votes, in their order; `name` is the file as samples are called after it.

    A table without a header has a picture, its box and the votes in each row. DataError for a column that is missing.
    """
    table = CsvTable(path, ("image name", "box", *COLUMNS))
    missing = [column for column in COLUMNS if column not in table.columns]
    if missing:
        raise DataError(f"`{path}` has no column `{missing[0]}`", f"its header must name {', '.join(COLUMNS)}")
    for number, cells in table.rows():
        line = line_name(name, number)
        if isinstance(cells, int):
            reason = f"has `{cells}` cells under `{len(table.columns)}` columns"
            yield BadSample(line, "", "wrong length", reason)
        else:
            yield _read(cells, line)


def _read(cells: Cells, line: str) -> VotedRow | BadSample:
    for column in COLUMNS:
        if not cells[column].isascii() or not cells[column].isdecimal() or int(cells[column][:9]) > MOST_VOTES:
            reason = f"has `{cells[column][:20]}` votes for {column}, which is no count"
            return BadSample(line, "", "wrong votes", reason)
    counts = tuple(int(cells[column]) for column in COLUMNS)
    return VotedRow(line, counts, cells.get("image name", ""), cells.get("usage", ""))
