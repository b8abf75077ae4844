from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from ferray.models.backbones import Backbone, InputSpec
from ferray.models.model import FerModel
from ferray.testing.trials import demo_config, demo_job
from ferray.training.assemble import assemble
from ferray.training.grad_cam import grad_cam
from ferray.training.network_classifier import NetworkClassifier
from ferray.training.precision import Precision

SPEC = InputSpec(image_size=8, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
CPU = Precision(torch.device("cpu"), torch.float32)


class Copied(Backbone):
    """Two maps, the red and the green channel as they are; pooled over all places."""

    def __init__(self) -> None:
        super().__init__()
        self.maps = nn.Conv2d(3, 2, kernel_size=1, bias=False)
        self.maps.weight.data = torch.eye(2, 3)[:, :, None, None]
        self.input_spec, self.num_features = SPEC, 2

    def forward(self, images_NCHW: Tensor) -> Tensor:
        return self.maps(images_NCHW).mean(dim=(2, 3))

    def stages(self) -> list[nn.Module]:
        return [self.maps]


class Tokens(Copied):
    """A transformer in short: its maps become tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.mixed = nn.Linear(2, 2)

    def forward(self, images_NCHW: Tensor) -> Tensor:
        return self.mixed(self.maps(images_NCHW).flatten(2).transpose(1, 2)).mean(dim=1)


class Floats:
    """Images as they are, channels first."""

    def __call__(self, batch: Tensor) -> Tensor:
        return batch.float().permute(0, 3, 1, 2)


def classifier(backbone: Backbone) -> NetworkClassifier:
    """Class 0 speaks for red and against green, class 1 the other way round."""
    head = nn.Linear(2, 2, bias=False)
    head.weight.data = torch.tensor([[1.0, -1.0], [-1.0, 1.0]])
    return NetworkClassifier(FerModel(backbone, head), CPU, 2, Floats())


def red_left_green_right() -> Tensor:
    image = torch.zeros(1, 8, 8, 3, dtype=torch.uint8)
    image[:, :, :4, 0] = 200
    image[:, :, 4:, 1] = 100
    return image


@pytest.mark.parametrize(("label", "hot", "cold"), [(0, slice(0, 4), slice(4, 8)), (1, slice(4, 8), slice(0, 4))])
def test_heat_lies_where_the_class_has_its_evidence(label: int, hot: slice, cold: slice) -> None:
    # For class 0 the slope of the red map is 1/64 and of the green -1/64: red minus green, below zero cut, over its
    # highest: 1 on the left and 0 on the right; class 1 is the mirror image.
    heat_NHW = grad_cam(classifier(Copied()), red_left_green_right(), torch.tensor([label]))
    assert torch.equal(heat_NHW[0, :, hot], torch.ones(8, 4))
    assert torch.equal(heat_NHW[0, :, cold], torch.zeros(8, 4))


def test_an_image_without_evidence_has_no_heat() -> None:
    black = torch.zeros(1, 8, 8, 3, dtype=torch.uint8)
    assert torch.equal(grad_cam(classifier(Copied()), black, torch.tensor([0])), torch.zeros(1, 8, 8))


def test_a_network_over_tokens_has_no_maps() -> None:
    assert grad_cam(classifier(Tokens()), red_left_green_right(), torch.tensor([0])) is None


def test_looking_leaves_weights_and_gradients_alone(tmp_path: Path, cache: Path) -> None:
    learner = assemble(demo_job(tmp_path, cache, demo_config(num_train=14, num_val=7, finetune="head"))).learner
    before = {name: tensor.clone() for name, tensor in learner.model.state_dict().items()}
    grad_cam(learner, torch.zeros(2, 32, 32, 3, dtype=torch.uint8), torch.tensor([0, 1]))
    assert all(torch.equal(before[name], tensor) for name, tensor in learner.model.state_dict().items())
    assert [parameter.grad for parameter in learner.model.parameters()] == [None] * len(
        list(learner.model.parameters())
    )


def test_heat_has_the_size_of_the_images(tmp_path: Path, cache: Path) -> None:
    learner = assemble(demo_job(tmp_path, cache, demo_config(num_train=14, num_val=7))).learner
    images = torch.randint(0, 256, (3, 32, 32, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    heat_NHW = grad_cam(learner, images, torch.tensor([0, 1, 2]))
    assert heat_NHW.shape == (3, 32, 32)
    assert 0 <= heat_NHW.min() <= heat_NHW.max() <= 1
