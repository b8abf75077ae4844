"""A trained network as timm reads one from a folder: `config.json`, and weights under timm's own names.

`timm.create_model("local-dir:FOLDER", pretrained=True)` builds it again: a head of one linear layer is its classifier.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from ferray.config.trial import TrialConfig
from ferray.models.backbones._timm_net import TimmBackbone
from ferray.models.model import FerModel

_OF_THE_HUB = ("url", "file", "hf_hub_id", "hf_hub_filename", "state_dict", "source", "custom_load", "license")
_OF_THEIR_TEST = ("test_input_size", "test_crop_pct", "min_input_size")
Statistics = tuple[tuple[float, float, float], tuple[float, float, float]]


@dataclass(frozen=True)
class TimmConfig:
    """`document` is the content of config.json, `tensor_names` timm's name of each weight by its own.

    `is_whole`: timm builds all of the network; else its backbone alone, whose weights keep their own names. The head is
    `head_layers`, as torch spells them.
    """

    document: dict[str, Any]
    tensor_names: dict[str, str]
    is_whole: bool
    head_layers: tuple[str, ...]


def timm_config(
    model: FerModel, config: TrialConfig, classes: Sequence[str], *, size: int, statistics: Statistics | None
) -> TimmConfig | None:
    """How timm builds a network that sees images of this side; None where its backbone is not timm's.

    `statistics` are the mean and the standard deviation of a channel in [0, 1], None where they are an image's own.
    """
    if not isinstance(model.backbone, TimmBackbone):
        return None
    net, layers = model.backbone.net, model.backbone.classifier
    is_whole = config.head.name == "linear" and len(layers) == 1
    num_classes = len(classes) if is_whole else 0
    document = {
        "architecture": str(config.backbone.build_params().name).partition(".")[0],
        "num_classes": num_classes,
        "num_features": model.backbone.num_features,
        "model_args": {"img_size": size} if hasattr(net, "set_input_size") else {},
        "label_names": list(classes),
        "pretrained_cfg": _pretrained_config(net, num_classes, size, statistics),
    }
    head_layers = tuple(f"torch.nn.{layer!r}" for layer in model.head.children())
    return TimmConfig(document, _tensor_names(net, layers[0]) if is_whole else {}, is_whole, head_layers)


def load_by_timm(folder: Path) -> nn.Module:
    """The network that timm makes of a folder, in eval mode; whatever timm and torch raise where they cannot."""
    import timm

    network: nn.Module = timm.create_model(f"local-dir:{folder}", pretrained=True)
    return network.eval()


def _pretrained_config(net: Any, num_classes: int, size: int, statistics: Statistics | None) -> dict[str, Any]:
    known = {name: value for name, value in net.pretrained_cfg.items() if name not in (*_OF_THE_HUB, *_OF_THEIR_TEST)}
    mean, std = statistics or ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    seen = {"mean": list(mean), "std": list(std), "interpolation": "bilinear", "crop_pct": 1.0, "crop_mode": "squash"}
    return {**known, "num_classes": num_classes, "input_size": [3, size, size], **seen}


def _tensor_names(net: nn.Module, classifier: str) -> dict[str, str]:
    layer = classifier.removeprefix("net.")
    names = {f"backbone.net.{name}": name for name in net.state_dict()}
    return {**names, "head.1.weight": f"{layer}.weight", "head.1.bias": f"{layer}.bias"}
