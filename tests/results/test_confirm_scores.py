from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ferray.errors import DataError
from ferray.results.answers import Answers
from ferray.results.confirm_scores import Judged, confirm_scores, joined
from ferray.results.finalist_choice import Arm

LABELS = [0, 0, 0, 0, 1, 1, 1, 1]
RIGHT, WRONG = LABELS, [1 - label for label in LABELS]
HALF = [0, 0, 1, 1, 1, 1, 0, 0]
MANY = [label for label in LABELS for _ in range(20)]


def answers(predictions: list[int], labels: list[int] = LABELS) -> Answers:
    return Answers("ab", np.arange(len(labels)), np.array(labels), np.array(predictions))


def judged(name: str, *of_seeds: list[int], labels: list[int] = LABELS) -> Judged:
    by_seed = {1000 + number: answers(said, labels) for number, said in enumerate(of_seeds)}
    return Judged(Arm(name, "1f3a9c2e", {}), by_seed)


def noisy(share: float, seed: int) -> list[int]:
    """Answers to `MANY` of which about so many are right."""
    is_right = np.random.default_rng(seed).random(len(MANY)) < share
    return np.where(is_right, MANY, 1 - np.array(MANY)).tolist()


def scored(*each: Judged) -> tuple[tuple[object, ...], tuple[object, ...]]:
    return confirm_scores(each, "accuracy", np.random.default_rng(0))


def test_a_row_has_the_score_of_each_seed() -> None:
    (row,), _ = confirm_scores([judged("a", RIGHT, HALF)], "accuracy", np.random.default_rng(0))
    assert (row.values, row.mean, row.n, row.seeds) == ((1.0, 0.5), 0.75, 8, (1000, 1001))
    assert row.sd == pytest.approx(0.5 / 2**0.5)  # of two values 0.5 apart


def test_one_recipe_under_two_names_is_not_distinguishable() -> None:
    _, (pair,) = confirm_scores([judged("a", RIGHT, HALF), judged("b", RIGHT, HALF)], "uar", np.random.default_rng(0))
    assert (pair.difference, pair.p, pair.holm_p, pair.verdict) == (0.0, 1.0, 1.0, "not distinguishable")


def test_what_is_better_by_far_is_better() -> None:
    good, poor = ([noisy(share, seed) for seed in range(5)] for share in (0.9, 0.5))
    each = [judged("good", *good, labels=MANY), judged("poor", *poor, labels=MANY)]
    _, (pair,) = confirm_scores(each, "accuracy", np.random.default_rng(0))
    assert (pair.first, pair.verdict, pair.turned().verdict) == ("good", "better", "worse")


def test_every_pair_is_compared_and_corrected_for_all() -> None:
    each = [
        judged(name, *[noisy(share, 9 * at + seed) for seed in range(5)], labels=MANY)
        for at, (name, share) in enumerate([("a", 0.9), ("b", 0.8), ("c", 0.7)])
    ]
    _, pairs = confirm_scores(each, "accuracy", np.random.default_rng(0))
    assert [(pair.first, pair.second) for pair in pairs] == [("a", "b"), ("a", "c"), ("b", "c")]
    smallest = min(pairs, key=lambda pair: pair.p or 0)
    assert smallest.holm_p == pytest.approx(3 * (smallest.p or 0))


def test_a_pair_is_over_the_seeds_that_both_have() -> None:
    _, (pair,) = confirm_scores(
        [judged("a", RIGHT, HALF, WRONG), judged("b", RIGHT, HALF)], "uar", np.random.default_rng(0)
    )
    assert pair.seeds == 2


def test_a_finalist_without_a_training_is_left_out() -> None:
    rows, pairs = confirm_scores([judged("a", RIGHT, HALF), judged("b")], "uar", np.random.default_rng(0))
    assert ([row.name for row in rows], pairs) == (["a"], ())


def test_other_images_do_not_compare() -> None:
    other = judged("b", [0, 1], labels=[0, 1])
    with pytest.raises(DataError, match="`b` was judged on other images than `a`"):
        scored(judged("a", RIGHT), other)


def test_other_labels_do_not_compare() -> None:
    with pytest.raises(DataError, match="other images"):
        scored(judged("a", RIGHT), judged("b", RIGHT, labels=WRONG))


def test_nothing_to_compare_is_named() -> None:
    with pytest.raises(DataError, match="no training of any finalist completed"):
        scored(judged("a"))


def test_folds_are_joined_in_the_order_of_the_images() -> None:
    first = Answers("ab", np.array([5, 1]), np.array([0, 1]), np.array([1, 1]))
    second = Answers("cd", np.array([3]), np.array([0]), np.array([0]))
    whole = joined([first, second])
    assert (whole.sample_ids.tolist(), whole.labels.tolist(), whole.predictions.tolist()) == (
        [1, 3, 5],
        [1, 0, 0],
        [1, 0, 1],
    )


def test_a_fold_of_images_of_nobody_known_leaves_the_groups_of_the_others() -> None:
    known = Answers("ab", np.array([5, 1, 2]), np.array([0, 1, 1]), np.array([1, 1, 1]), ("anna", "bert", "anna"))
    unknown = Answers("cd", np.array([3]), np.array([0]), np.array([0]))
    assert joined([unknown, known]).groups == ("bert", "anna", "", "anna")


def test_folds_of_images_of_nobody_known_have_no_groups() -> None:
    assert joined([answers(RIGHT), replace(answers(RIGHT), sample_ids=np.arange(8) + 8)]).groups is None


def test_an_image_that_two_folds_hold_out_is_refused() -> None:
    with pytest.raises(DataError, match="held out twice"):
        joined([answers(RIGHT), answers(RIGHT)])


def test_images_of_few_people_leave_more_doubt_than_images() -> None:
    # Each person is right on all images or on none, 40 of each.
    said = [label if at // 20 % 2 else 1 - label for at, label in enumerate(MANY)]
    people = tuple(f"person{at // 20}" for at in range(len(MANY)))
    alone = judged("a", said, noisy(0.5, 1), labels=MANY)
    grouped = replace(alone, by_seed={seed: replace(each, groups=people) for seed, each in alone.by_seed.items()})
    (over_images,), _ = confirm_scores([alone], "uar", np.random.default_rng(0))
    (over_groups,), _ = confirm_scores([grouped], "uar", np.random.default_rng(0))
    assert over_groups.num_groups == 8
    assert over_groups.interval is not None
    assert over_images.interval is not None
    assert over_groups.interval[0] < over_images.interval[0]


def test_groups_that_one_finalist_names_hold_for_all() -> None:
    old, named = judged("a", noisy(0.5, 0), labels=MANY), judged("b", noisy(0.5, 1), labels=MANY)
    people = tuple(f"person{at // 20}" for at in range(len(MANY)))
    named = replace(named, by_seed={seed: replace(each, groups=people) for seed, each in named.by_seed.items()})
    rows, _ = confirm_scores([old, named], "uar", np.random.default_rng(0))
    assert [row.num_groups for row in rows] == [8, 8]
