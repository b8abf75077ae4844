"""Greedy selection of models with replacement."""

from __future__ import annotations

import numpy as np
import pytest

from ferray.stats.ensemble_selection import select_ensemble

LABELS = np.array([0, 0, 1, 1])


def said(*shares: float) -> np.ndarray:
    """One model over two classes, by what it gives to the right class of each of the four images."""
    right_N = np.array(shares)
    return np.stack([np.where(LABELS == 0, right_N, 1 - right_N), np.where(LABELS == 1, right_N, 1 - right_N)], axis=1)


# Each is wrong once, about another image, and surely right about it where the other is wrong.
FIRST, SECOND = said(0.9, 0.4, 0.6, 0.9), said(0.6, 0.9, 0.9, 0.45)
AWFUL = said(0.1, 0.1, 0.1, 0.1)


def generator() -> np.random.Generator:
    return np.random.default_rng(3)


def select(*models: np.ndarray, score: str = "accuracy", **options: int) -> tuple[list[float], float, float]:
    found = select_ensemble(np.stack(models), LABELS, score, generator=generator(), **{"bags": 1, **options})
    return found.weights.tolist(), found.value, found.best_value


def test_two_that_make_up_for_each_other_are_taken_and_a_bad_one_is_not() -> None:
    weights, value, best_value = select(AWFUL, FIRST, SECOND)
    assert (weights[0], value, best_value) == (0.0, 1.0, 0.75)
    assert min(weights[1:]) > 0


def test_the_best_alone_is_an_ensemble_where_nothing_helps_it() -> None:
    assert select(AWFUL, said(0.9, 0.9, 0.9, 0.9)) == ([0.0, 1.0], 1.0, 1.0)


def test_a_model_is_added_again_where_that_helps() -> None:
    # Right about the last image only if the first model, which is 0.05 short, counts less than 2/9 of the whole.
    weights, value, _ = select(said(0.95, 0.95, 0.95, 0.05), said(0.45, 0.6, 0.6, 0.7), score="accuracy")
    assert value == 1.0
    assert weights[1] > weights[0] > 0


def test_of_equal_scores_the_lower_log_loss_counts() -> None:
    weights, _, _ = select(said(0.6, 0.6, 0.6, 0.6), said(0.9, 0.9, 0.9, 0.9))
    assert weights == [0.0, 1.0]


def test_a_log_loss_is_better_when_lower() -> None:
    _, value, best_value = select(FIRST, SECOND, AWFUL, score="log_loss")
    assert 0 < value < best_value


def test_the_best_single_model_is_named_by_its_place() -> None:
    found = select_ensemble(np.stack([AWFUL, FIRST]), LABELS, "uar", generator=generator())
    assert (found.best, found.best_value) == (1, 0.75)


def test_bags_draw_other_images_and_share_the_weight() -> None:
    random = np.random.default_rng(0)
    labels = random.integers(3, size=60)
    models = random.dirichlet(np.ones(3), (6, 60)) + 0.6 * np.eye(3)[labels]
    models /= models.sum(axis=2, keepdims=True)
    one, many = (select_ensemble(models, labels, "uar", generator=generator(), bags=bags).weights for bags in (1, 10))
    assert [one.sum(), many.sum()] == pytest.approx([1, 1])
    assert (many > 0).sum() > (one > 0).sum()


def test_the_same_generator_gives_the_same_weights() -> None:
    runs = [select(FIRST, SECOND, AWFUL, bags=5) for _ in range(2)]
    assert runs[0] == runs[1]


@pytest.mark.parametrize("score", ["accuracy", "uar", "log_loss"])
def test_no_choice_is_worse_than_the_best_alone_on_its_own_images(score: str) -> None:
    draws = np.random.default_rng(0).dirichlet(np.ones(2), size=(40, 4, len(LABELS)))
    sign = -1 if score == "log_loss" else 1
    found = [select_ensemble(draw, LABELS, score, generator=generator()) for draw in draws]
    assert [each for each in found if sign * (each.value - each.best_value) < 0] == []
