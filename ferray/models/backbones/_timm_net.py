"""A network of timm as a backbone: its stages, its layers, and the images that it takes."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import torch
from torch import Tensor, nn

from ferray.errors import ConfigError
from ferray.models.backbones._backbone import Backbone
from ferray.models.backbones._input_spec import InputSpec

# Networks and sizes that have gone together in this process: each trial of a sweep would try its own again.
_tried: set[tuple[str | None, int]] = set()


class Stage(nn.Module):
    """Parts of a network that are trained or frozen as one: whole modules, and parameters that belong to no part."""

    def __init__(self, modules: dict[str, nn.Module], parameters: dict[str, nn.Parameter]) -> None:
        super().__init__()
        for name, module in modules.items():
            self.add_module(name.replace(".", "/"), module)
        for name, parameter in parameters.items():
            self.register_parameter(name, parameter)


class TimmBackbone(Backbone):
    """A timm network without its classifier."""

    def __init__(self, net: Any, spec: InputSpec) -> None:
        super().__init__()
        self.net: Any = net
        self.classifier = tuple(f"net.{layer}" for layer in classifier_of(net))
        self.input_spec = spec
        # Where a network keeps layers between its last map and its classifier (VGG), `num_features` is the map's.
        self.num_features = int(getattr(self.net, "head_hidden_size", self.net.num_features))

    def forward(self, images_NCHW: Tensor) -> Tensor:
        features: Tensor = self.net(images_NCHW)
        return features

    def stages(self) -> list[nn.Module]:
        """timm's own coarse groups: for a ResNet the stem and four stages, for a ViT the embedding and each block."""
        stage_of = _stage_of_each_parameter(self.net)
        modules: dict[int, dict[str, nn.Module]] = defaultdict(dict)
        parameters: dict[int, dict[str, nn.Parameter]] = defaultdict(dict)
        _collect(self.net, "", stage_of, modules, parameters)
        return [Stage(modules[index], parameters[index]) for index in sorted(set(stage_of.values()))]

    def layers(self) -> dict[str, int]:
        """timm's own fine groups: for a ResNet the stem and each block."""
        from timm.models import group_parameters

        groups: dict[int, list[str]] = group_parameters(self.net, self.net.group_matcher(coarse=False))
        return {f"net.{name}": layer for layer, key in enumerate(sorted(groups)) for name in groups[key]}

    def undecayed(self) -> set[str]:
        names: set[str] = self.net.no_weight_decay() if hasattr(self.net, "no_weight_decay") else set()
        return {f"net.{name}" for name in names}

    def resize_input(self, image_size: int) -> None:
        if image_size == self.input_spec.image_size:
            return
        try:
            if hasattr(self.net, "set_input_size"):
                self.net.set_input_size(img_size=image_size)
            asked = (self.net.pretrained_cfg.get("architecture"), image_size)
            if asked not in _tried:
                _try(self, image_size)
            if asked[0]:  # of a name that timm gave, no network of somebody's own
                _tried.add(asked)
        except (AssertionError, RuntimeError, ValueError) as error:
            raise ConfigError(
                f"the backbone does not take images of `{image_size}` pixels",
                f"its own size is {self.input_spec.image_size}",
            ) from error


def classifier_of(net: Any) -> tuple[str, ...]:
    layers = net.pretrained_cfg.get("classifier") or ()
    return (layers,) if isinstance(layers, str) else tuple(layers)


def _stage_of_each_parameter(net: Any) -> dict[str, int]:
    from timm.models import group_parameters

    groups: dict[int, list[str]] = group_parameters(net, net.group_matcher(coarse=True))
    shapes = {name: parameter.ndim for name, parameter in net.named_parameters()}
    stage_of: dict[str, int] = {}
    stage = -1
    for index in sorted(groups):
        # A group of vectors alone is the normalisation after the layer before it and has no sense apart from it.
        if stage < 0 or any(shapes[name] > 1 for name in groups[index]):
            stage += 1
        stage_of |= dict.fromkeys(groups[index], stage)
    return stage_of


def _collect(
    module: nn.Module,
    prefix: str,
    stage_of: dict[str, int],
    modules: dict[int, dict[str, nn.Module]],
    parameters: dict[int, dict[str, nn.Parameter]],
) -> None:
    """Give each stage the largest modules that lie in it whole, so that their dropout freezes with them."""
    for name, parameter in module.named_parameters(prefix, recurse=False):
        parameters[stage_of[name]][name] = parameter
    for child_name, child in module.named_children():
        path = f"{prefix}.{child_name}" if prefix else child_name
        inside = {stage_of[name] for name, _ in child.named_parameters(path)}
        if len(inside) == 1:
            modules[inside.pop()][path] = child
        elif inside:
            _collect(child, path, stage_of, modules, parameters)


@torch.no_grad()
def _try(backbone: Backbone, image_size: int) -> None:
    training = backbone.training
    device = next(backbone.parameters()).device
    backbone.eval()(torch.zeros(1, 3, image_size, image_size, device=device))
    backbone.train(training)
