"""Differences within one table: between arms of ours that share their seeds, and between rows that a paper prints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ferray.config.published import PublishedRow
from ferray.results.measured import Measured
from ferray.stats.differences import (
    Difference,
    ProportionTest,
    difference,
    paired_folds,
    paired_seeds,
    two_proportions,
)
from ferray.stats.estimates import of_fraction


@dataclass(frozen=True)
class ArmPair:
    """Two arms of ours run with the same seeds on the same images: `second` minus `first`."""

    first: str
    second: str
    measured: Measured
    split: str
    difference: Difference

    def to_json(self) -> dict[str, Any]:
        """Plain containers."""
        return {
            "first": self.first,
            "second": self.second,
            "metric": self.measured.metric,
            "split": self.split,
            "n": self.measured.n,
            "difference": self.difference.to_json(),
        }


@dataclass(frozen=True)
class PrintedPair:
    """Two rows of a paper for one split and as many images: `second` minus `first`, and whether chance explains it."""

    first: PublishedRow
    second: PublishedRow
    difference: Difference
    test: ProportionTest

    def to_json(self) -> dict[str, Any]:
        """Plain containers."""
        return {
            "first": self.first.row,
            "second": self.second.row,
            "split": self.first.split,
            "n": self.first.n,
            "difference": self.difference.to_json(),
            "z": self.test.z,
            "p": self.test.p,
            "inside_noise": self.test.is_noise,
        }


def arm_pairs(measured: Iterable[tuple[str, str, Measured]]) -> Iterator[ArmPair]:
    """Each arm against the first one that is measured alike, given arms, splits and what is measured there.

    Alike: the same split and metric, as many images, the same kind of folds, and at least one seed in common.
    """
    leading: dict[tuple[str, ...], tuple[str, Measured]] = {}
    for arm, split, found in measured:
        alike = (split, found.metric, found.folds, str(found.n))
        first, baseline = leading.setdefault(alike, (arm, found))
        if first == arm:
            continue
        gap = _paired(baseline, found)
        if gap is not None:
            yield ArmPair(first, arm, found, split, gap)


def _paired(baseline: Measured, found: Measured) -> Difference | None:
    seeds = [seed for seed in found.by_seed if seed in baseline.by_seed]
    ours, theirs = ([value for seed in seeds for value in arm.values(seed)] for arm in (found, baseline))
    if not seeds or len(ours) != len(theirs):
        return None
    if found.folds:
        return paired_folds(ours, theirs, num_train=found.num_train, num_val=found.n)
    return paired_seeds(ours, theirs)


def printed_pairs(rows: Iterable[PublishedRow]) -> Iterator[PrintedPair]:
    """Each comparable accuracy of a paper against the first one on the same split and as many images."""
    leading: dict[tuple[str, int], PublishedRow] = {}
    for row in rows:
        if row.arm is None or not row.comparable or row.metric != "accuracy" or row.n is None:
            continue
        first = leading.setdefault((row.split, row.n), row)
        if first is not row and first.value is not None and row.value is not None:
            yield _printed_pair(first, row, values=(first.value, row.value), n=row.n)


def _printed_pair(first: PublishedRow, second: PublishedRow, *, values: Sequence[float], n: int) -> PrintedPair:
    before, after = (of_fraction("accuracy", value, n) for value in values)
    return PrintedPair(first, second, difference(after, before), two_proportions(values[0], n, values[1], n))
