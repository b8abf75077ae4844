from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ferray.data.datasets import DatasetParams, SplitKind
from ferray.data.splits import SplitRows, SplitTable, carve, draw, split_rows
from ferray.errors import ConfigError

# Images a class of FER-2013, Angry to Neutral: 35,887 in all.
FER2013 = [4953, 547, 5121, 8989, 6077, 4002, 6198]
# Images a class in SFEW 2.0's official validation part: 431 in all.
SFEW_VAL = [77, 23, 46, 72, 84, 73, 56]


def table(
    counts: dict[str, list[int]], *, groups: list[str] | None = None, ids: NDArray[np.int64] | None = None
) -> SplitTable:
    """So many images of each class in each part, numbered through."""
    parts = [part for part, sizes in counts.items() for _ in range(sum(sizes))]
    labels = [label for sizes in counts.values() for label, size in enumerate(sizes) for _ in range(size)]
    return SplitTable(
        ids=np.arange(len(labels)) if ids is None else ids,
        labels=np.array(labels, dtype=np.int64),
        parts=np.array(parts, dtype=np.str_),
        groups=np.array(groups if groups is not None else [""] * len(labels), dtype=np.str_),
    )


def sizes(split: SplitRows) -> tuple[int, int, int]:
    return len(split.train), len(split.val), len(split.test)


def class_counts(labelled: SplitTable, rows: NDArray[np.int64]) -> list[int]:
    counts: list[int] = np.bincount(labelled.labels[rows], minlength=int(labelled.labels.max()) + 1).tolist()
    return counts


@st.composite
def tables(draw: st.DrawFn) -> SplitTable:
    """Data sets with a training part, perhaps others, 2 to 5 classes of 5 to 12 images, and 6 films across parts."""
    num_classes = draw(st.integers(2, 5))
    parts = ["train", *draw(st.lists(st.sampled_from(["val", "test"]), unique=True))]
    class_sizes = st.lists(st.integers(5, 12), min_size=num_classes, max_size=num_classes)
    counts = {part: draw(class_sizes) for part in parts}
    total = sum(map(sum, counts.values()))
    ids = np.array(draw(st.permutations(range(total)))) * 3
    films = {"train": "abcd", "val": "cdef", "test": "gh"}
    groups = [films[part][n % len(films[part])] for part in parts for n in range(sum(counts[part]))]
    return table(counts, groups=groups, ids=ids)


ANY_SPLIT: tuple[SplitKind, ...] = ("official", "random", "holdout", "kfold", "kfold_by_group", "nested_kfold")
WHOLE_SPLIT: tuple[SplitKind, ...] = ("official", "random", "holdout", "kfold")
any_split = st.sampled_from(ANY_SPLIT)
one_part = st.lists(st.integers(3, 20), min_size=2, max_size=5)


@settings(max_examples=40, deadline=None)
@given(tables(), any_split, st.integers(0, 99))
def test_no_row_stands_in_two_splits(labelled: SplitTable, kind: SplitKind, seed: int) -> None:
    split = split_rows(labelled, DatasetParams(split=kind, folds=3, split_seed=seed))
    rows = np.concatenate([split.train, split.val, split.test])
    assert len(set(rows.tolist())) == len(rows)


@settings(max_examples=20, deadline=None)
@given(tables(), st.sampled_from(WHOLE_SPLIT), st.integers(0, 99))
def test_no_row_is_lost(labelled: SplitTable, kind: SplitKind, seed: int) -> None:
    split = split_rows(labelled, DatasetParams(split=kind, folds=3, split_seed=seed))
    assert sum(sizes(split)) == len(labelled.ids)


@settings(max_examples=20, deadline=None)
@given(tables(), any_split, st.integers(0, 99))
def test_same_seed_gives_the_same_split(labelled: SplitTable, kind: SplitKind, seed: int) -> None:
    params = DatasetParams(split=kind, folds=3, split_seed=seed)
    first, second = split_rows(labelled, params), split_rows(labelled, params)
    assert [first.train.tolist(), first.val.tolist()] == [second.train.tolist(), second.val.tolist()]


@settings(max_examples=20, deadline=None)
@given(tables(), any_split, st.integers(1, 6), st.integers(0, 99))
def test_a_smaller_limit_keeps_a_subset(labelled: SplitTable, kind: SplitKind, limit: int, seed: int) -> None:
    params = DatasetParams(split=kind, folds=3, split_seed=seed)
    small, large = split_rows(labelled, params, limit), split_rows(labelled, params, 2 * limit)
    assert set(small.train.tolist()) <= set(large.train.tolist())


@settings(max_examples=20, deadline=None)
@given(tables(), any_split, st.integers(1, 6))
def test_a_limit_holds_for_each_class(labelled: SplitTable, kind: SplitKind, limit: int) -> None:
    split = split_rows(labelled, DatasetParams(split=kind, folds=3), limit)
    assert max(class_counts(labelled, split.train)) <= limit


@settings(max_examples=20, deadline=None)
@given(tables(), st.integers(0, 2), st.integers(0, 99))
def test_no_film_stands_on_two_sides(labelled: SplitTable, fold: int, seed: int) -> None:
    split = split_rows(labelled, DatasetParams(split="kfold_by_group", folds=3, fold=fold, split_seed=seed))
    films = [set(labelled.groups[rows].tolist()) for rows in (split.train, split.val, split.test)]
    assert sum(map(len, films)) == len(set.union(*films))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(5, 40), min_size=2, max_size=7), st.integers(2, 5), st.integers(0, 2**31 - 1))
def test_stratified_folds_are_within_one_image_of_their_share(counts: list[int], folds: int, seed: int) -> None:
    labelled = table({"all": counts})
    params = [DatasetParams(split="kfold", folds=folds, fold=fold, split_seed=seed) for fold in range(folds)]
    shares = np.array([class_counts(labelled, split_rows(labelled, fold).val) for fold in params])
    assert np.abs(shares - np.array(counts) / folds).max() < 1


@settings(max_examples=30, deadline=None)
@given(tables(), st.floats(0.05, 0.5), st.integers(0, 99))
def test_a_holdout_is_within_one_image_of_each_share(labelled: SplitTable, fraction: float, seed: int) -> None:
    split = split_rows(labelled, DatasetParams(split="holdout", val_fraction=fraction, split_seed=seed))
    shares = fraction * np.bincount(labelled.labels)
    assert np.abs(class_counts(labelled, split.val) - shares).max() <= 1 + 1 / len(shares)


@settings(max_examples=30, deadline=None)
@given(one_part, st.sampled_from(WHOLE_SPLIT), st.integers(3, 8), st.integers(0, 99))
def test_a_cap_holds_over_all_splits_together(counts: list[int], kind: SplitKind, cap: int, seed: int) -> None:
    labelled = table({"all": counts})
    split = split_rows(labelled, DatasetParams(split=kind, folds=3, max_per_class=cap, split_seed=seed))
    together = class_counts(labelled, np.concatenate([split.train, split.val, split.test]))
    assert together == [min(cap, count) for count in counts]


@settings(max_examples=30, deadline=None)
@given(one_part, st.sampled_from(WHOLE_SPLIT), st.integers(3, 8), st.integers(0, 99))
def test_a_smaller_cap_keeps_a_subset(counts: list[int], kind: SplitKind, cap: int, seed: int) -> None:
    labelled = table({"all": counts})
    small, large = (
        split_rows(labelled, DatasetParams(split=kind, folds=3, max_per_class=most, split_seed=seed))
        for most in (cap, cap + 2)
    )
    few, many = (np.concatenate([split.train, split.val, split.test]).tolist() for split in (small, large))
    assert set(few) <= set(many)


@settings(max_examples=20, deadline=None)
@given(tables(), any_split, st.integers(0, 99))
def test_a_cap_beyond_every_class_changes_nothing(labelled: SplitTable, kind: SplitKind, seed: int) -> None:
    plain, capped = (
        split_rows(labelled, DatasetParams(split=kind, folds=3, max_per_class=most, split_seed=seed))
        for most in (None, 1000)
    )
    assert [plain.train.tolist(), plain.val.tolist()] == [capped.train.tolist(), capped.val.tolist()]


@settings(max_examples=20, deadline=None)
@given(tables(), st.integers(1, 20), st.integers(0, 99))
def test_carving_does_not_depend_on_the_order_of_listing(labelled: SplitTable, count: int, seed: int) -> None:
    backwards = SplitTable(labelled.ids[::-1], labelled.labels[::-1], labelled.parts[::-1], labelled.groups[::-1])
    rows = np.arange(len(labelled.ids))
    taken = {labelled.ids[row] for row in carve(labelled, rows, count, seed)[1]}
    assert taken == {backwards.ids[row] for row in carve(backwards, rows, count, seed)[1]}


def test_official_parts_are_taken_as_given() -> None:
    labelled = table({"train": [5, 5], "val": [2, 2], "test": [3, 3]})
    assert sizes(split_rows(labelled, DatasetParams())) == (10, 4, 6)


def test_official_without_val_carves_it_from_train() -> None:
    labelled = table({"train": [500, 500], "test": [3, 3]})
    split = split_rows(labelled, DatasetParams())
    # to within four standard deviations of 9.5
    assert abs(len(split.val) - 100) < 38
    assert (len(split.train), len(split.test)) == (1000 - len(split.val), 6)


def test_official_without_labelled_test_leaves_test_empty() -> None:
    labelled = table({"train": [5, 5], "val": [2, 2]})
    assert sizes(split_rows(labelled, DatasetParams())) == (10, 4, 0)


def test_official_with_one_part_alone_is_about_80_10_10() -> None:
    train, val, test = sizes(split_rows(table({"all": [1000, 500, 500]}), DatasetParams()))
    # four standard deviations of 13.4 each
    assert max(abs(val - 200), abs(test - 200)) < 54
    assert train + val + test == 2000


def test_official_carves_about_the_fractions_asked_for() -> None:
    params = DatasetParams(val_fraction=0.2, test_fraction=0.3)
    _, val, test = sizes(split_rows(table({"all": [1000, 1000]}), params))
    # four standard deviations, of 17.9 and of 20.5
    assert abs(val - 400) < 72
    assert abs(test - 600) < 82


@settings(max_examples=40, deadline=None)
@given(one_part, st.integers(0, 99))
def test_a_draw_takes_one_of_each_class_and_leaves_one(counts: list[int], seed: int) -> None:
    labelled = table({"all": counts})
    drawn = draw(labelled, np.arange(len(labelled.ids)), [0.1, 0.1], seed)
    assert min(min(class_counts(labelled, rows)) for rows in drawn) >= 1


@pytest.mark.parametrize(("size", "stays"), [(1, 1), (2, 1), (3, 1)])
def test_a_draw_from_a_tiny_class_leaves_one_for_training(size: int, stays: int) -> None:
    labelled = table({"all": [size]})
    drawn = draw(labelled, np.arange(size), [0.4, 0.4], 0)
    assert len(drawn[0]) == stays


def test_carving_gives_each_class_its_share() -> None:
    labelled = table({"all": [100, 60, 40]})
    assert class_counts(labelled, carve(labelled, np.arange(200), 20, 0)[1]) == [10, 6, 4]


def test_carving_takes_one_of_the_rarest_class() -> None:
    labelled = table({"all": [100, 2]})
    assert class_counts(labelled, carve(labelled, np.arange(102), 10, 0)[1]) == [10, 1]


def test_carving_leaves_a_class_of_one_where_it_is() -> None:
    labelled = table({"all": [100, 1]})
    assert class_counts(labelled, carve(labelled, np.arange(101), 10, 0)[0]) == [90, 1]


def test_another_seed_carves_other_rows() -> None:
    labelled = table({"all": [100, 100]})
    first, second = (carve(labelled, np.arange(200), 20, seed)[1].tolist() for seed in (0, 1))
    assert first != second


def test_halves_of_sfew_val_are_215_and_216() -> None:
    labelled = table({"train": [5] * 7, "val": SFEW_VAL})
    assert sizes(split_rows(labelled, DatasetParams(split="halves"))) == (35, 215, 216)


def test_halves_differ_by_one_image_a_class_at_most() -> None:
    labelled = table({"train": [5] * 7, "val": SFEW_VAL})
    split = split_rows(labelled, DatasetParams(split="halves"))
    val, test = class_counts(labelled, split.val), class_counts(labelled, split.test)
    assert max(abs(a - b) for a, b in zip(val, test, strict=True)) == 1


def test_halves_leave_the_official_test_part_out() -> None:
    labelled = table({"train": [5, 5], "val": [4, 4], "test": [9, 9]})
    assert sizes(split_rows(labelled, DatasetParams(split="halves"))) == (10, 4, 4)


def test_halves_without_val_are_refused() -> None:
    with pytest.raises(ConfigError, match="`halves` needs an official validation part"):
        split_rows(table({"all": [5, 5]}), DatasetParams(split="halves"))


def test_random_is_about_70_15_15_over_all_parts() -> None:
    labelled = table({"train": [500, 500], "val": [300, 300], "test": [200, 200]})
    train, val, test = sizes(split_rows(labelled, DatasetParams(split="random")))
    # four standard deviations of 16
    assert max(abs(val - 300), abs(test - 300)) < 64
    assert train + val + test == 2000


def test_a_cap_of_4000_leaves_24547_of_fer2013() -> None:
    labelled = table({"all": FER2013})
    split = split_rows(labelled, DatasetParams(split="holdout", val_fraction=0.3, max_per_class=4000))
    # 0.3 of 24,547 is 7,364.1
    assert sizes(split) == (17182, 7365, 0)


def test_an_official_split_is_capped_before_it_is_made() -> None:
    labelled = table({"train": [50, 8], "val": [50, 8]})
    split = split_rows(labelled, DatasetParams(max_per_class=20))
    assert np.add(class_counts(labelled, split.train), class_counts(labelled, split.val)).tolist() == [20, 16]


def test_a_holdout_of_675_is_20_a_class_and_15_of_the_rarest() -> None:
    labelled = table({"all": [100, 75, 100, 100, 100, 100, 100]})
    split = split_rows(labelled, DatasetParams(split="holdout", val_fraction=0.2))
    assert class_counts(labelled, split.val) == [20, 15, 20, 20, 20, 20, 20]


def test_a_holdout_is_drawn_from_every_part() -> None:
    labelled = table({"train": [50, 50], "val": [30, 30], "test": [20, 20]})
    assert sizes(split_rows(labelled, DatasetParams(split="holdout", val_fraction=0.5))) == (100, 100, 0)


@pytest.mark.parametrize(("total", "fraction"), [(100, 0.07), (101, 0.07), (1000, 0.1), (33, 0.3), (2457, 0.3)])
def test_a_holdout_is_rounded_up_without_the_noise_of_floating_point(total: int, fraction: float) -> None:
    labelled = table({"all": [total]})
    exact = math.ceil(Fraction(str(fraction)) * total)
    assert len(split_rows(labelled, DatasetParams(split="holdout", val_fraction=fraction)).val) == exact


def test_folds_cover_everything_but_the_test_part_once() -> None:
    labelled = table({"train": [7, 8], "test": [4, 4]})
    splits = [split_rows(labelled, DatasetParams(split="kfold", folds=3, fold=fold)) for fold in range(3)]
    assert sorted(np.concatenate([split.val for split in splits]).tolist()) == list(range(15))


@pytest.mark.parametrize("kind", ["nested_kfold", "nested_kfold_by_group"])
def test_nested_folds_hold_each_image_out_once(kind: SplitKind) -> None:
    labelled = table({"train": [8, 8], "test": [4, 4]}, groups=list("abcd") * 4 + list("xyxyxyxy"))
    splits = [split_rows(labelled, DatasetParams(split=kind, folds=4, fold=fold)) for fold in range(4)]
    assert sorted(np.concatenate([split.test for split in splits]).tolist()) == list(range(16))


def test_a_nested_fold_is_chosen_by_the_one_that_follows() -> None:
    labelled = table({"train": [8, 8]})
    splits = [split_rows(labelled, DatasetParams(split="nested_kfold", folds=4, fold=fold)) for fold in range(4)]
    assert [split.val.tolist() for split in splits] == [splits[(fold + 1) % 4].test.tolist() for fold in range(4)]


def test_nested_folds_are_those_of_kfold() -> None:
    labelled = table({"train": [8, 8]})
    nested, plain = (split_rows(labelled, DatasetParams(split=kind, folds=4)) for kind in ("nested_kfold", "kfold"))
    assert nested.test.tolist() == plain.val.tolist()


@settings(max_examples=20, deadline=None)
@given(tables(), st.integers(0, 2), st.integers(0, 99))
def test_no_film_stands_on_two_sides_of_nested_folds(labelled: SplitTable, fold: int, seed: int) -> None:
    params = DatasetParams(split="nested_kfold_by_group", folds=3, fold=fold, split_seed=seed)
    split = split_rows(labelled, params)
    films = [set(labelled.groups[rows].tolist()) for rows in (split.train, split.val, split.test)]
    assert sum(map(len, films)) == len(set.union(*films))


def test_folds_leave_the_test_part_as_test() -> None:
    labelled = table({"train": [7, 8], "test": [4, 4]})
    split = split_rows(labelled, DatasetParams(split="kfold", folds=3))
    assert split.test.tolist() == list(range(15, 23))


@pytest.mark.parametrize("split", ["kfold", "kfold_by_group"])
@pytest.mark.parametrize("folds_of", ["official", "halves", "random", "holdout"])
def test_folds_of_a_split_cover_its_training_part_alone(split: SplitKind, folds_of: SplitKind) -> None:
    labelled = table(
        {"train": [30, 30], "val": [12, 12], "test": [4, 4]}, groups=list("abcdefghijk") * 8 + list("abcd")
    )
    whole = split_rows(labelled, DatasetParams(split=folds_of))
    folds = [
        split_rows(labelled, DatasetParams(split=split, folds=3, fold=fold, folds_of=folds_of)) for fold in range(3)
    ]
    assert sorted(np.concatenate([fold.val for fold in folds]).tolist()) == whole.train.tolist()
    assert sorted([*folds[0].train, *folds[0].val]) == whole.train.tolist()


def test_folds_of_a_split_have_no_test_split() -> None:
    labelled = table({"train": [7, 8], "test": [4, 4]})
    assert len(split_rows(labelled, DatasetParams(split="kfold", folds=3, folds_of="official")).test) == 0


def test_more_folds_than_images_of_a_class_are_refused() -> None:
    with pytest.raises(ConfigError, match="`5` folds are more than the `4` images of the rarest class"):
        split_rows(table({"all": [9, 4]}), DatasetParams(split="kfold", folds=5))


def test_more_folds_than_groups_are_refused() -> None:
    labelled = table({"all": [6, 6]}, groups=["a", "b"] * 6)
    with pytest.raises(ConfigError, match="`3` folds are more than the `2` groups"):
        split_rows(labelled, DatasetParams(split="kfold_by_group", folds=3))


@pytest.mark.parametrize(
    ("parts", "params", "sources"),
    [
        (["train", "val", "test"], {}, ("{train}", "{val}", "{test}")),
        (["train", "val"], {}, ("{train}", "{val}", "")),
        (["train", "test"], {}, ("{train}", "carved, about 10 % of {train}", "{test}")),
        (["all"], {"val_fraction": 0.15}, ("{all}", "carved, about 15 % of {all}", "carved, about 10 % of {all}")),
        (["train", "val"], {"split": "halves"}, ("{train}", "half of {val}", "the other half of {val}")),
        (["train", "test"], {"split": "kfold", "folds": 3, "fold": 1}, ("the other folds", "fold 2 of 3", "{test}")),
        (
            ["train", "val"],
            {"split": "kfold", "folds": 3, "folds_of": "halves"},
            ("the other folds", "fold 1 of 3 of the training part of `halves`", ""),
        ),
        (
            ["all"],
            {"split": "kfold_by_group", "folds": 3},
            ("the other folds", "fold 1 of 3 by 5 {groups}", ""),
        ),
        (
            ["all"],
            {"split": "nested_kfold", "folds": 3, "fold": 2},
            ("the other folds", "fold 1 of 3", "fold 3 of 3"),
        ),
        (
            ["all"],
            {"split": "holdout", "val_fraction": 0.3},
            ("the rest of all images", "drawn, 0.3 of all images", ""),
        ),
    ],
)
def test_a_split_says_where_each_part_comes_from(
    parts: list[str], params: dict[str, Any], sources: tuple[str, str, str]
) -> None:
    labelled = table({part: [20, 20] for part in parts}, groups=list("abcde") * 8 * len(parts))
    split = split_rows(labelled, DatasetParams(**params))
    assert (split.sources.train, split.sources.val, split.sources.test) == sources


def test_a_set_without_a_training_part_is_refused() -> None:
    with pytest.raises(ConfigError, match="needs a training part"):
        split_rows(table({"val": [5, 5], "test": [5, 5]}), DatasetParams())


def test_one_image_cannot_be_split() -> None:
    with pytest.raises(ConfigError, match="leaves no images for val"):
        split_rows(table({"all": [1]}), DatasetParams())


def test_a_fold_beyond_the_folds_is_refused() -> None:
    with pytest.raises(ValueError, match="fold `5` is not below folds `5`"):
        DatasetParams(split="kfold", fold=5)
