"""Where a sample's target comes from: its label, the votes, a label drawn from them. C = seven classes."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from ferray.config.trial import ImbalanceChoice
from ferray.data.datasets import TargetKind
from ferray.imbalance import soft_cross_entropy
from ferray.testing.trials import packed_samples
from ferray.training.training_set import TrainingSet
from ferray.training.training_targets import TrainingTargets, drawn_targets

CERTAIN = [0, 0, 0, 0, 0, 0, 1.0]
TORN = [0.75, 0, 0.25, 0, 0, 0, 0]


def training_set() -> TrainingSet:
    """400 images over which annotators were torn, and one over which they were not."""
    samples = packed_samples([0] * 400 + [6], votes=[TORN] * 400 + [CERTAIN])
    return TrainingSet(samples, ImbalanceChoice.model_validate("none"))


def targets(kind: TargetKind, *, seed: int = 0) -> TrainingTargets:
    return TrainingTargets(training_set(), kind, seed=seed)


def test_a_data_set_without_votes_is_answered_with_labels() -> None:
    training = TrainingSet(packed_samples([0, 1]), ImbalanceChoice.model_validate("none"))
    assert TrainingTargets(training, "votes", seed=0).of(np.array([0, 1]), epoch=1) is None


def test_votes_that_are_not_asked_for_are_passed_over() -> None:
    assert targets("label").of(np.array([0]), epoch=1) is None


def test_votes_are_targets_as_they_are() -> None:
    found = targets("votes").of(np.array([400, 0]), epoch=1)
    assert found is not None
    assert found.tolist() == [CERTAIN, TORN]


def test_drawn_labels_follow_the_votes() -> None:
    found = targets("drawn").of(np.arange(400), epoch=1)
    assert found is not None
    assert set(found.argmax(axis=1).tolist()) == {0, 2}
    assert (found.max(axis=1) == 1).all()
    # 300 of 400 are expected; the standard deviation is sqrt(400 * 0.75 * 0.25) = 8.7, and 35 is four of them.
    assert abs(found[:, 0].sum() - 300) < 35


def test_each_epoch_draws_anew_and_every_start_alike() -> None:
    drawn, again = (targets("drawn") for _ in range(2))
    everyone = np.arange(401)
    first, second = drawn.of(everyone, epoch=1), drawn.of(everyone, epoch=2)
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(again.of(everyone, epoch=2), second)


def test_a_draw_does_not_depend_on_the_batch() -> None:
    drawn = targets("drawn")
    whole = drawn.of(np.arange(401), epoch=3)
    part = drawn.of(np.array([17, 5]), epoch=3)
    assert whole is not None
    np.testing.assert_array_equal(part, whole[[17, 5]])


def test_seeds_draw_differently() -> None:
    one, other = (targets("drawn", seed=seed).of(np.arange(400), epoch=1) for seed in (0, 1))
    assert not np.array_equal(one, other)


def test_shares_that_sum_to_less_than_one_draw_no_class_without_votes() -> None:
    votes = np.array([[0.3, 0.69, 0.0]], dtype=np.float32)
    assert drawn_targets(votes, np.array([0.995], dtype=np.float32)).tolist() == [[0, 1, 0]]


def test_a_corrected_label_takes_the_place_of_votes() -> None:
    training = training_set()
    training.correct({100: 3})
    corrected = TrainingTargets(training, "votes", seed=0).of(np.array([0]), epoch=1)
    assert corrected is not None
    assert corrected.argmax() == 3
    assert corrected.sum() == 1


def test_the_loss_is_against_the_votes() -> None:
    # Logits of log 1..7 are probabilities of 1/28 .. 7/28: 0.75 log 28 + 0.25 log (28/3), and log 4.
    logits_NC = torch.arange(1.0, 8.0).log().repeat(2, 1)
    target_NC = torch.from_numpy(targets("votes").of(np.array([0, 400]), epoch=1))
    expected = (0.75 * math.log(28) + 0.25 * math.log(28 / 3) + math.log(4)) / 2
    assert float(soft_cross_entropy(logits_NC, target_NC)) == pytest.approx(expected)
