from __future__ import annotations

from itertools import chain
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from ferray.errors import ConfigError, UnknownComponent
from ferray.models.backbones import InputSpec
from ferray.models.backbones._timm_names import architectures, successors
from ferray.models.backbones._timm_net import TimmBackbone
from ferray.models.backbones.timm import Timm
from ferray.models.model import FerModel


def factory(**params: object) -> Timm:
    return Timm(Timm.Params.model_validate(params))


def without_memory(name: str) -> TimmBackbone:
    """A network of shapes alone: quick however large."""
    with torch.device("meta"):
        backbone = factory(name=name).build().eval()
    assert isinstance(backbone, TimmBackbone)
    return backbone


@pytest.mark.parametrize(
    ("name", "num_stages"),
    [
        ("resnet18", 5),  # stem, four stages
        ("vgg16_bn", 14),  # thirteen convolutions with their BatchNorm, and the hidden layers
        ("inception_v3", 13),
        ("efficientnet_b0", 8),  # stem, seven stages, the last with the final convolution
        ("densenet121", 5),  # the last with the final BatchNorm
        ("vit_tiny_patch16_224", 13),  # embedding, twelve blocks
    ],
)
def test_stages_hold_each_parameter_once(name: str, num_stages: int) -> None:
    backbone = without_memory(name)
    staged = [list(map(id, stage.parameters())) for stage in backbone.stages()]
    assert (len(staged), sorted(chain.from_iterable(staged))) == (num_stages, sorted(map(id, backbone.parameters())))


@pytest.mark.parametrize("name", ["vgg11_bn", "inception_v3", "mobilenetv3_small_100", "convnext_atto"])
def test_number_of_features_is_that_of_the_output(name: str) -> None:
    backbone = without_memory(name)
    assert backbone(torch.zeros(2, 3, 96, 96, device="meta")).shape == (2, backbone.num_features)


def test_input_is_what_timm_says_of_the_weights() -> None:
    half = (0.5, 0.5, 0.5)
    assert factory(name="inception_v3").input_spec() == InputSpec(image_size=299, mean=half, std=half)


def test_misspelt_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownComponent, match="timm has no model `resnet_18`\nhint: did you mean `resnet18`"):
        factory(name="resnet_18").check()


def test_misspelt_tag_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownComponent, match=r"did you mean `resnet18.a1_in1k`"):
        factory(name="resnet18.a1_in1").check()


def test_pretrained_weights_out_of_reach_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ConfigError, match="neither on this machine nor to be reached"):
        factory(name="edgenext_xx_small.in1k", pretrained=True).check()


def test_model_without_published_weights_is_refused_as_pretrained() -> None:
    with pytest.raises(ConfigError, match="timm has no pretrained weights for `resnetblur18`"):
        factory(name="resnetblur18", pretrained=True).check()


def test_stochastic_depth_is_refused_where_there_is_none() -> None:
    with pytest.raises(ConfigError, match="`vgg11` has no stochastic depth"):
        factory(name="vgg11", drop_path=0.1).check()


def test_own_weights_arrive_and_the_old_classifier_is_left_out(tmp_path: Path) -> None:
    state = {**factory().build().net.state_dict(), "fc.weight": torch.zeros(1000, 512), "fc.bias": torch.zeros(1000)}
    state["bn1.weight"] = torch.full((64,), 0.25)
    save_file(state, tmp_path / "own.safetensors")
    backbone = factory(weights=str(tmp_path / "own.safetensors")).build()
    assert torch.equal(backbone.net.bn1.weight, torch.full((64,), 0.25))


def test_weights_of_another_model_are_refused(tmp_path: Path) -> None:
    save_file({"conv1.weight": torch.zeros(64, 3, 3, 3)}, tmp_path / "own.safetensors")
    with pytest.raises(ConfigError, match=r"`.*own.safetensors` does not fit the network"):
        factory(weights=str(tmp_path / "own.safetensors")).build()


def test_transformer_learns_to_take_another_size() -> None:
    backbone = without_memory("vit_tiny_patch16_224")
    backbone.resize_input(64)
    # (64 / 16) squared patches and the class token
    assert backbone.net.pos_embed.shape[1] == 17


def test_size_that_a_network_cannot_take_is_refused() -> None:
    with pytest.raises(ConfigError, match="the backbone does not take images of `32` pixels"):
        without_memory("inception_v3").resize_input(32)


def test_size_is_tried_by_the_first_network_of_its_kind_alone() -> None:
    seen: list[object] = []
    for _ in range(2):
        backbone = without_memory("mobilenetv3_small_050")
        backbone.register_forward_hook(lambda *_: seen.append(None))
        backbone.resize_input(72)
    assert len(seen) == 1


def test_size_that_was_refused_is_refused_again() -> None:
    with pytest.raises(ConfigError):
        without_memory("inception_v3").resize_input(40)
    with pytest.raises(ConfigError):
        without_memory("inception_v3").resize_input(40)


def test_last_stage_training_keeps_the_batchnorm_of_earlier_stages_still() -> None:
    backbone = factory().build()
    model = FerModel(backbone, nn.Linear(backbone.num_features, 7))
    model.freeze(1)
    model.train()
    moving = {name for name, module in model.named_modules() if isinstance(module, nn.BatchNorm2d) and module.training}
    assert moving == {f"backbone.net.layer4.{name}" for name in ("0.bn1", "0.bn2", "0.downsample.1", "1.bn1", "1.bn2")}


def test_name_that_timm_has_changed_is_answered_with_its_successor() -> None:
    with pytest.raises(UnknownComponent, match=r"renamed .*\nhint: it is `tf_efficientnet_b0.ap_in1k` there"):
        factory(name="tf_efficientnet_b0_ap").check()


def test_every_name_that_timm_has_changed_has_a_successor_that_it_knows() -> None:
    from timm.models._registry import _deprecated_models

    assert successors().keys() == _deprecated_models.keys()
    assert {name.partition(".")[0] for name in successors().values()} <= architectures()


def test_bare_name_of_a_backbone_is_taken_for_its_successor() -> None:
    assert Timm.taken_for("tf_efficientnet_b0_ap") == {"name": "tf_efficientnet_b0.ap_in1k"}
