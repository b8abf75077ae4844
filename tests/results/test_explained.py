from __future__ import annotations

import numpy as np
import pytest

from ferray.results.explained import ConfusedPair, Judged

LABELS = np.array([0, 0, 0, 1, 1, 2])
LOGITS = np.array([[2, 1, 0], [0, 3, 0], [0, 1, 0], [0, 2, 0], [5, 0, 0], [0, 0, 1]], dtype=np.float32)


def judged() -> Judged:
    return Judged.of(LOGITS, LABELS)


def test_losses_are_the_cross_entropy() -> None:
    # log(e^2 + e^1 + e^0) - 2 = 0.407606
    assert judged().losses[0] == pytest.approx(0.407606, abs=1e-6)
    assert judged().probability[0] == pytest.approx(np.exp(-0.407606), abs=1e-6)


def test_highest_losses_of_a_class_come_first() -> None:
    assert judged().highest_losses(0, 2).tolist() == [1, 2]


def test_recall_counts_what_was_recognised() -> None:
    assert [judged().recall(label) for label in range(3)] == [(1, 3), (1, 2), (1, 1)]


def test_pairs_are_counted_within_their_class() -> None:
    assert judged().pairs(5) == [ConfusedPair(0, 1, 2, 3), ConfusedPair(1, 0, 1, 2)]


def test_images_of_a_pair_come_by_their_loss() -> None:
    assert judged().confused(ConfusedPair(0, 1, 2, 3), 5).tolist() == [1, 2]


def test_a_share_of_many_images_goes_before_a_higher_one_of_few() -> None:
    # 1 of 1 has a Wilson interval from 0.207, 50 of 100 one from 0.404
    labels = np.array([0, *[1] * 100])
    logits = np.zeros((101, 3), dtype=np.float32)
    logits[0, 2] = logits[1:51, 0] = logits[51:, 1] = 1
    assert [pair.label for pair in Judged.of(logits, labels).pairs(2)] == [1, 0]


def test_a_trial_without_mistakes_has_no_pairs() -> None:
    assert Judged.of(np.eye(3, dtype=np.float32), np.arange(3)).pairs(5) == []
