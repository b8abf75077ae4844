from __future__ import annotations

import numpy as np
import pytest

from ferray.stats.macro_f1 import macro_f1_interval


def test_nothing_says_nothing() -> None:
    assert macro_f1_interval(((0, 0), (0, 0))) == (0.0, 1.0)


def test_all_right_still_has_room_below() -> None:
    low, high = macro_f1_interval(((10, 0), (0, 10)))
    assert (low < 0.95, high) == (True, 1.0)


def test_absent_class_has_no_say() -> None:
    assert macro_f1_interval(((8, 2, 0), (3, 17, 0), (0, 0, 0))) == pytest.approx(macro_f1_interval(((8, 2), (3, 17))))


def test_width_is_that_of_the_bootstrap_on_many_images() -> None:
    # Second method: draw 2,000 images anew by the shares of the matrix, and compute macro-F1 each time.
    confusion = np.array([[300, 100, 50], [180, 520, 100], [40, 60, 650]])
    draws = np.random.default_rng(0).multinomial(2000, confusion.ravel() / 2000, size=20_000).reshape(-1, 3, 3)
    hits = draws.diagonal(axis1=1, axis2=2)
    scores = (2 * hits / (draws.sum(axis=1) + draws.sum(axis=2))).mean(axis=1)
    assert macro_f1_interval(confusion.tolist()) == pytest.approx(np.quantile(scores, [0.025, 0.975]), abs=0.002)


@pytest.mark.parametrize("right", [0.45, 0.97])
def test_covers_the_truth_on_few_images(right: float) -> None:
    # Second method: seven classes of ten images, drawn at random; the true F1 of each class is its recall here.
    shares = np.full((7, 7), (1 - right) / 6) + np.eye(7) * (right - (1 - right) / 6)
    generator = np.random.default_rng(1)
    drawn = [np.stack([generator.multinomial(10, row) for row in shares]).tolist() for _ in range(400)]
    inside = [low <= right <= high for low, high in map(macro_f1_interval, drawn)]
    assert np.mean(inside) > 0.91
