from __future__ import annotations

import pytest
import torch

from ferray.config.clip import ClipConfig
from ferray.models.model import FerModel, build_model
from ferray.testing.trials import demo_config
from ferray.training.clipping import clip_gradients


@pytest.fixture
def model() -> FerModel:
    """A network each of whose gradients is 3."""
    model = build_model(demo_config(backbone={"tiny_cnn": {"width": 4, "depth": 2}}), 7)
    for parameter in model.parameters():
        parameter.grad = torch.full_like(parameter, 3.0)
    return model


def gradients(model: FerModel) -> torch.Tensor:
    return torch.cat([parameter.grad.flatten() for parameter in model.parameters() if parameter.grad is not None])


def test_norm_is_that_of_all_gradients_together(model: FerModel) -> None:
    clip_gradients(ClipConfig(mode="norm", value=2.0), model)
    assert float(gradients(model).norm()) == pytest.approx(2.0, rel=1e-5)


def test_smaller_gradients_stay_as_they_are(model: FerModel) -> None:
    clip_gradients(ClipConfig(mode="norm", value=1e5), model)
    assert bool((gradients(model) == 3).all())


def test_value_bounds_each_gradient(model: FerModel) -> None:
    clip_gradients(ClipConfig(mode="value", value=0.5), model)
    assert bool((gradients(model) == 0.5).all())


def test_agc_bounds_each_unit_by_its_weights(model: FerModel) -> None:
    clip_gradients(ClipConfig(mode="agc", value=0.01), model)
    weight = next(model.backbone.parameters())
    assert weight.grad is not None
    shares = weight.grad.flatten(1).norm(dim=1) / weight.detach().flatten(1).norm(dim=1)
    torch.testing.assert_close(shares, torch.full_like(shares, 0.01))


def test_agc_leaves_the_head_alone(model: FerModel) -> None:
    clip_gradients(ClipConfig(mode="agc", value=0.01), model)
    assert all(bool((parameter.grad == 3).all()) for parameter in model.head.parameters() if parameter.grad is not None)
