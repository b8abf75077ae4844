"""Scores over seeds and images, against the analysis of variance of the crossed design."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from ferray.stats.intervals import wilson_interval
from ferray.stats.seeds_and_images import BOOTSTRAP, over_seeds_and_images, paired, paired_models, seed_scores

LABELS = np.repeat([0, 1, 2], [10, 20, 30])


def predictions(seed: int, num_seeds: int = 5, right: float = 0.6) -> NDArray[np.int64]:
    """Each image has its own chance to be right, of which the mean is near `right`."""
    generator = np.random.default_rng(seed)
    chance_N = np.clip(generator.normal(right, 0.3, len(LABELS)), 0, 1)
    is_right = generator.random((num_seeds, len(LABELS))) < chance_N
    return np.where(is_right, LABELS, (LABELS + 1) % 3)


def generator() -> np.random.Generator:
    return np.random.default_rng(7)


def test_scores_are_those_of_each_seed() -> None:
    # Of class 0 and 1 all, of class 2 every third: recalls 1, 1, 1/3.
    said = np.where((LABELS == 2) & (np.arange(60) % 3 > 0), 0, LABELS)
    scores = [float(seed_scores(LABELS, said[None], metric)[0]) for metric in ("accuracy", "uar", "macro_f1")]
    # F1: 20 / (10 + 30), 1, 20 / (30 + 10)
    assert scores == pytest.approx([40 / 60, 7 / 9, (0.5 + 1 + 0.5) / 3])


def test_a_class_without_images_is_left_out_of_the_means() -> None:
    labels, said = np.array([0, 0, 2, 2]), np.array([[0, 1, 2, 2]])
    assert seed_scores(labels, said, "uar")[0] == pytest.approx(0.75)


def test_the_error_is_that_of_the_crossed_analysis_of_variance() -> None:
    said = predictions(1)
    hits_SN = (said == LABELS).astype(float)
    of_seeds = hits_SN.mean(axis=1).var(ddof=1) / 5
    of_images = hits_SN.mean(axis=0).var(ddof=1) / 60
    rest_SN = hits_SN - hits_SN.mean(axis=1, keepdims=True) - hits_SN.mean(axis=0) + hits_SN.mean()
    of_both = (rest_SN**2).sum() / (4 * 59) / (5 * 60)
    found = over_seeds_and_images(LABELS, said, "accuracy", generator=generator(), num_resamples=20_000)
    assert found.standard_error == pytest.approx(math.sqrt(of_seeds + of_images - of_both), rel=0.02)


def test_seeds_that_scatter_alone_have_students_degrees() -> None:
    # Every seed is right on a share of its own of images that are all alike, too many to matter.
    generator_ = np.random.default_rng(2)
    labels = np.zeros(20_000, dtype=np.int64)
    said = (generator_.random((5, 20_000)) > np.array([[0.5], [0.6], [0.7], [0.55], [0.65]])).astype(np.int64)
    found = over_seeds_and_images(labels, said, "accuracy", generator=generator(), num_resamples=200)
    assert found.degrees == pytest.approx(4, abs=0.1)


@pytest.mark.parametrize("metric", ["accuracy", "uar", "macro_f1"])
def test_an_estimate_says_what_it_rests_on(metric: str) -> None:
    found = over_seeds_and_images(LABELS, predictions(3), metric, generator=generator())  # type: ignore[arg-type]
    assert (found.n, found.num_seeds, found.method) == (60, 5, BOOTSTRAP)
    assert found.value == pytest.approx(float(seed_scores(LABELS, predictions(3), metric).mean()))  # type: ignore[arg-type]


def test_the_interval_stays_between_0_and_1() -> None:
    said = np.tile(LABELS, (5, 1))
    said[0, 0] = 1
    found = over_seeds_and_images(LABELS, said, "accuracy", generator=generator())
    assert found.interval is not None
    assert 0.9 < found.interval[0] < found.value < found.interval[1] < 1


def test_all_right_has_the_interval_of_one_model() -> None:
    found = over_seeds_and_images(LABELS, np.tile(LABELS, (5, 1)), "accuracy", generator=generator())
    assert (found.interval, found.num_seeds) == (wilson_interval(60, 60), 5)


def test_one_seed_has_the_interval_of_one_model() -> None:
    said = predictions(4, num_seeds=1)
    found = over_seeds_and_images(LABELS, said, "accuracy", generator=generator())
    assert found.interval == wilson_interval(int((said == LABELS).sum()), 60)


def test_the_same_generator_gives_the_same_interval() -> None:
    first, second = (over_seeds_and_images(LABELS, predictions(5), "uar", generator=generator()) for _ in range(2))
    assert first == second


def test_a_pair_of_recipes_has_the_p_of_its_own_interval() -> None:
    found = paired(LABELS, predictions(6, right=0.7), predictions(6, right=0.5), "uar", generator=generator())
    assert found.interval is not None
    assert found.p is not None
    assert (found.p < 0.05) == found.is_beyond_noise


def test_pairs_on_one_draw_of_images_err_less_than_two_recipes_apart() -> None:
    first, second = predictions(6, right=0.6), predictions(6, right=0.55)
    gap = paired(LABELS, first, second, "accuracy", generator=generator())
    alone = over_seeds_and_images(LABELS, first, "accuracy", generator=generator())
    assert gap.draw_error is not None
    assert alone.standard_error is not None
    assert gap.draw_error < alone.standard_error


def test_one_recipe_under_two_names_differs_by_nothing() -> None:
    found = paired(LABELS, predictions(8), predictions(8), "uar", generator=generator())
    assert (found.value, found.interval, found.p) == (0.0, None, 1.0)


def test_one_pair_has_no_p() -> None:
    one, other = predictions(8, num_seeds=1), predictions(9, num_seeds=1)
    found = paired(LABELS, one, other, "uar", generator=generator())
    assert (found.interval, found.p) == (None, None)


def test_two_models_differ_by_what_one_alone_is_right_about() -> None:
    # 6 of 60 images are right by the first alone, 3 by the second alone: McNemar's variance is (9 - 9 / 60) / 60^2.
    first, second = LABELS.copy(), LABELS.copy()
    second[:6], first[57:] = 2, 0
    found = paired_models(LABELS, first, second, "accuracy", generator=generator(), num_resamples=20_000)
    assert (found.value, found.num_pairs) == (pytest.approx(3 / 60), 60)
    assert found.draw_error == pytest.approx(math.sqrt((9 - 9 / 60) / 60 / 59), rel=0.03)
    assert not found.is_beyond_noise


def test_one_model_that_is_right_where_the_other_is_wrong_differs_beyond_noise() -> None:
    found = paired_models(LABELS, LABELS, predictions(1, right=0.5)[0], "uar", generator=generator())
    assert found.is_beyond_noise


def test_models_that_say_the_same_have_no_interval() -> None:
    said = predictions(1)[0]
    found = paired_models(LABELS, said, said, "macro_f1", generator=generator(), num_resamples=100)
    assert (found.value, found.interval, found.p) == (0.0, None, 1.0)
