"""Scores over people or films: design effects, intervals and pairs, against simulated groups that are alike within."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ferray.stats.estimates import METRICS, ONE_GROUP, Metric, of_confusion
from ferray.stats.seeds_and_groups import (
    OVER_GROUPS,
    clusters_of,
    influences,
    over_seeds_and_groups,
    paired_models_over_groups,
    paired_over_groups,
)
from ferray.stats.seeds_and_images import confusion_of, over_seeds_and_images, seed_scores

Rows = NDArray[np.int64]
EVEN = (20,) * 12
FEW_BIG = (80, 80, 80) + (2,) * 60


def named(sizes: tuple[int, ...]) -> list[str]:
    """The group of each image."""
    return [f"person{number}" for number, size in enumerate(sizes) for _ in range(size)]


def answers(sizes: tuple[int, ...], generator: np.random.Generator, *, right: float = 0.5) -> tuple[Rows, Rows]:
    """Labels of two classes, and answers of which each group has a share right: beta-binomial, correlation 0.2."""
    shares_G = generator.beta(4 * right, 4 * (1 - right), len(sizes))
    chance_N = np.repeat(shares_G, sizes)
    labels_N = generator.integers(2, size=len(chance_N))
    return labels_N, np.where(generator.random(len(chance_N)) < chance_N, labels_N, 1 - labels_N)


def clips(per_class: int, generator: np.random.Generator) -> tuple[Rows, Rows]:
    """Labels of seven classes, and answers to clips of 20 images of one class each: 0.6 right, correlation 0.2."""
    labels_N = np.repeat(np.arange(7), 20 * per_class)
    chance_N = np.repeat(generator.beta(2.4, 1.6, 7 * per_class), 20)
    other_N = (labels_N + generator.integers(1, 7, len(labels_N))) % 7
    return labels_N, np.where(generator.random(len(chance_N)) < chance_N, labels_N, other_N)


def coverage_of_clips(per_class: int, metric: Metric) -> float:
    """How many of 200 studies of such clips have an interval that holds 0.6, the truth of each score."""
    generator, groups, held = np.random.default_rng(1), named((20,) * 7 * per_class), []
    for _ in range(200):
        labels_N, said_N = clips(per_class, generator)
        found = over_seeds_and_groups(labels_N, said_N[None], metric, groups)
        low, high = found.interval or (1.0, 0.0)
        held.append(low <= 0.6 <= high)
    return float(np.mean(held))


def coverage(sizes: tuple[int, ...], metric: Metric, *, by_groups: bool) -> float:
    """How many of 400 studies have an interval that holds the truth, which is 0.5 for each score."""
    generator, groups, held = np.random.default_rng(1), named(sizes), []
    for _ in range(400):
        labels_N, said_N = answers(sizes, generator)
        value = float(seed_scores(labels_N, said_N[None], metric)[0])
        clusters = clusters_of(labels_N, said_N, groups, "people") if by_groups else None
        low, high = of_confusion(metric, value, confusion_of(labels_N, said_N), clusters).interval or (1.0, 0.0)
        held.append(low <= 0.5 <= high)
    return float(np.mean(held))


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("sizes", [EVEN, FEW_BIG])
def test_the_interval_over_groups_holds_the_truth(sizes: tuple[int, ...], metric: Metric) -> None:
    assert coverage(sizes, metric, by_groups=True) > 0.92


@pytest.mark.parametrize("metric", ["uar", "macro_f1"])
@pytest.mark.parametrize("per_class", [1, 2, 3])
def test_the_interval_over_clips_of_one_class_holds_the_truth(per_class: int, metric: Metric) -> None:
    assert coverage_of_clips(per_class, metric) > 0.92


def test_the_pair_over_clips_of_one_class_holds_the_truth() -> None:
    generator, groups, held = np.random.default_rng(2), named((20,) * 14), []
    for _ in range(200):
        (labels_N, first_N), (_, second_N) = clips(2, generator), clips(2, generator)
        found = paired_models_over_groups(labels_N, first_N, second_N, "uar", groups=groups)
        held.append(not found.is_beyond_noise)
    assert np.mean(held) > 0.92


def test_a_class_of_one_group_counts_as_one_image() -> None:
    # Class 0 is one clip of 20 images, half of them right; class 1 is all right. One image has 0.5 * 0.5 of variance,
    # 20 / 19 of that as it is estimated from 20, and counts one half in the score.
    labels_N = np.repeat([0, 1], [20, 40])
    said_N = np.append(np.tile([0, 1], 10), np.ones(40, dtype=np.int64))
    groups = named((20, 10, 10, 10, 10))
    found = paired_models_over_groups(labels_N, labels_N, said_N, "uar", groups=groups)
    assert found.draw_error == pytest.approx((0.25 * 20 / 19) ** 0.5 / 2)


def test_a_class_costs_one_degree_of_freedom() -> None:
    labels_N, said_N = clips(3, np.random.default_rng(4))
    found = clusters_of(labels_N, said_N, named((20,) * 21), "clips")
    assert found is not None
    assert (found.effects["uar"].degrees, found.effects["accuracy"].degrees) == (pytest.approx(14), pytest.approx(20))


@pytest.mark.parametrize("sizes", [EVEN, FEW_BIG])
def test_the_interval_over_images_misses_it_where_groups_are_alike(sizes: tuple[int, ...]) -> None:
    assert coverage(sizes, "accuracy", by_groups=False) < 0.75


def test_the_design_effect_of_equal_groups_is_that_of_the_analysis_of_variance() -> None:
    labels_N, said_N = answers(EVEN, np.random.default_rng(3))
    found = clusters_of(labels_N, said_N, named(EVEN), "people")
    right_GK = (labels_N == said_N).reshape(12, 20).astype(float)
    # Between groups G / (G - 1), within images N / (N - 1), by the means of the groups.
    over_groups, over_images = right_GK.mean(axis=1).var(ddof=1) / 12, right_GK.var(ddof=1) / 240
    assert found is not None
    assert found.effects["accuracy"].effect == pytest.approx(over_groups / over_images)
    assert found.effects["accuracy"].degrees == pytest.approx(11)


def test_a_few_large_groups_leave_few_degrees_of_freedom() -> None:
    labels_N, said_N = answers(FEW_BIG, np.random.default_rng(3))
    found = clusters_of(labels_N, said_N, named(FEW_BIG), "people")
    assert found is not None
    assert found.effects["accuracy"].degrees < 6


def test_groups_that_are_no_more_alike_than_images_narrow_nothing() -> None:
    # In each group of two, one image is right.
    labels_N, said_N = np.zeros(40, dtype=np.int64), np.tile([0, 1], 20)
    found = clusters_of(labels_N, said_N, named((2,) * 20), "people")
    assert found is not None
    assert found.effects["accuracy"].effect == 1


def test_a_group_tells_as_much_as_one_image_where_all_are_right() -> None:
    labels_N = np.zeros(40, dtype=np.int64)
    found = clusters_of(labels_N, labels_N, named((4,) * 10), "people")
    assert found is not None
    assert found.effects["accuracy"].effect == pytest.approx(4)


def test_images_that_each_have_a_group_of_their_own_are_no_clusters() -> None:
    labels_N, said_N = answers((1,) * 30, np.random.default_rng(2))
    assert clusters_of(labels_N, said_N, named((1,) * 30), "people") is None


def test_few_groups_are_said_to_be_too_few() -> None:
    found = clusters_of(*answers((20,) * 5, np.random.default_rng(2)), named((20,) * 5), "people")
    assert found is not None
    assert found.in_words() == "5 groups (people), too few to know an interval well"


def test_one_group_gives_no_interval() -> None:
    labels_N, said_N = answers((30,), np.random.default_rng(2))
    found = over_seeds_and_groups(labels_N, np.stack([said_N, labels_N]), "uar", named((30,)))
    assert (found.interval, found.method, found.num_groups) == (None, ONE_GROUP, 1)


@pytest.mark.parametrize("metric", METRICS)
def test_an_influence_is_what_one_more_image_of_its_kind_moves(metric: Metric) -> None:
    labels_N, said_N = answers(EVEN, np.random.default_rng(5))
    many_N, other_N = np.tile(labels_N, 200), np.tile(said_N, 200)
    before, after = (
        float(seed_scores(np.append(many_N, labels_N[:more]), np.append(other_N, said_N[:more])[None], metric)[0])
        for more in (0, 1)
    )
    moved = float(influences(many_N, other_N[None], metric)[0, 0])
    assert after - before == pytest.approx(moved, rel=1e-3)


@pytest.mark.parametrize("metric", METRICS)
def test_without_likeness_the_error_over_groups_is_that_of_the_bootstrap(metric: Metric) -> None:
    generator = np.random.default_rng(6)
    labels_N = generator.integers(3, size=300)
    said_SN = np.where(generator.random((5, 300)) < generator.random(300), labels_N, (labels_N + 1) % 3)
    alone = named((1,) * 300)
    over_groups = over_seeds_and_groups(labels_N, said_SN, metric, alone)
    over_images = over_seeds_and_images(labels_N, said_SN, metric, generator=generator)
    assert over_groups.method == OVER_GROUPS
    assert over_groups.standard_error == pytest.approx(over_images.standard_error, rel=0.05)


def test_recipes_that_differ_by_one_person_are_not_told_apart() -> None:
    # The first is right on all 80 images of one person, the second on none: 80 independent images would tell.
    labels_N = np.zeros(320, dtype=np.int64)
    first_N, second_N = np.tile([0, 1], 160), np.tile([0, 1], 160)
    first_N[:80], second_N[:80] = 0, 1
    found = paired_models_over_groups(labels_N, first_N, second_N, "accuracy", groups=named((80,) * 4))
    assert not found.is_beyond_noise


def test_a_pair_over_groups_has_the_p_of_its_own_interval() -> None:
    generator = np.random.default_rng(8)
    labels_N, said_N = answers(EVEN, generator, right=0.6)
    first_SN = np.where(generator.random((4, 240)) < 0.2, labels_N, said_N)
    second_SN = np.tile(said_N, (4, 1))
    found = paired_over_groups(labels_N, first_SN, second_SN, "uar", groups=named(EVEN))
    assert found.p is not None
    assert (found.p < 0.05) == found.is_beyond_noise
