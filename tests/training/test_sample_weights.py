from __future__ import annotations

from typing import Any

import pytest
import torch

from ferray.errors import ConfigError
from ferray.imbalance import ClassCounts, Criterion
from ferray.registry import ROOMS
from ferray.testing.trials import demo_config
from ferray.training.sample_weights import class_weights_of, refuse_shaped_loss


def criterion(name: str, counts: tuple[int, ...], **params: Any) -> Criterion:
    strategy = ROOMS["imbalance"].load(name)
    made: Criterion = strategy(strategy.Params(**params), ClassCounts(counts)).criterion(0.0)
    return made


def test_without_a_strategy_all_samples_count_alike() -> None:
    assert class_weights_of(criterion("none", (30, 10)), 2, "none").tolist() == pytest.approx([1.0, 1.0])


def test_class_weights_are_found_in_their_loss() -> None:
    # Proportional to 1 / n, and 1 on average over the samples: 30 * 2/3 + 10 * 2 = 40.
    weights = class_weights_of(criterion("class_weights", (30, 10), power=1.0), 2, "class_weights")
    assert weights.tolist() == pytest.approx([2 / 3, 2.0])


def test_a_loss_that_depends_on_the_prediction_is_refused() -> None:
    with pytest.raises(ConfigError, match="`focal` shapes a loss"):
        class_weights_of(criterion("focal", (30, 10, 5), gamma=2.0), 3, "focal")


def test_a_mean_over_many_classes_is_found_too() -> None:
    assert torch.equal(class_weights_of(criterion("none", (1,) * 7), 7, "none"), torch.ones(7, dtype=torch.float64))


@pytest.mark.parametrize("name", ["none", "undersample", "oversample", "weighted_sampler", "class_balanced"])
def test_a_strategy_that_weighs_or_samples_is_followed(name: str) -> None:
    refuse_shaped_loss(demo_config(imbalance=name))


@pytest.mark.parametrize("name", ["focal", "ldam_drw", "balanced_softmax"])
def test_a_strategy_that_shapes_its_loss_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=name):
        refuse_shaped_loss(demo_config(imbalance=name))
