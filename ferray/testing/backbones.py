"""The contract of backbones: one check a promise, each for a factory with its parameters.

Parametrise over `cases(ROOMS["backbone"])` and call every function of `CHECKS`, as
tests/models/test_backbones_contract.py does.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable
from itertools import chain

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from ferray.models.backbones import Backbone, BackboneFactory
from ferray.testing.corners import check_params_survive_json

IMAGE_SIZE = 64


def build(factory: BackboneFactory) -> Backbone:
    """The backbone in eval mode, ready for `inputs` of it, from a fixed seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        backbone = factory.build()
        backbone.resize_input(IMAGE_SIZE)
    return backbone.eval()


def inputs(backbone: Backbone, count: int = 2) -> Tensor:
    """Normalised noise: images (count, 3, 64, 64), or rows of features (count, 64)."""
    shape = (count, 3, IMAGE_SIZE, IMAGE_SIZE) if backbone.takes == "images" else (count, IMAGE_SIZE)
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def check_factory_and_backbone_take_the_same(factory: BackboneFactory) -> None:
    """What the data have to be is known before building."""
    assert build(factory).takes == factory.takes


def check_its_own_parameters_pass_its_check(factory: BackboneFactory) -> None:
    """`check` accepts what `build` can build."""
    factory.check()


def check_features_have_the_promised_shape(factory: BackboneFactory) -> None:
    """A batch of two gives (2, num_features), the number a head is built for."""
    backbone = build(factory)
    assert backbone(inputs(backbone)).shape == (2, backbone.num_features)


def check_input_spec_is_known_before_building(factory: BackboneFactory) -> None:
    """The data are prepared for the network before there is one."""
    assert factory.input_spec() == build(factory).input_spec


def check_stages_hold_each_parameter_once(factory: BackboneFactory) -> None:
    """Freezing stages can neither miss a parameter nor meet one twice."""
    backbone = build(factory)
    staged = chain.from_iterable(stage.parameters() for stage in backbone.stages())
    assert sorted(map(id, staged)) == sorted(map(id, backbone.parameters()))


def check_stages_hold_each_batchnorm(factory: BackboneFactory) -> None:
    """A stage put into eval mode takes its running statistics with it."""
    backbone = build(factory)
    staged = chain.from_iterable(stage.modules() for stage in backbone.stages())
    assert set(_batchnorms(backbone.modules())) == set(_batchnorms(staged))


def check_stages_run_from_input_to_output(factory: BackboneFactory) -> None:
    """The last n stages are those nearest the output."""
    backbone = build(factory)
    entered: list[int] = []
    for index, stage in enumerate(backbone.stages()):
        for module in stage.modules():
            if not list(module.children()):
                module.register_forward_hook(lambda *_, index=index: entered.append(index))
    backbone(inputs(backbone))
    first_entries = list(dict.fromkeys(entered))
    assert first_entries == sorted(first_entries)


def check_each_parameter_gets_a_finite_gradient(factory: BackboneFactory) -> None:
    """Nothing is built that training would not reach."""
    backbone = build(factory).train()
    backbone(inputs(backbone)).square().mean().backward()
    gradients = [parameter.grad for parameter in backbone.parameters()]
    assert all(gradient is not None and gradient.isfinite().all() for gradient in gradients)


def check_features_of_an_image_ignore_its_batch(factory: BackboneFactory) -> None:
    """In eval mode an image has its features alone as in company."""
    backbone = build(factory)
    torch.testing.assert_close(backbone(inputs(backbone))[:1], backbone(inputs(backbone)[:1]), rtol=1e-3, atol=1e-4)


def check_same_seed_gives_same_weights(factory: BackboneFactory) -> None:
    """Random weights come from torch's generator alone."""
    first, second = build(factory).state_dict(), build(factory).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


def check_survives_pickling(factory: BackboneFactory) -> None:
    """A network reaches another process whole."""
    backbone = build(factory)
    copy: Backbone = pickle.loads(pickle.dumps(backbone))
    assert torch.equal(copy(inputs(backbone)), backbone(inputs(backbone)))


def _batchnorms(modules: Iterable[nn.Module]) -> list[nn.Module]:
    return [module for module in modules if isinstance(module, _BatchNorm)]


CHECKS: tuple[Callable[[BackboneFactory], None], ...] = (
    check_params_survive_json,
    check_its_own_parameters_pass_its_check,
    check_factory_and_backbone_take_the_same,
    check_features_have_the_promised_shape,
    check_input_spec_is_known_before_building,
    check_stages_hold_each_parameter_once,
    check_stages_hold_each_batchnorm,
    check_stages_run_from_input_to_output,
    check_each_parameter_gets_a_finite_gradient,
    check_features_of_an_image_ignore_its_batch,
    check_same_seed_gives_same_weights,
    check_survives_pickling,
)
