"""Which sample stands in which split: protocols that are pure functions of ids, labels, parts, groups and a seed.

N = samples. Every protocol returns sorted row numbers, and no row stands in two splits. Draws are hashes of id and
seed, so nothing depends on the order of listing, and a sample that is added or taken away leaves the others where they
are: strictly under `official` and `random`, whose shares are those of the hash; under protocols of exact sizes
(`halves`, `holdout`, `kfold`, caps) an image or two of a class may change sides, by rank. See `ferray.data.folds`.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ferray.data.bad_samples import Skipped
from ferray.data.datasets import DatasetParams
from ferray.data.folds import group_folds, stratified_folds
from ferray.data.samples import AUXILIARY, Sample, Sources
from ferray.errors import ConfigError, DataError

Rows = NDArray[np.int64]
NO_ROWS: Rows = np.zeros(0, dtype=np.int64)
ALL_IMAGES = "all images"


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
    """Row numbers of the three splits, each sorted, and where each comes from."""

    train: Rows
    val: Rows
    test: Rows
    sources: Sources


def split_rows(table: SplitTable, params: DatasetParams, limit_per_class: int | None = None) -> SplitRows:
    """The splits of the protocol `params.split`; ConfigError where the data cannot be split that way.

    `params.max_per_class` keeps at most so many samples a class of all, before they are split; `limit_per_class` of
    each split. Both keep those of lowest hash: of two limits the smaller one's samples are among the larger one's.
    """
    split = _with_auxiliary(table, params)
    for name in ("train", "val"):
        if not len(getattr(split, name)):
            raise ConfigError(f"split `{params.split}` leaves no images for {name}", "choose another `dataset.split`")
    if limit_per_class is None:
        return split
    salt = f"limit:{params.split_seed}"
    train, val, test = (_limited(table, rows, limit_per_class, salt) for rows in (split.train, split.val, split.test))
    return SplitRows(train, val, test, split.sources)


def require_classes(
    table: SplitTable, split: SplitRows, classes: tuple[str, ...], *, name: str, skipped: Skipped | None = None
) -> None:
    """DataError that names every class of which a split has no image; a test split without any images is let be."""
    lines = []
    num_parts = 3 if len(split.test) else 2
    for part in ("train", "val", "test"):
        rows: Rows = getattr(split, part)
        present = set(table.labels[rows].tolist())
        lacking = [f"`{class_name}`" for label, class_name in enumerate(classes) if label not in present]
        if lacking and (len(rows) or part != "test"):
            lines.append(f"no image of {', '.join(lacking)} in {part}")
    if not lines:
        return
    fewest = int(np.bincount(table.labels, minlength=len(classes)).min())
    anew = ", or draw all parts anew: `--set dataset.split=random`" if fewest >= num_parts else ": each part needs one"
    hint = _one_spelling(classes) or f"add images of them{anew}"
    if skipped:
        hint = f"mend what was left out, listed in `{skipped.listing}`, or choose another `dataset.split`"
    raise DataError("\n  ".join([f"`{name}` lacks classes that its splits need", *lines]), hint)


def _one_spelling(classes: tuple[str, ...]) -> str:
    """What to do about two classes whose names differ in case alone, "" where there are none."""
    first = {name.lower(): name for name in reversed(classes)}
    twins = [name for name in classes if first[name.lower()] != name]
    if not twins:
        return ""
    return (
        f"`{first[twins[0].lower()]}` and `{twins[0]}` are two classes: spell a class's folder the same in every split"
    )


def official(table: SplitTable, params: DatasetParams) -> SplitRows:
    """The parts as the set gives them; what it does not give is carved, stratified, out of its training part.

    train, val and test: as given. No val: about `val_fraction` of train. A val but no labelled test: test is empty. One
    part alone: about `test_fraction` and `val_fraction` of the whole, 80/10/10 by default.
    """
    train, val, test = table.rows("train", "all"), table.rows("val"), table.rows("test")
    if not len(train):
        raise ConfigError("split `official` needs a training part, the data set has none", "choose `split: random`")
    given = Sources(_training_part(table), "{val}", "{test}" if len(test) else "")
    if len(val):
        return SplitRows(train, val, test, given)
    if len(test):
        train, val = draw(table, train, [params.val_fraction], params.split_seed)
        return SplitRows(train, val, test, replace(given, val=_carved(params.val_fraction, given)))
    fractions = [params.test_fraction, params.val_fraction]
    train, test, val = draw(table, train, fractions, params.split_seed)
    carved = [_carved(fraction, given) for fraction in fractions]
    return SplitRows(train, val, test, replace(given, test=carved[0], val=carved[1]))


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
    sources = Sources(_training_part(table), "half of {val}", "the other half of {val}")
    return SplitRows(train, val, test, sources)


def random(table: SplitTable, params: DatasetParams) -> SplitRows:
    """About 70/15/15, stratified, over everything whatever part it came in."""
    train, test, val = draw(table, np.arange(len(table.ids)), [0.15, 0.15], params.split_seed)
    drawn = f"drawn, about 15 % of {ALL_IMAGES}"
    return SplitRows(train, val, test, Sources(f"the rest of {ALL_IMAGES}", drawn, drawn))


def holdout(table: SplitTable, params: DatasetParams) -> SplitRows:
    """`val_fraction` of everything, stratified, whatever part it came in, validates; there is no test split.

    Their number is rounded up, as scikit-learn's `train_test_split` does.
    """
    # Less the noise of the product: 0.07 of 100 is 7, though floating point makes it 7.000000000000001.
    count = math.ceil(params.val_fraction * len(table.ids) - 1e-9)
    train, val = carve(table, np.arange(len(table.ids)), count, params.split_seed)
    sources = Sources(f"the rest of {ALL_IMAGES}", f"drawn, {params.val_fraction:.3g} of {ALL_IMAGES}")
    return SplitRows(train, val, NO_ROWS, sources)


def kfold(table: SplitTable, params: DatasetParams) -> SplitRows:
    """Stratified folds over all but the official test part; fold `fold` validates, the test part is test."""
    rest, test = _foldable(table, params)
    return _fold(params, rest, _stratified(table, rest, params), test)


def kfold_by_group(table: SplitTable, params: DatasetParams) -> SplitRows:
    """Stratified folds in which no group stands on two sides; groups of the official test part are left out."""
    assert (table.groups != "").all(), "groups.table_of refuses images without a group"
    rest, test = _foldable_groups(table, params)
    return _fold(params, rest, _by_group(table, rest, params), test, kept=_kept_groups(table, rest))


def nested_kfold(table: SplitTable, params: DatasetParams) -> SplitRows:
    """Stratified folds over all but the official test part: fold `fold` tests, the next one validates, others train.

    So that each image is held out once where there is no test split: the outer loop of a nested cross-validation.
    """
    rest, _ = _foldable(table, params)
    return _nested_fold(params, rest, _stratified(table, rest, params))


def nested_kfold_by_group(table: SplitTable, params: DatasetParams) -> SplitRows:
    """As `nested_kfold`, with folds in which no group stands on two sides."""
    rest, _ = _foldable_groups(table, params)
    return _nested_fold(params, rest, _by_group(table, rest, params), kept=_kept_groups(table, rest))


PROTOCOLS: dict[str, Callable[[SplitTable, DatasetParams], SplitRows]] = {
    "official": official,
    "halves": halves,
    "random": random,
    "holdout": holdout,
    "kfold": kfold,
    "kfold_by_group": kfold_by_group,
    "nested_kfold": nested_kfold,
    "nested_kfold_by_group": nested_kfold_by_group,
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


def draw(table: SplitTable, rows: Rows, fractions: Sequence[float], seed: int) -> list[Rows]:
    """What stays, then a draw of about each of these fractions of every class; all sorted.

    An image's hash alone decides where it goes, so no other image moves when one comes or goes. Of a class so small
    that a share of it is none, the image of the nearest hash is taken, and one stays.
    """
    draws = _draws(table, rows, f"carve:{seed}")
    taken = np.zeros(len(rows), dtype=np.int64)
    for label in np.unique(table.labels[rows]):
        of_class = np.flatnonzero(table.labels[rows] == label)
        ordered = of_class[np.argsort(draws[of_class], kind="stable")]
        ends = _ends(draws[ordered] / 2**64, fractions)
        for number, (start, end) in enumerate(zip([0, *ends], ends, strict=False), start=1):
            taken[ordered[start:end]] = number
    return [rows[taken == number] for number in range(len(fractions) + 1)]


def _ends(ordered: NDArray[np.float64], fractions: Sequence[float]) -> list[int]:
    """Where each share of the ordered draws ends; each, and what stays, has one at least where there are enough."""
    ends, num_shares = [0], len(fractions)
    for end in np.searchsorted(ordered, np.cumsum(fractions)).tolist():
        ends.append(max(int(end), ends[-1] + 1))
    room = [len(ordered) - (num_shares - number) for number in range(num_shares)]
    return [max(0, min(end, most)) for end, most in zip(ends[1:], room, strict=True)]


def _training_part(table: SplitTable) -> str:
    return "{train}" if len(table.rows("train")) else "{all}"


def _carved(fraction: float, given: Sources) -> str:
    return f"carved, about {100 * fraction:.3g} % of {given.train}"


def _with_auxiliary(table: SplitTable, params: DatasetParams) -> SplitRows:
    """The splits of all but the auxiliary images, which join train: by group only where no split has their group."""
    auxiliary = table.rows(AUXILIARY)
    if not len(auxiliary):
        return _split_capped(table, params)
    own = np.setdiff1d(np.arange(len(table.ids)), auxiliary)
    split = _split_capped(table.only(own), params)
    train, val, test = own[split.train], own[split.val], own[split.test]
    if params.split.endswith("_by_group"):
        held_out = np.unique(table.groups[np.concatenate([val, test])])
        auxiliary = auxiliary[~np.isin(table.groups[auxiliary], held_out)]
    sources = replace(split.sources, train=f"{split.sources.train}, and {{{AUXILIARY}}}")
    return SplitRows(np.sort(np.concatenate([train, auxiliary])), val, test, sources)


def _split_capped(table: SplitTable, params: DatasetParams) -> SplitRows:
    protocol = PROTOCOLS[params.split]
    if params.max_per_class is None:
        return protocol(table, params)
    kept = _limited(table, np.arange(len(table.ids)), params.max_per_class, f"cap:{params.split_seed}")
    split = protocol(table.only(kept), params)
    return SplitRows(kept[split.train], kept[split.val], kept[split.test], split.sources)


def _seats(sizes: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    shares = sizes * count / max(int(sizes.sum()), 1)
    seats = np.floor(shares).astype(np.int64)
    left_over = count - int(seats.sum())
    seats[np.argsort(seats - shares, kind="stable")[:left_over]] += 1
    return np.maximum(seats, sizes > 1)


def _fold(params: DatasetParams, rest: Rows, folds: NDArray[np.int64], test: Rows, *, kept: str = "") -> SplitRows:
    """One fold against the others; `kept` are words on what is kept together."""
    is_val = folds == params.fold
    of_what = "" if params.folds_of is None else f" of the training part of `{params.folds_of}`"
    val = f"fold {params.fold + 1} of {params.folds}{kept}{of_what}"
    sources = Sources("the other folds", val, "{test}" if len(test) else "")
    return SplitRows(rest[~is_val], rest[is_val], test, sources)


def _nested_fold(params: DatasetParams, rest: Rows, folds: NDArray[np.int64], *, kept: str = "") -> SplitRows:
    """One fold to be judged by, the next to choose by."""
    following = (params.fold + 1) % params.folds
    is_test, is_val = folds == params.fold, folds == following
    of_what = "" if params.folds_of is None else f" of the training part of `{params.folds_of}`"
    val, test = (f"fold {fold + 1} of {params.folds}{kept}{of_what}" for fold in (following, params.fold))
    sources = Sources("the other folds", val, test)
    return SplitRows(rest[~is_test & ~is_val], rest[is_val], rest[is_test], sources)


def _stratified(table: SplitTable, rest: Rows, params: DatasetParams) -> NDArray[np.int64]:
    _check_folds(table.labels[rest], params.folds)
    return stratified_folds(table.labels[rest], _draws(table, rest, f"fold:{params.split_seed}"), params.folds)


def _by_group(table: SplitTable, rest: Rows, params: DatasetParams) -> NDArray[np.int64]:
    _check_folds(table.labels[rest], params.folds, table.groups[rest])
    return group_folds(table.labels[rest], table.groups[rest], params.folds, params.split_seed)


def _kept_groups(table: SplitTable, rest: Rows) -> str:
    return f" by {len(np.unique(table.groups[rest])):,} {{groups}}"


def _foldable_groups(table: SplitTable, params: DatasetParams) -> tuple[Rows, Rows]:
    """As `_foldable`, without the groups of the test split."""
    assert (table.groups != "").all(), "groups.table_of refuses images without a group"
    rest, test = _foldable(table, params)
    return rest[~np.isin(table.groups[rest], table.groups[test])], test


def _foldable(table: SplitTable, params: DatasetParams) -> tuple[Rows, Rows]:
    """What is cut into folds, and what is the test split of each."""
    if params.folds_of is not None:
        return PROTOCOLS[params.folds_of](table, params).train, NO_ROWS
    test = table.rows("test")
    return np.setdiff1d(np.arange(len(table.ids)), test), test


def _check_folds(labels: NDArray[np.int64], folds: int, groups: NDArray[np.str_] | None = None) -> None:
    smallest = np.unique(labels, return_counts=True)[1].min(initial=len(labels))
    if smallest < folds:
        raise ConfigError(
            f"`{folds}` folds are more than the `{smallest}` images of the rarest class", "ask for fewer folds"
        )
    if groups is not None and len(np.unique(groups)) < folds:
        raise ConfigError(f"`{folds}` folds are more than the `{len(np.unique(groups))}` groups", "ask for fewer folds")


def _limited(table: SplitTable, rows: Rows, limit: int, salt: str) -> Rows:
    labels = table.labels[rows]
    kept = [_lowest(table, rows[labels == label], limit, salt) for label in np.unique(labels)]
    return np.sort(np.concatenate([NO_ROWS, *kept]))


def _lowest(table: SplitTable, rows: Rows, count: int, salt: str) -> Rows:
    return rows[np.argsort(_draws(table, rows, salt), kind="stable")[:count]]


def _draws(table: SplitTable, rows: Rows, salt: str) -> NDArray[np.uint64]:
    """A number below 2**64 for each row, which its id and the salt alone decide."""
    texts = [f"{salt}:{number}".encode() for number in table.ids[rows].tolist()]
    digests = [int.from_bytes(hashlib.blake2b(text, digest_size=8).digest()) for text in texts]
    return np.array(digests, dtype=np.uint64)
