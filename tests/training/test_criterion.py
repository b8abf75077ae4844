"""Losses with imbalance strategies: which train together, and what their loss is then."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from ferray.config.load import validate_spec
from ferray.errors import ConfigError
from ferray.imbalance import ClassCounts, Criterion, ImbalanceStrategy
from ferray.losses.gce import GeneralisedCrossEntropy
from ferray.registry import ROOMS
from ferray.sweeps.check import valid_corners
from ferray.testing.corners import case_id, cases
from ferray.testing.trials import demo_config
from ferray.training.criterion import refuse_clashing_loss, training_criterion

COUNTS = ClassCounts((30, 10, 5, 5, 5, 5, 5))
LOGITS = torch.randn(6, 7, generator=torch.Generator().manual_seed(2))
TARGETS = torch.eye(7)[:6] * 0.8 + 0.2 / 7
SHAPED = ("focal", "ldam_drw", "balanced_softmax", "logit_adjustment")


def criterion(progress: float = 0.0, **changes: Any) -> Criterion:
    config = demo_config(**changes)
    strategy: ImbalanceStrategy = config.imbalance.load()(config.imbalance.build_params(), COUNTS)
    return training_criterion(config, strategy, progress)


@pytest.mark.parametrize(("name", "params"), cases(ROOMS["imbalance"]), ids=case_id)
def test_cross_entropy_leaves_every_strategy_its_own_loss(name: str, params: Any) -> None:
    config = demo_config(imbalance={name: params.model_dump()})
    strategy = config.imbalance.load()(config.imbalance.build_params(), COUNTS)
    own = strategy.criterion(0.5)(LOGITS, TARGETS)
    assert torch.equal(training_criterion(config, strategy, 0.5)(LOGITS, TARGETS), own)


def test_the_loss_is_the_mean_over_samples_of_what_targets_weigh() -> None:
    cost_NC = GeneralisedCrossEntropy(GeneralisedCrossEntropy.Params()).of_classes(LOGITS)
    torch.testing.assert_close(criterion(loss="gce")(LOGITS, TARGETS), (TARGETS * cost_NC).sum(dim=1).mean())


def test_class_weights_multiply_another_loss_too() -> None:
    target = torch.eye(7)[:1]
    plain = criterion(loss="gce")(LOGITS[:1], target)
    # 65 samples in 7 classes: 65 / (7 * 30) for class 0.
    weighed = criterion(loss="gce", imbalance="class_weights")(LOGITS[:1], target)
    torch.testing.assert_close(weighed, plain * 65 / 210)


@pytest.mark.parametrize("loss", sorted(set(ROOMS["loss"].names()) - {"cross_entropy"}))
@pytest.mark.parametrize("imbalance", SHAPED)
def test_a_strategy_that_shapes_cross_entropy_goes_with_no_other_loss(loss: str, imbalance: str) -> None:
    with pytest.raises(ConfigError, match=rf"`{imbalance}` shapes cross-entropy, and the loss is `{loss}`"):
        refuse_clashing_loss(demo_config(loss=loss, imbalance=imbalance))


@pytest.mark.parametrize("imbalance", sorted(set(ROOMS["imbalance"].names()) - set(SHAPED)))
def test_every_other_strategy_does(imbalance: str) -> None:
    refuse_clashing_loss(demo_config(loss="sce", imbalance=imbalance))


def test_logits_that_are_adjusted_at_evaluation_alone_go_with_any_loss() -> None:
    refuse_clashing_loss(demo_config(loss="gce", imbalance={"logit_adjustment": {"mode": "post_hoc"}}))


def test_weights_that_set_in_late_are_followed() -> None:
    weighed = {"loss": "gce", "imbalance": {"ldam_drw": {"max_margin": 0.0}}}
    refuse_clashing_loss(demo_config(**weighed))
    early, late = (criterion(progress, **weighed)(LOGITS, TARGETS) for progress in (0.0, 0.9))
    assert early != late


def test_a_space_whose_corner_clashes_is_refused_before_it_starts() -> None:
    space = {"loss": {"one_of": ["cross_entropy", "gce"]}, "imbalance": {"one_of": ["none", "focal"]}}
    raw = {"name": "clash", "dataset": "demo", "budget": {"trials": 4}, "space": space}
    spec = validate_spec(raw, source="clash")
    with pytest.raises(ConfigError, match="`focal` shapes cross-entropy, and the loss is `gce`"):
        valid_corners(spec)


def test_an_estimator_descends_no_loss() -> None:
    base = {"estimator": "svm", "loss": "gce", "epochs": 1, "augment": "none"}
    spec = validate_spec({"name": "svm", "dataset": "demo", "budget": {"trials": 1}, "base": base}, source="svm")
    with pytest.raises(ConfigError, match="loss: `gce` is descended, `svm` is fitted once"):
        valid_corners(spec)


def test_the_loss_is_no_part_of_older_recipes() -> None:
    assert demo_config().recipe == demo_config(loss="cross_entropy").recipe != demo_config(loss="gce").recipe
    assert "loss" not in demo_config().canonical()
