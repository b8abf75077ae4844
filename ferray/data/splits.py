"""Which sample stands in which split: protocols that are pure functions of ids, labels, parts, groups and a seed.

N = samples. Every protocol returns sorted row numbers, and no row stands in two splits. Draws are ranks of a hash of id
and seed, so they do not depend on the order of listing, and a sample that is added moves no other one far.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ferray.data.bad_samples import Skipped
from ferray.data.datasets import DatasetParams
from ferray.data.samples import Sample
from ferray.errors import ConfigError, DataError

if TYPE_CHECKING:
    from sklearn.model_selection import BaseCrossValidator

Rows = NDArray[np.int64]
NO_ROWS: Rows = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class SplitTable:
    """All that a protocol may look at: parallel vectors (N,) in the order of the samples."""

    ids: NDArray[np.int64]
    labels: NDArray[np.int64]
    parts: NDArray[np.str_]
    groups: NDArray[np.str_]

    @classmethod
    def from_samples(cls, samples: Sequence[Sample]) -> SplitTable:
        """The table of a sample list."""
        return cls(
            ids=np.array([sample.sample_id for sample in samples], dtype=np.int64),
            labels=np.array([sample.label for sample in samples], dtype=np.int64),
            parts=np.array([sample.part for sample in samples], dtype=np.str_),
            groups=np.array([sample.group for sample in samples], dtype=np.str_),
        )

    def rows(self, *parts: str) -> Rows:
        """Rows whose official part is one of these."""
        return np.flatnonzero(np.isin(self.parts, parts))

    def only(self, rows: Rows) -> SplitTable:
        """The table of these rows alone, in their order."""
        return SplitTable(self.ids[rows], self.labels[rows], self.parts[rows], self.groups[rows])


@dataclass(frozen=True)
class SplitRows:
    """Row numbers of the three splits, each sorted."""

    train: Rows
    val: Rows
    test: Rows


def split_rows(table: SplitTable, params: DatasetParams, limit_per_class: int | None = None) -> SplitRows:
    """The splits of the protocol `params.split`; ConfigError where the data cannot be split that way.

    `params.max_per_class` keeps at most so many samples a class of all, before they are split; `limit_per_class` of
    each split. Both keep those of lowest hash: of two limits the smaller one's samples are among the larger one's.
    """
    split = _split_capped(table, params)
    for name in ("train", "val"):
        if not len(getattr(split, name)):
            raise ConfigError(f"split `{params.split}` leaves no images for {name}", "choose another `dataset.split`")
    if limit_per_class is None:
        return split
    salt = f"limit:{params.split_seed}"
    kept = [_limited(table, rows, limit_per_class, salt) for rows in (split.train, split.val, split.test)]
    return SplitRows(*kept)


def require_classes(
    table: SplitTable, split: SplitRows, classes: tuple[str, ...], *, name: str, skipped: Skipped | None = None
) -> None:
    """DataError that names every class of which a split has no image; a test split without any images is let be."""
    lines = []
    for part in ("train", "val", "test"):
        rows: Rows = getattr(split, part)
        present = set(table.labels[rows].tolist())
        lacking = [f"`{class_name}`" for label, class_name in enumerate(classes) if label not in present]
        if lacking and (len(rows) or part != "test"):
            lines.append(f"no image of {', '.join(lacking)} in {part}")
    if not lines:
        return
    hint = "add images of them, or choose another `dataset.split`"
    if skipped:
        hint = f"mend what was left out, listed in `{skipped.listing}`, or choose another `dataset.split`"
    raise DataError("\n  ".join([f"`{name}` lacks classes that its splits need", *lines]), hint)


def official(table: SplitTable, params: DatasetParams) -> SplitRows:
    """The parts as the set gives them; what it does not give is carved, stratified, out of its training part.

    train, val and test: as given. No val: `val_fraction` of train. A val but no labelled test: test is empty. One part
    alone: `test_fraction` and then `val_fraction` of the whole, 80/10/10 by default.
    """
    train, val, test = table.rows("train", "all"), table.rows("val"), table.rows("test")
    if not len(train):
        raise ConfigError("split `official` needs a training part, the data set has none", "choose `split: random`")
    whole = len(train)
    if not len(val) and not len(test):
        train, test = carve(table, train, round(params.test_fraction * whole), params.split_seed)
    if not len(val):
        train, val = carve(table, train, round(params.val_fraction * whole), params.split_seed)
    return SplitRows(train, val, test)


def halves(table: SplitTable, params: DatasetParams) -> SplitRows:
    """Official train; the official validation part cut into stratified halves, val and test (Wang's protocol for SFEW).

    The official test part is left out. Of an odd number of images, test gets one more.
    """
    train, val = table.rows("train", "all"), table.rows("val")
    if not len(val):
        raise ConfigError(
            "split `halves` needs an official validation part, the data set has none", "choose `split: official`"
        )
    test, val = carve(table, val, len(val) // 2, params.split_seed)
    return SplitRows(train, val, test)


def random(table: SplitTable, params: DatasetParams) -> SplitRows:
    """70/15/15, stratified, over everything whatever part it came in."""
    rows = np.arange(len(table.ids))
    rows, test = carve(table, rows, round(0.15 * len(table.ids)), params.split_seed)
    train, val = carve(table, rows, round(0.15 * len(table.ids)), params.split_seed)
    return SplitRows(train, val, test)


def holdout(table: SplitTable, params: DatasetParams) -> SplitRows:
    """`val_fraction` of everything, stratified, whatever part it came in, validates; there is no test split.

    Their number is rounded up, as scikit-learn's `train_test_split` does.
    """
    # Less the noise of the product: 0.07 of 100 is 7, though floating point makes it 7.000000000000001.
    count = math.ceil(params.val_fraction * len(table.ids) - 1e-9)
    train, val = carve(table, np.arange(len(table.ids)), count, params.split_seed)
    return SplitRows(train, val, NO_ROWS)


def kfold(table: SplitTable, params: DatasetParams) -> SplitRows:
    """Stratified folds over all but the official test part; fold `fold` validates, the test part is test."""
    from sklearn.model_selection import StratifiedKFold  # here, for its import costs every worker two seconds

    return _fold(table, params, StratifiedKFold(params.folds, shuffle=True, random_state=params.split_seed))


def kfold_by_group(table: SplitTable, params: DatasetParams) -> SplitRows:
    """Stratified folds in which no group (film) stands on two sides; films of the official test part are left out."""
    unnamed = np.flatnonzero(table.groups == "")
    if len(unnamed):
        raise ConfigError(
            f"split `kfold_by_group` needs the film of every image, and {len(unnamed)} of {len(table.ids)} name none",
            "choose `split: kfold`, or restore file names such as `Movie_time_person.png`",
        )
    from sklearn.model_selection import StratifiedGroupKFold

    splitter = StratifiedGroupKFold(params.folds, shuffle=True, random_state=params.split_seed)
    split = _fold(table, params, splitter, table.groups)
    test_groups = table.groups[split.test]
    train, val = (rows[~np.isin(table.groups[rows], test_groups)] for rows in (split.train, split.val))
    return SplitRows(train, val, split.test)


PROTOCOLS: dict[str, Callable[[SplitTable, DatasetParams], SplitRows]] = {
    "official": official,
    "halves": halves,
    "random": random,
    "holdout": holdout,
    "kfold": kfold,
    "kfold_by_group": kfold_by_group,
}


def carve(table: SplitTable, rows: Rows, count: int, seed: int) -> tuple[Rows, Rows]:
    """Take `count` of the rows out, each class by its share: (what stays, what is taken), both sorted.

    What shares leave over goes to the largest remainders. A class of two or more gives at least one, so a few more than
    `count` may be taken of many small classes.
    """
    labels = table.labels[rows]
    classes, sizes = np.unique(labels, return_counts=True)
    taken = [
        _lowest(table, rows[labels == label], seats, f"carve:{seed}")
        for label, seats in zip(classes, _seats(sizes, count), strict=True)
    ]
    out = np.sort(np.concatenate([NO_ROWS, *taken]))
    return np.setdiff1d(rows, out), out


def _split_capped(table: SplitTable, params: DatasetParams) -> SplitRows:
    protocol = PROTOCOLS[params.split]
    if params.max_per_class is None:
        return protocol(table, params)
    kept = _limited(table, np.arange(len(table.ids)), params.max_per_class, f"cap:{params.split_seed}")
    split = protocol(table.only(kept), params)
    return SplitRows(kept[split.train], kept[split.val], kept[split.test])


def _seats(sizes: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    shares = sizes * count / max(int(sizes.sum()), 1)
    seats = np.floor(shares).astype(np.int64)
    left_over = count - int(seats.sum())
    seats[np.argsort(seats - shares, kind="stable")[:left_over]] += 1
    return np.maximum(seats, sizes > 1)


def _fold(
    table: SplitTable, params: DatasetParams, splitter: BaseCrossValidator, groups: NDArray[np.str_] | None = None
) -> SplitRows:
    rest, test = _foldable(table, params)
    labels = table.labels[rest]
    kept = None if groups is None else groups[rest]
    _check_folds(labels, kept, params.folds)
    train, val = list(splitter.split(rest, labels, kept))[params.fold]
    return SplitRows(rest[train], rest[val], test)


def _foldable(table: SplitTable, params: DatasetParams) -> tuple[Rows, Rows]:
    """What is cut into folds, and what is the test split of each."""
    if params.folds_of is not None:
        return PROTOCOLS[params.folds_of](table, params).train, NO_ROWS
    test = table.rows("test")
    return np.setdiff1d(np.arange(len(table.ids)), test), test


def _check_folds(labels: NDArray[np.int64], groups: NDArray[np.str_] | None, folds: int) -> None:
    smallest = np.unique(labels, return_counts=True)[1].min(initial=len(labels))
    if smallest < folds:
        raise ConfigError(
            f"`{folds}` folds are more than the `{smallest}` images of the rarest class", "ask for fewer folds"
        )
    if groups is not None and len(np.unique(groups)) < folds:
        raise ConfigError(f"`{folds}` folds are more than the `{len(np.unique(groups))}` films", "ask for fewer folds")


def _limited(table: SplitTable, rows: Rows, limit: int, salt: str) -> Rows:
    labels = table.labels[rows]
    kept = [_lowest(table, rows[labels == label], limit, salt) for label in np.unique(labels)]
    return np.sort(np.concatenate([NO_ROWS, *kept]))


def _lowest(table: SplitTable, rows: Rows, count: int, salt: str) -> Rows:
    texts = [f"{salt}:{number}".encode() for number in table.ids[rows].tolist()]
    draws = np.array([int.from_bytes(hashlib.blake2b(text, digest_size=8).digest()) for text in texts], dtype=np.uint64)
    return rows[np.argsort(draws, kind="stable")[:count]]
