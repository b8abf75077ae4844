"""Which parameters are trained together: at what share of the rate, and with weight decay or without."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from torch import nn

from ferray.config.optimizer import OptimizerConfig
from ferray.models.model import FerModel

LR_SCALE = "lr_scale"  # a group's share of the rate, as timm calls it
_BY_ANOTHER_RULE = ("muon", "nmuon", "adamuon", "nadamuon")  # for what is no hidden layer


def parameter_groups(config: OptimizerConfig, model: FerModel) -> list[nn.Parameter] | list[dict[str, Any]]:
    """The parameters to train as torch's optimisers take them: a list, in groups where they are not treated alike."""
    if _are_alike(config):
        return model.trainable_parameters()
    groups: dict[tuple[float, bool, bool], dict[str, Any]] = {}
    scales, spared = _scales(config, model), _spared(config, model)
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            key = (scales[name], name in spared, config.name in _BY_ANOTHER_RULE and name.startswith("head."))
            groups.setdefault(key, {**_group(config, *key), "params": []})["params"].append(parameter)
    return list(groups.values())


def _are_alike(config: OptimizerConfig) -> bool:
    is_one_rate = config.layer_decay is None and config.head_lr_factor == 1
    return is_one_rate and config.decay == "all" and config.name not in _BY_ANOTHER_RULE


def _group(config: OptimizerConfig, scale: float, is_spared: bool, has_other_rule: bool) -> dict[str, Any]:
    group = {LR_SCALE: scale, "lr": config.lr * scale, "weight_decay": 0.0 if is_spared else config.weight_decay}
    return {**group, "use_fallback": True} if has_other_rule else group


def _scales(config: OptimizerConfig, model: FerModel) -> dict[str, float]:
    """Each parameter's share of the rate: that of the layer after it times `layer_decay`, and the head's own."""
    layers = model.backbone.layers()
    num_layers = 1 + max(layers.values(), default=-1)
    factor = 1.0 if config.layer_decay is None else config.layer_decay
    return {
        name: factor ** (num_layers - layers[name.removeprefix("backbone.")])
        if name.startswith("backbone.")
        else config.head_lr_factor
        for name, _ in model.named_parameters()
    }


def _spared(config: OptimizerConfig, model: FerModel) -> set[str]:
    """The parameters that do not decay."""
    if config.decay == "all":
        return set()
    patterns = [f"backbone.{pattern}" for pattern in model.backbone.undecayed()]
    return {
        name
        for name, parameter in model.named_parameters()
        if parameter.ndim <= 1 or name.endswith(".bias") or any(fnmatchcase(name, pattern) for pattern in patterns)
    }
